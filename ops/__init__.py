"""Processes for one machine: the first look, the servers it needs, the container's health check."""
