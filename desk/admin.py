"""The desk's pages of this app, each registered where it is written."""

from desk import audit_log as record
from desk import breaches as breach
from desk import canned_replies as replies
from desk import lookalike_domains as look_alikes
from desk import public_statements as confirming
from desk import purge_runs as purge
from desk import reference_data as reference
from desk import reprocessing as retriage
from desk import routing_rules as routing
from desk import special_days, units
from desk import users as people
from desk.campaigns import admin as campaign
from desk.numbers import change_requests as published
from desk.numbers import disputes, known_numbers, office_numbers
from desk.reports import admin as report

__all__ = [
    "breach",
    "campaign",
    "confirming",
    "disputes",
    "known_numbers",
    "look_alikes",
    "office_numbers",
    "people",
    "published",
    "purge",
    "record",
    "reference",
    "replies",
    "report",
    "retriage",
    "routing",
    "special_days",
    "units",
]
