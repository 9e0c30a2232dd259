"""Blocking: what carriers, banks and registrars are asked to block, and what they answer."""
