"""The append-only log of acts, and the chain of digests over it."""
