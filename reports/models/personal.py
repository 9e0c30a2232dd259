"""What is personal in the rows of reports: whoever adds a field says so here (core/personal_data_inventory.py)."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer did it: the record of acts must name its people"
_REASON = "an officer's own words, which are to name nobody"
_WORKING_COPY = (
    "what was said, with numbers of papers, cards and the reporter masked: it is the work"
)
_CALLER = "of the caller, not of the reporter: it is the evidence, and it is looked for"
_HOME = "where the reporter lives, no finer than a commune once it is read: warnings go by it"
_READ = "words of the working copy, never of the sealed story"

DECLARED: Declared = {
    "reports.EventSeal": FieldClassification(
        "event_id sealed_at salt detail_digest previous digest"
    ),
    "reports.ChainCheck": FieldClassification("id checked_at checked_to broken broken_at"),
    "reports.Report": FieldClassification(
        "received_at source language happening_now channel claimed_office demands money_lost"
        " on_behalf flags erased_at",
        ties="id public_number submission_key content_digest contact_index",
        sealed="story_sealed contact_sealed phrase_sealed",
        clear={
            "story claimed_name": _WORKING_COPY,
            "caller_number": _CALLER,
            "money_lost_raw": "the sum as it was typed: triage reads it anew",
            "commune commune_raw": _HOME,
        },
    ),
    "reports.Receipt": FieldClassification(
        "derived_with hashed_with pickup_until pickup_tries replaced_at",
        ties="report code_hash pickup_hash",
    ),
    "reports.ReplacedCode": FieldClassification("id replaced_at", ties="report code_hash"),
    "reports.Clock": FieldClassification(
        "id kind started_at due_at extended met_at dropped_at", ties="report"
    ),
    "reports.Escalation": FieldClassification("id clock stage due_at at mailed_at"),
    "reports.SpecialDay": FieldClassification(
        "day is_worked name source", clear={"added_by": _OFFICER}
    ),
    "reports.Correction": FieldClassification(
        "id fact stands value at", ties="report", clear={"reason": _REASON, "by": _OFFICER}
    ),
    "reports.Commune": FieldClassification(
        "codename code name former_districts former_communes sort_key"
    ),
    "reports.Office": FieldClassification(
        "codename name other_names never_by_phone claims name_en never_by_phone_en claims_en"
        " reviewed_on position"
    ),
    "reports.Unit": FieldClassification(
        "codename name folded kind commune is_active",
        clear={"contact": "how a unit of the police is reached: its own telephone, nobody's"},
    ),
    "reports.UnitMember": FieldClassification("id unit", clear={"user": _OFFICER}),
    "reports.RoutingRule": FieldClassification(
        "id position scenario commune office least_loss unit priority is_active"
    ),
    "reports.Case": FieldClassification(
        "status outcome unit at_unit due_at corrected routed_at least_priority version changed_at",
        ties="report",
        clear={"officer": _OFFICER},
    ),
    "reports.Event": FieldClassification(
        "id at subject_type kind",
        ties="subject_id",
        clear={"by": _OFFICER, "detail": _REASON + "; taken away alone by `erase_detail`"},
    ),
    "reports.Facts": FieldClassification(
        "scenario actions money_lost_vnd ongoing priority offices office_communes stages"
        " rules_version additions_read read_at",
        ties="report",
        clear={"reasons search": _READ, "commune commune_raw": _HOME},
    ),
    "reports.Indicator": FieldClassification(
        "id kind place number_kind flags", ties="report", clear={"raw key": _CALLER}
    ),
    "reports.Campaign": FieldClassification("id code title opened_at merged_into version"),
    "reports.CampaignLink": FieldClassification(
        "campaign kind strength placed_at act",
        ties="report",
        clear={"reason": _CALLER, "placed_by": _OFFICER},
    ),
    "reports.EvidenceFile": FieldClassification(
        "received_at media_type size erased_at", ties="id report sha256", sealed="name_sealed"
    ),
    "reports.FileCheck": FieldClassification(
        "checked_at copy scan media_type size width height", ties="file copy_id"
    ),
    "reports.Footprint": FieldClassification(
        "at found_by", ties="report", clear={"keys script": _CALLER}
    ),
    "reports.FootprintKey": FieldClassification("at", ties="key report_id"),
    "reports.CampaignProposal": FieldClassification(
        "id one other kind strength at turned_down_at",
        ties="report",
        clear={"reason": _CALLER, "turned_down_by": _OFFICER},
    ),
    "reports.CampaignAct": FieldClassification(
        "id kind campaign other at taken_back_at",
        ties="reports",
        clear={"reason": _REASON, "by taken_back_by": _OFFICER},
    ),
    "reports.CampaignMove": FieldClassification(
        "id act before_campaign before_kind before_strength before_placed_at before_act"
        " before_apart",
        ties="report",
        clear={"before_reason": _CALLER, "before_placed_by": _OFFICER},
    ),
    "reports.KeptApart": FieldClassification("id campaign act", ties="report"),
    "reports.BurstTally": FieldClassification("id counted_at bursts"),
    "reports.Hold": FieldClassification(
        "id since lifted_at",
        ties="report",
        clear={"reason lifted_reason": _REASON, "by lifted_by": _OFFICER},
    ),
    "reports.Destruction": FieldClassification(
        "id what proposed_at confirmed_at withdrawn_at",
        ties="report target",
        clear={"reason": _REASON, "proposed_by confirmed_by withdrawn_by": _OFFICER},
    ),
    "reports.ErasureWish": FieldClassification(
        "id asked_at outcome decided_at taken_up_at",
        ties="report",
        sealed="words_sealed",
        clear={"decided_by taken_up_by": _OFFICER},
    ),
    "reports.PurgeRun": FieldClassification("id started_at finished_at counts stayed"),
    "reports.Breach": FieldClassification(
        "id detected_at first_told_at body_told_at people_told_at closed_at",
        clear={"title found": _REASON, "opened_by": _OFFICER},
    ),
    "reports.LookAlike": FieldClassification(
        "id name verdict judged_at", clear={"note": _REASON, "judged_by": _OFFICER}
    ),
    "reports.Addition": FieldClassification(
        "received_at kind called_on flags erased_at",
        ties="id report submission_key content_digest contact_index",
        sealed="story_sealed contact_sealed phrase_sealed",
        clear={
            "story called_raw": _WORKING_COPY,
            "legs accounts links": _CALLER,
            "money_lost_raw": "the sum as it was typed: triage reads it anew",
            "commune commune_raw": _HOME,
        },
    ),
    "reports.Message": FieldClassification(
        "id sent_at is_question erased_at",
        ties="report submission_key content_digest",
        sealed="text_sealed",
        clear={"by": _OFFICER},
    ),
    "reports.OfficeNumber": FieldClassification(
        "id office number key label label_en source checked_on"
    ),
    "reports.KnownNumber": FieldClassification(
        "id finding proposed_at confirmed_at valid_until withdrawn_at",
        clear={
            "key number": "a number that crooks used: the public list is made of these",
            "reason": _REASON,
            "proposed_by confirmed_by withdrawn_by": _OFFICER,
        },
    ),
    "reports.Dispute": FieldClassification(
        "received_at due_at status upheld_at is_by_one answered_at",
        ties="id public_number submission_key content_digest",
        sealed="number_sealed reason_sealed contact_sealed",
        clear={
            "key": "the number in question: looked for at every check, so that it is told as open",
            "answer": _REASON,
            "upheld_by answered_by": _OFFICER,
        },
    ),
    "reports.Crowd": FieldClassification("came_at marks", ties="report places"),
    "reports.OutboxItem": FieldClassification(
        "id task priority created_at due_at claimed_at claimed_until attempts settled_at"
        " failed_at error",
        ties="key",
    ),
    "reports.DeskAccount": FieldClassification(
        "used_from warned_at oidc_issuer",
        clear={"user oidc_subject": "whom the ministry's account lets in: compared at the door"},
    ),
    "reports.Statement": FieldClassification(
        "codename title text text_en amount is_public confirmed_at",
        clear={"confirmed_by": _OFFICER},
    ),
    "reports.BankLine": FieldClassification("id name number source checked_on"),
    "reports.PublicFigures": FieldClassification("id counted_at figures"),
    "reports.NumberChange": FieldClassification(
        "id table act target values was proposed_at outcome decided_at",
        clear={"proposed_by decided_by": _OFFICER},
    ),
    "reports.CannedReply": FieldClassification(
        "id title text text_en use scenarios is_active position"
    ),
    "reports.SavedSearch": FieldClassification(
        "id name is_shared alert_at hits counted_at told_at",
        clear={"query": _REASON, "owner": _OFFICER},
    ),
    "reports.Slip": FieldClassification(
        "id year number unit at", ties="report", clear={"reason": _REASON, "by": _OFFICER}
    ),
    "reports.Presence": FieldClassification("id at", ties="report", clear={"officer": _OFFICER}),
    "reports.DeskHabit": FieldClassification("keys moves_on", clear={"officer": _OFFICER}),
    "reports.QueueTally": FieldClassification("id counted_at accepted done waiting failed"),
    "reports.DayTally": FieldClassification("day received open"),
    "reports.Alarm": FieldClassification("kind since told_at count"),
    "reports.Retriage": FieldClassification(
        "id started_at rules_version every_report total owed after finished_at",
        clear={"by": _OFFICER},
    ),
}
