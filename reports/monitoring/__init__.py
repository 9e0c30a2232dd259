"""Whether the queue keeps up, and who is told when it does not."""
