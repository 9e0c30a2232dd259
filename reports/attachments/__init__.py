"""Files that are sent along: how they come in, are sealed, looked into and drawn anew."""
