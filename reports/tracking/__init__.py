"""What a resident does with the receipt: status, follow-ups, files, a copy, a new code."""
