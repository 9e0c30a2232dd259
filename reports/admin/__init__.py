"""The desk's pages of this app, each registered where it is written."""

from reports.admin import (
    campaign,
    confirming,
    disputes,
    known_numbers,
    office_numbers,
    people,
    published,
    record,
    reference,
    replies,
    report,
    retriage,
    routing,
    special_days,
    units,
)

__all__ = [
    "campaign",
    "confirming",
    "disputes",
    "known_numbers",
    "office_numbers",
    "people",
    "published",
    "record",
    "reference",
    "replies",
    "report",
    "retriage",
    "routing",
    "special_days",
    "units",
]
