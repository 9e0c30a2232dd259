"""Residents' reports: submit, extract, triage, decide, keep."""
