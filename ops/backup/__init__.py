"""Backup and restore: dump, archive, encryption, manifest."""
