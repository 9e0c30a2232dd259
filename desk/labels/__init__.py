"""Vietnamese labels of codes, dates and claims."""
