"""Shared by the pages of the desk: actions, read-only pages, paging, form checks."""
