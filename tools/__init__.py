"""Programs for those who work on the portal. No room of the portal imports them."""
