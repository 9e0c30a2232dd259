"""Retention of data: purge, erasure, destruction, breaches."""
