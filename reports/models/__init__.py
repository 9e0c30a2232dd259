"""The tables of reports: evidence, extracted facts, officers' decisions, reference rows."""

from reports.models.campaigns import (
    BurstSnapshot,
    Campaign,
    CampaignAction,
    CampaignExclusion,
    CampaignLink,
    CampaignMembershipChange,
)
from reports.models.cases import CannedReply, Case, Correction, TransferSlip
from reports.models.deadlines import CalendarException, Deadline, DeadlineNotification
from reports.models.facts import ExtractedFacts, Indicator
from reports.models.fingerprints import FingerprintKey, MergeProposal, ReportFingerprint
from reports.models.followups import EvidenceFile, FileCheck, Followup, Message
from reports.models.monitoring import Alarm, DailyCount, QueueSnapshot, ReprocessingRun
from reports.models.numbers import Dispute, NumberFinding, OfficeNumber, PublishedNumberChange
from reports.models.public import BankHotline, LookalikeDomain, PublicStatement, PublicStatistics
from reports.models.reference import Commune, Office, RoutingRule, Unit, UnitMember
from reports.models.report import FloodSample, Receipt, ReplacedCode, Report
from reports.models.retention import (
    DataBreach,
    DestructionRequest,
    ErasureRequest,
    LegalHold,
    PurgeRun,
)

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
