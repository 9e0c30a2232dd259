"""Phone numbers, accounts and links: look-up, findings, disputes, published numbers."""
