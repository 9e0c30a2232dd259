"""The desk's pages of this app, each registered where it is written."""

from reports.admin import confirming, record, reference, report, retriage

__all__ = ["confirming", "record", "reference", "report", "retriage"]
