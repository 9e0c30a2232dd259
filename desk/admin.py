"""The desk's pages, each registered where it is written."""

from desk import (
    audit_log,
    breaches,
    canned_replies,
    lookalike_domains,
    public_statements,
    purge_runs,
    reference_data,
    reprocessing,
    routing_rules,
    special_days,
    units,
    users,
)
from desk.campaigns import admin as campaigns
from desk.numbers import change_requests, disputes, known_numbers, office_numbers
from desk.reports import admin as reports

__all__ = [
    "audit_log",
    "breaches",
    "campaigns",
    "canned_replies",
    "change_requests",
    "disputes",
    "known_numbers",
    "lookalike_domains",
    "office_numbers",
    "public_statements",
    "purge_runs",
    "reference_data",
    "reports",
    "reprocessing",
    "routing_rules",
    "special_days",
    "units",
    "users",
]
