"""How long data stays: holds, purge, erasure, destruction, key rotation."""
