"""The pages of numbers: findings, disputes, published numbers and their changes."""
