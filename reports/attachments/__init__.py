"""Uploaded files: upload, encryption, virus scan and sanitized copies."""
