"""The address of a reporter who wants to be told that there is something new, and what is owed to it."""
