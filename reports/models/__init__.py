"""What residents say, what the machine reads in it, what the desk decides: three tables."""

from reports.models.desk import Case, Event
from reports.models.facts import Campaign, CampaignLink, Facts, Indicator
from reports.models.files import EvidenceFile
from reports.models.outbox import OutboxItem
from reports.models.places import Commune, Office
from reports.models.report import Receipt, Report
from reports.models.upkeep import Alarm, QueueTally, Retriage

__all__ = [
    "Alarm",
    "Campaign",
    "CampaignLink",
    "Case",
    "Commune",
    "Event",
    "EvidenceFile",
    "Facts",
    "Indicator",
    "Office",
    "OutboxItem",
    "QueueTally",
    "Receipt",
    "Report",
    "Retriage",
]
