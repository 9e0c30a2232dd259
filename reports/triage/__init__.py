"""Extraction written to the database as facts, when a report comes and again later."""
