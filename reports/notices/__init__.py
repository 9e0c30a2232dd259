"""Notices: a mail to a reporter that there is something new, and nothing else."""
