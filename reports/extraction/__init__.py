"""What the machine reads from a story; no Django, no database."""
