"""Who gets into what at the desk.

A page that somebody adds is found by itself and must be placed in `MODELS` or `PAGES`. A page of one
thing needs that kind of thing in `THINGS`.
"""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts import roles
from core.audit import events
from core.models import ApiClient, Proposal
from reports.models import (
    BankHotline,
    BlockRequest,
    CalendarException,
    Campaign,
    CannedReply,
    Case,
    Commune,
    DataBreach,
    Dispute,
    LookalikeDomain,
    NumberFinding,
    Office,
    OfficeNumber,
    OfficeQuestion,
    PublicStatement,
    PurgeRun,
    Report,
    ReprocessingRun,
    RoutingRule,
)
from tests.support import alert_factories, report_factories
from tests.support.blocking import add_partner
from tests.support.number_factories import add_finding
from tests.support.officers import create_officer

Roles = tuple[str, ...]

NOBODY: Roles = ()
ALL: Roles = ("duty", "lead", "unit", "editor", "approver", "auditor")
DUTY: Roles = ("duty", "lead")
WORKS: Roles = ("duty", "lead", "unit")
LEAD: Roles = ("lead",)
WATCHES: Roles = ("lead", "auditor")
READS: Roles = ("duty", "lead", "auditor")
WRITES: Roles = ("editor",)
ISSUES: Roles = ("approver",)
WARNS: Roles = ("editor", "approver")
NAMES: Roles = ("duty", "lead", "editor")
SEES: Roles = ("duty", "lead", "editor", "approver")

# The stock pages of a model: who may view, add, change, delete. Everybody else is refused.
MODELS: dict[str, tuple[Roles, Roles, Roles, Roles]] = {
    "alerts_alert": (SEES, WRITES, WRITES, NOBODY),
    "alerts_alertrevision": (WARNS, NOBODY, NOBODY, NOBODY),
    "alerts_delivery": (WARNS, NOBODY, NOBODY, NOBODY),
    "alerts_partneragency": (WARNS, WARNS, WARNS, NOBODY),
    "auth_group": (NOBODY, NOBODY, NOBODY, NOBODY),
    "auth_user": (WATCHES, NOBODY, NOBODY, NOBODY),
    "core_apiclient": (LEAD, LEAD, LEAD, NOBODY),
    "core_auditevent": (READS, NOBODY, READS, NOBODY),
    "core_proposal": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_bankhotline": (DUTY, LEAD, LEAD, DUTY),
    "reports_blockingpartner": (DUTY, LEAD, LEAD, NOBODY),
    "reports_blockrequest": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_calendarexception": (LEAD, LEAD, NOBODY, LEAD),
    "reports_campaign": (SEES, NOBODY, NOBODY, NOBODY),
    "reports_cannedreply": (DUTY, LEAD, LEAD, NOBODY),
    "reports_commune": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_databreach": (WATCHES, LEAD, LEAD, NOBODY),
    "reports_dispute": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_lookalikedomain": (DUTY, LEAD, LEAD, NOBODY),
    "reports_numberfinding": (DUTY, DUTY, NOBODY, NOBODY),
    "reports_office": (NAMES, LEAD, LEAD, NOBODY),
    "reports_officequestion": (DUTY, DUTY, NOBODY, NOBODY),
    "reports_officenumber": (DUTY, LEAD, LEAD, DUTY),
    "reports_publicstatement": (DUTY, NOBODY, LEAD, NOBODY),
    "reports_purgerun": (WATCHES, NOBODY, WATCHES, NOBODY),
    "reports_report": (WORKS, NOBODY, NOBODY, NOBODY),
    "reports_reprocessingrun": (LEAD, NOBODY, LEAD, NOBODY),
    "reports_routingrule": (DUTY, LEAD, LEAD, LEAD),
    "reports_unit": (DUTY, LEAD, LEAD, NOBODY),
}
# Any other page: of which model's pages, who may get, who may post, and their names. Everybody else
# is refused, or the page is closed to that method for all alike.
OTHERS: tuple[tuple[str, Roles, Roles, str], ...] = (
    ("", ALL, ALL, "app_list index password_change sessions tour view_on_site"),
    ("", ALL, NOBODY, "handbook handbook_picture jsi18n password_change_done"),
    ("", NOBODY, NOBODY, "autocomplete"),
    ("", DUTY, NOBODY, "leaders"),
    ("", NOBODY, DUTY, "leaders_paper"),
    (
        "alerts_alert",
        WARNS,
        NOBODY,
        (
            "sound preview preview_english preview_frame preview_page preview_pack preview_paper "
            "preview_picture preview_poster preview_square"
        ),
    ),
    ("alerts_alert", NOBODY, ISSUES, "cancel issue"),
    ("alerts_alert", NOBODY, WARNS, "send-back"),
    ("alerts_alert", NOBODY, WRITES, "submit"),
    ("alerts_delivery", NOBODY, WARNS, "resend"),
    ("alerts_partneragency", NOBODY, WARNS, "renew reopen"),
    ("auth_user", NOBODY, LEAD, "close link unlink reopen role unlock"),
    ("core_apiclient", NOBODY, LEAD, "issue revoke"),
    ("core_auditevent", WATCHES, NOBODY, "looks"),
    ("reports_campaign", SEES, NOBODY, "code"),
    (
        "reports_campaign",
        NOBODY,
        DUTY,
        "attach attach_to detach keep_two merge merge_with split take_back together",
    ),
    ("reports_dispute", NOBODY, DUTY, "agree answer reveal reveal_reason"),
    ("reports_blockingpartner", NOBODY, LEAD, "renew"),
    ("reports_blockrequest", NOBODY, DUTY, "again answer end keep letter"),
    ("reports_numberfinding", NOBODY, DUTY, "block withdraw"),
    ("reports_numberfinding", NOBODY, LEAD, "confirm"),
    ("reports_numberfinding", NOBODY, WORKS, "card"),
    ("reports_officequestion", NOBODY, DUTY, "review take_down withdraw"),
    ("core_proposal", NOBODY, DUTY, "confirm refuse"),
    ("reports_report", DUTY, DUTY, "file list lists"),
    ("reports_report", NOBODY, DUTY, "question"),
    ("reports_report", LEAD, LEAD, "export"),
    ("reports_report", LEAD, NOBODY, "agreement"),
    ("reports_report", NOBODY, LEAD, "export_labels"),
    (
        "reports_report",
        WORKS,
        NOBODY,
        "bulk_result calls handovers next picture previous retention shift text",
    ),
    (
        "reports_report",
        NOBODY,
        DUTY,
        (
            "bulk_attach hand_over receive_on_paper retention_destroy "
            "retention_reopen_erasure_request retention_withdraw take_back"
        ),
    ),
    (
        "reports_report",
        NOBODY,
        LEAD,
        (
            "assign_unit bulk_assign extend reopen retention_case_file retention_confirm "
            "retention_grant_erasure retention_hold retention_lift"
        ),
    ),
    (
        "reports_report",
        NOBODY,
        WORKS,
        (
            "act answer ask assign bulk_close bulk_junk bulk_message bulk_second bulk_shift check close compose_ask compose_message contact decline give_back heartbeat "
            "judge_facts junk letter letter_answer message note own_number preference recall receive release_code remove_search reprocess resume "
            "retention_refuse_erasure reveal_contact reveal_file reveal_followup reveal_message "
            "reveal_phrase reveal_story save_search second slip take take_next withdraw write_letter"
        ),
    ),
    ("reports_reprocessingrun", LEAD, LEAD, "start"),
    ("reports_officenumber", DUTY, NOBODY, "drafts"),
    ("reports_officenumber", LEAD, LEAD, "units"),
    ("reports_routingrule", DUTY, NOBODY, "dry_run"),
)
# Name of a page: who may get, who may post.
PAGES: dict[str, tuple[Roles, Roles]] = {
    f"{model}_{name}".removeprefix("_"): (get, post)
    for model, get, post, names in OTHERS
    for name in names.split()
}
for name, (view, add, change, delete) in MODELS.items():
    PAGES |= {f"{name}_{page}": (view, view) for page in ("changelist", "history")}
    PAGES |= {f"{name}_add": (add, add), f"{name}_delete": (delete, delete)}
    PAGES[f"{name}_change"] = (view, change)


# What speaks of every unit's reports is closed to who works at one, whatever their role.
OF_ALL_UNITS = {
    name
    for name in PAGES
    if name.startswith(("reports_campaign_", "leaders")) or name == "reports_routingrule_dry_run"
}
# What a role that lost the right no longer opens.
OF_RIGHTS = {
    right: [f"reports_report_{page}" for page in names.split()]
    for right, names in {
        "reveal_contact": (
            "own_number picture release_code reveal_contact reveal_file reveal_followup reveal_message "
            "reveal_phrase reveal_story"
        ),
        "decide_case": (
            "compose_ask compose_message judge_facts letter letter_answer reprocess write_letter"
        ),
    }.items()
}


def _report() -> Report:
    """One that lies at the unit of `evidence.unit()`, so that its officer gets into its pages too."""
    report, unit = report_factories.report(), report_factories.unit()
    Case.objects.filter(report=report).update(assigned_unit=unit, unit_name=unit.name)
    return report


def _office() -> Office:
    return Office.objects.get_or_create(codename="mau", name="Mẫu")[0]


# A thing of each kind that the desk has pages of.
THINGS: dict[str, Callable[[], Any]] = {
    "report": _report,
    "auditevent": lambda: events.log_event("report", "x", "noted"),
    "apiclient": lambda: ApiClient.objects.create(name="Phần mềm mẫu"),
    "office": _office,
    "officenumber": lambda: OfficeNumber.objects.create(
        office=_office(), number="1900 1111", key="x", source="thẻ", verified_on="2026-11-05"
    ),
    "proposal": lambda: Proposal.objects.create(
        kind="bank_hotline",
        new_values={"name": "x", "number": "x", "source": "x", "verified_on": "2026-11-05"},
        proposed_by=create_officer("xin", "lead"),
    ),
    "numberfinding": lambda: NumberFinding.objects.create(
        key="x",
        number="x",
        finding="confirmed",
        reason="x",
        valid_until="2099-01-01",
        proposed_by=create_officer("ai", "duty"),
    ),
    "officequestion": lambda: OfficeQuestion.objects.create(
        office=_office(),
        kind="number",
        key="x",
        text="x",
        due_at=timezone.now(),
        asked_by=create_officer("hoi", "duty"),
    ),
    "blockingpartner": add_partner,
    "blockrequest": lambda: BlockRequest.objects.create(
        finding=add_finding(),
        partner=add_partner("Viettel"),
        proposed_by=create_officer("de.nghi", "duty"),
        confirmed_by=create_officer("xac.nhan", "lead"),
        blocked_until=timezone.now(),
    ),
    "dispute": lambda: Dispute.objects.create(submission_key="x"),
    "commune": lambda: Commune.objects.create(
        codename="xa_mau", code="1", name="Xã Mẫu", former_districts=[], former_communes=[]
    ),
    "campaign": lambda: Campaign.objects.create(code="Đ-26-X", title="x"),
    "publicstatement": lambda: PublicStatement.objects.create(
        codename="mau", title="x", text="x", text_en="x"
    ),
    "bankhotline": lambda: BankHotline.objects.create(
        name="Mẫu", number="1900 000 111", source="thẻ", verified_on="2026-11-05"
    ),
    "cannedreply": lambda: CannedReply.objects.create(title="x", text="x", text_en="x"),
    "databreach": lambda: DataBreach.objects.create(
        title="x", detected_at=timezone.now(), opened_by=create_officer("thay", "lead")
    ),
    "purgerun": lambda: PurgeRun.objects.create(finished_at=timezone.now()),
    "lookalikedomain": lambda: LookalikeDomain.objects.create(name="cong.example"),
    "calendarexception": lambda: CalendarException.objects.create(
        day="2099-01-01", name="x", source="x"
    ),
    "unit": report_factories.unit,
    "routingrule": lambda: RoutingRule.objects.create(unit=report_factories.unit()),
    "reprocessingrun": lambda: ReprocessingRun.objects.create(rules_version="x", total=1),
    "alert": alert_factories.draft,
    "alertrevision": lambda: alert_factories.issued("da-phat"),
    "partneragency": alert_factories.partner,
    "delivery": alert_factories.delivery,
    "user": lambda: create_officer("nao", "duty"),
    "group": lambda: roles.group_of("duty"),
}
