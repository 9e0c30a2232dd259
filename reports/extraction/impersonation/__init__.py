"""Whom the caller claimed to be."""
