"""What residents say, what the machine reads in it, what the desk decides: three tables."""

from reports.models.desk import Case, Event
from reports.models.facts import Campaign, CampaignLink, Facts, Indicator
from reports.models.outbox import OutboxItem
from reports.models.places import Commune, Office
from reports.models.report import Receipt, Report

__all__ = [
    "Campaign",
    "CampaignLink",
    "Case",
    "Commune",
    "Event",
    "Facts",
    "Indicator",
    "Office",
    "OutboxItem",
    "Receipt",
    "Report",
]
