"""What a resident does with the receipt code: status, follow-ups, own data, a new code."""
