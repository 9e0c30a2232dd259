"""Classify every field of reports: personal or not (core/personal_data_inventory.py)."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer did it: the audit log must name its people"
_REASON = "an officer's own words, which should name nobody"
_WORKING_COPY = (
    "the working copy, without numbers of papers, cards and the reporter: officers work with it"
)
_CALLER = "of the caller, not of the reporter: evidence that must be searchable"
_HOME = "where the reporter lives, no finer than a commune once it is read: warnings go by it"
_FROM_WORKING_COPY = "words of the working copy, never of the sealed story"

DECLARED: Declared = {
    "reports.Report": FieldClassification(
        "received_at source language happening_now channel claimed_office demands money_lost"
        " on_behalf answers flags erased_at",
        ties="id public_number submission_key content_digest contact_index",
        sealed="story_sealed contact_sealed phrase_sealed",
        clear={
            "story claimed_name": _WORKING_COPY,
            "caller_number": _CALLER,
            "money_lost_raw": "the amount as it was typed: triage reads it again",
            "commune commune_raw": _HOME,
        },
    ),
    "reports.Receipt": FieldClassification(
        "derived_with hashed_with recovery_until recovery_attempts replaced_at",
        ties="report code_hash recovery_hash",
    ),
    "reports.ReplacedCode": FieldClassification("id replaced_at", ties="report code_hash"),
    "reports.Deadline": FieldClassification(
        "id kind started_at due_at extension_count met_at dropped_at", ties="report"
    ),
    "reports.DeadlineNotification": FieldClassification(
        "id deadline stage due_at created_at mailed_at"
    ),
    "reports.CalendarException": FieldClassification(
        "day is_worked name source", clear={"added_by": _OFFICER}
    ),
    "reports.Correction": FieldClassification(
        "id fact is_active value created_at",
        ties="report",
        clear={"reason": _REASON, "actor": _OFFICER},
    ),
    "reports.Commune": FieldClassification(
        "codename code name former_districts former_communes sort_key"
    ),
    "reports.Office": FieldClassification(
        "codename name other_names never_by_phone claims name_en never_by_phone_en claims_en"
        " reviewed_on position"
    ),
    "reports.Unit": FieldClassification(
        "codename name name_normalized kind commune is_active",
        clear={"contact": "how a unit of the police is reached: its own telephone, nobody's"},
    ),
    "reports.UnitMember": FieldClassification("id unit", clear={"user": _OFFICER}),
    "reports.RoutingRule": FieldClassification(
        "id position scenario commune office min_loss unit priority is_active"
    ),
    "reports.Case": FieldClassification(
        "status outcome unit_name assigned_unit due_at corrections_json routed_at min_priority version changed_at",
        ties="report",
        clear={"officer seconded_by": _OFFICER},
    ),
    "reports.ExtractedFacts": FieldClassification(
        "scenario actions money_lost_vnd ongoing priority offices office_communes stages"
        " rules_version followups_read extracted_at",
        ties="report",
        clear={"reasons search_text": _FROM_WORKING_COPY, "commune commune_raw": _HOME},
    ),
    "reports.Indicator": FieldClassification(
        "id kind source number_kind flags", ties="report", clear={"raw key": _CALLER}
    ),
    "reports.Campaign": FieldClassification("id code title opened_at merged_into version"),
    "reports.CampaignLink": FieldClassification(
        "campaign kind strength placed_at action",
        ties="report",
        clear={"reason": _CALLER, "placed_by": _OFFICER},
    ),
    "reports.EvidenceFile": FieldClassification(
        "received_at media_type size erased_at", ties="id report sha256", sealed="name_sealed"
    ),
    "reports.FileCheck": FieldClassification(
        "checked_at copy scan media_type size width height", ties="file copy_id"
    ),
    "reports.ReportFingerprint": FieldClassification(
        "created_at lookup_keys", ties="report", clear={"keys script_terms": _CALLER}
    ),
    "reports.FingerprintKey": FieldClassification("created_at", ties="key report_id"),
    "reports.MergeProposal": FieldClassification(
        "id campaign_a campaign_b kind strength created_at rejected_at",
        ties="report",
        clear={"reason": _CALLER, "rejected_by": _OFFICER},
    ),
    "reports.CampaignAction": FieldClassification(
        "id kind campaign other created_at undone_at",
        ties="reports",
        clear={"reason": _REASON, "actor undone_by": _OFFICER},
    ),
    "reports.CampaignMembershipChange": FieldClassification(
        "id action before_campaign before_kind before_strength before_placed_at before_action"
        " before_exclusion",
        ties="report",
        clear={"before_reason": _CALLER, "before_placed_by": _OFFICER},
    ),
    "reports.CampaignExclusion": FieldClassification("id campaign action", ties="report"),
    "reports.BurstSnapshot": FieldClassification("id counted_at bursts"),
    "reports.LegalHold": FieldClassification(
        "id placed_at released_at",
        ties="report",
        clear={"reason released_reason": _REASON, "actor released_by": _OFFICER},
    ),
    "reports.DestructionRequest": FieldClassification(
        "id kind proposed_at confirmed_at withdrawn_at",
        ties="report target",
        clear={"reason": _REASON, "proposed_by confirmed_by withdrawn_by": _OFFICER},
    ),
    "reports.ErasureRequest": FieldClassification(
        "id requested_at outcome decided_at reopened_at",
        ties="report",
        sealed="text_sealed",
        clear={"decided_by reopened_by": _OFFICER},
    ),
    "reports.PurgeRun": FieldClassification("id started_at finished_at counts retained_counts"),
    "reports.DataBreach": FieldClassification(
        "id detected_at first_notice_at authority_notified_at subjects_notified_at closed_at",
        clear={"title findings": _REASON, "opened_by": _OFFICER},
    ),
    "reports.LookalikeDomain": FieldClassification(
        "id name verdict reviewed_at", clear={"note": _REASON, "reviewed_by": _OFFICER}
    ),
    "reports.Followup": FieldClassification(
        "received_at kind called_on flags erased_at",
        ties="id report submission_key content_digest contact_index",
        sealed="story_sealed contact_sealed phrase_sealed",
        clear={
            "story called_on_raw": _WORKING_COPY,
            "callers accounts links": _CALLER,
            "money_lost_raw": "the amount as it was typed: triage reads it again",
            "commune commune_raw": _HOME,
        },
    ),
    "reports.Message": FieldClassification(
        "id sent_at is_question erased_at",
        ties="report submission_key content_digest",
        sealed="text_sealed",
        clear={"actor": _OFFICER},
    ),
    "reports.OfficeNumber": FieldClassification(
        "id office number key label label_en source verified_on"
    ),
    "reports.NumberFinding": FieldClassification(
        "id finding proposed_at confirmed_at valid_until withdrawn_at",
        clear={
            "key number": "a number that crooks used: the public list is made of these",
            "reason": _REASON,
            "proposed_by confirmed_by withdrawn_by": _OFFICER,
        },
    ),
    "reports.Dispute": FieldClassification(
        "received_at due_at status upheld_at answered_at",
        ties="id public_number submission_key content_digest",
        sealed="number_sealed reason_sealed contact_sealed",
        clear={
            "key": "the number in question: looked for at every check, so that it is told as open",
            "answer": _REASON,
            "upheld_by answered_by": _OFFICER,
        },
    ),
    "reports.FloodSample": FieldClassification("received_at flags", ties="report origin_digests"),
    "reports.PublicStatement": FieldClassification("codename title text text_en amount is_public"),
    "reports.BankHotline": FieldClassification("id name number source verified_on"),
    "reports.PublicStatistics": FieldClassification("id counted_at figures"),
    "reports.CannedReply": FieldClassification(
        "id title text text_en use scenarios is_active position"
    ),
    "reports.TransferSlip": FieldClassification(
        "id year number unit created_at",
        ties="report",
        clear={"reason": _REASON, "actor": _OFFICER},
    ),
    "reports.QueueSnapshot": FieldClassification("id counted_at accepted done waiting failed"),
    "reports.DailyCount": FieldClassification("day received open"),
    "reports.Alarm": FieldClassification("kind since notified_at count"),
    "reports.ReprocessingRun": FieldClassification(
        "id started_at rules_version include_current total enqueued last_report_id finished_at",
        clear={"actor": _OFFICER},
    ),
}
