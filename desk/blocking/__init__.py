"""Pages of requests to block, and of who can block what."""
