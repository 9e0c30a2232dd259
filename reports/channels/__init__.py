"""Message channels: the ways by which something goes to a reporter, and what is owed by which."""
