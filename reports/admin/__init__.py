"""The desk's pages of this app, each registered where it is written."""

from reports.admin import (
    confirming,
    disputes,
    known_numbers,
    office_numbers,
    record,
    reference,
    report,
    retriage,
)

__all__ = [
    "confirming",
    "disputes",
    "known_numbers",
    "office_numbers",
    "record",
    "reference",
    "report",
    "retriage",
]
