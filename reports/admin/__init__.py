"""The desk's pages of this app, each registered where it is written."""

from reports.admin import confirming, numbers, record, reference, report, retriage

__all__ = ["confirming", "numbers", "record", "reference", "report", "retriage"]
