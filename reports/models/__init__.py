"""What residents say, what the machine reads in it, what the desk decides: three tables."""

from reports.models.chain import ChainCheck, EventSeal
from reports.models.clocks import Clock, Escalation, SpecialDay
from reports.models.corrections import Correction
from reports.models.crowds import Crowd
from reports.models.desk import Case, Event
from reports.models.erasing import Breach, ErasureWish, PurgeRun
from reports.models.factors import Paper, Phone
from reports.models.facts import Campaign, CampaignLink, Facts, Indicator
from reports.models.files import EvidenceFile, FileCheck
from reports.models.footprints import CampaignProposal, Footprint, FootprintKey
from reports.models.grouping import BurstTally, CampaignAct, CampaignMove, KeptApart
from reports.models.keeping import Destruction, Hold
from reports.models.later import Addition, Message
from reports.models.lookalikes import LookAlike
from reports.models.numbers import Dispute, KnownNumber, OfficeNumber
from reports.models.outbox import OutboxItem
from reports.models.people import DeskAccount
from reports.models.places import Commune, Office
from reports.models.public import BankLine, PublicFigures, Statement
from reports.models.published import NumberChange
from reports.models.replies import CannedReply
from reports.models.report import Receipt, ReplacedCode, Report
from reports.models.searches import SavedSearch
from reports.models.slips import Slip
from reports.models.together import DeskHabit, Presence
from reports.models.units import RoutingRule, Unit, UnitMember
from reports.models.upkeep import Alarm, DayTally, QueueTally, Retriage

__all__ = [
    "Addition",
    "Alarm",
    "BankLine",
    "Breach",
    "BurstTally",
    "Campaign",
    "CampaignAct",
    "CampaignLink",
    "CampaignMove",
    "CampaignProposal",
    "CannedReply",
    "Case",
    "ChainCheck",
    "Clock",
    "Commune",
    "Correction",
    "Crowd",
    "DayTally",
    "DeskAccount",
    "DeskHabit",
    "Destruction",
    "Dispute",
    "ErasureWish",
    "Escalation",
    "Event",
    "EventSeal",
    "EvidenceFile",
    "Facts",
    "FileCheck",
    "Footprint",
    "FootprintKey",
    "Hold",
    "Indicator",
    "KeptApart",
    "KnownNumber",
    "LookAlike",
    "Message",
    "NumberChange",
    "Office",
    "OfficeNumber",
    "OutboxItem",
    "Paper",
    "Phone",
    "Presence",
    "PublicFigures",
    "PurgeRun",
    "QueueTally",
    "Receipt",
    "ReplacedCode",
    "Report",
    "Retriage",
    "RoutingRule",
    "SavedSearch",
    "Slip",
    "SpecialDay",
    "Statement",
    "Unit",
    "UnitMember",
]
