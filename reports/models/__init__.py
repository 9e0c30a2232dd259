"""What residents say, what the machine reads in it, what the desk decides: three tables."""

from reports.models.cases import Case
from reports.models.corrections import Correction
from reports.models.deadlines import CalendarException, Deadline, DeadlineNotification
from reports.models.facts import Campaign, CampaignLink, ExtractedFacts, Indicator
from reports.models.files import EvidenceFile, FileCheck
from reports.models.fingerprints import FingerprintKey, MergeProposal, ReportFingerprint
from reports.models.flood import FloodSample
from reports.models.followups import Followup, Message
from reports.models.grouping import (
    BurstSnapshot,
    CampaignAction,
    CampaignExclusion,
    CampaignMembershipChange,
)
from reports.models.legal_holds import DestructionRequest, LegalHold
from reports.models.lookalikes import LookalikeDomain
from reports.models.monitoring import Alarm, DailyCount, QueueSnapshot, ReprocessingRun
from reports.models.number_changes import PublishedNumberChange
from reports.models.numbers import Dispute, NumberFinding, OfficeNumber
from reports.models.places import Commune, Office
from reports.models.public_statements import BankHotline, PublicStatement, PublicStatistics
from reports.models.replies import CannedReply
from reports.models.report import Receipt, ReplacedCode, Report
from reports.models.retention import DataBreach, ErasureRequest, PurgeRun
from reports.models.transfer_slips import TransferSlip
from reports.models.units import RoutingRule, Unit, UnitMember

__all__ = [
    "Alarm",
    "BankHotline",
    "BurstSnapshot",
    "CalendarException",
    "Campaign",
    "CampaignAction",
    "CampaignExclusion",
    "CampaignLink",
    "CampaignMembershipChange",
    "CannedReply",
    "Case",
    "Commune",
    "Correction",
    "DailyCount",
    "DataBreach",
    "Deadline",
    "DeadlineNotification",
    "DestructionRequest",
    "Dispute",
    "ErasureRequest",
    "EvidenceFile",
    "ExtractedFacts",
    "FileCheck",
    "FingerprintKey",
    "FloodSample",
    "Followup",
    "Indicator",
    "LegalHold",
    "LookalikeDomain",
    "MergeProposal",
    "Message",
    "NumberFinding",
    "Office",
    "OfficeNumber",
    "PublicStatement",
    "PublicStatistics",
    "PublishedNumberChange",
    "PurgeRun",
    "QueueSnapshot",
    "Receipt",
    "ReplacedCode",
    "Report",
    "ReportFingerprint",
    "ReprocessingRun",
    "RoutingRule",
    "TransferSlip",
    "Unit",
    "UnitMember",
]
