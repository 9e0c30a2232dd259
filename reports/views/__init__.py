"""The residents' pages, one module a page."""
