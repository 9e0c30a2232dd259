"""The desk's pages of this app, each registered where it is written."""

from reports.admin import record, reference, report, retriage

__all__ = ["record", "reference", "report", "retriage"]
