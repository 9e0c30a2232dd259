"""Vietnamese labels of codes, events and deadlines, figures and times, marked text."""
