"""Who gets into what at the desk.

A page that somebody adds is found by itself and must be placed in `MODELS` or `PAGES`. A page of one
thing needs that kind of thing in `THINGS`.
"""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts import roles
from core.audit import events
from reports.models import (
    BankHotline,
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
    PublicStatement,
    PublishedNumberChange,
    PurgeRun,
    Report,
    ReprocessingRun,
    RoutingRule,
)
from tests.support import alert_factories, report_factories
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
    "core_auditevent": (READS, NOBODY, READS, NOBODY),
    "reports_bankhotline": (DUTY, LEAD, LEAD, LEAD),
    "reports_calendarexception": (LEAD, LEAD, NOBODY, LEAD),
    "reports_campaign": (SEES, NOBODY, NOBODY, NOBODY),
    "reports_cannedreply": (DUTY, LEAD, LEAD, NOBODY),
    "reports_commune": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_databreach": (WATCHES, LEAD, LEAD, NOBODY),
    "reports_dispute": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_lookalikedomain": (DUTY, LEAD, LEAD, NOBODY),
    "reports_numberfinding": (DUTY, DUTY, NOBODY, NOBODY),
    "reports_office": (NAMES, LEAD, LEAD, NOBODY),
    "reports_officenumber": (DUTY, LEAD, LEAD, LEAD),
    "reports_publicstatement": (DUTY, NOBODY, LEAD, NOBODY),
    "reports_publishednumberchange": (DUTY, NOBODY, NOBODY, NOBODY),
    "reports_purgerun": (WATCHES, NOBODY, WATCHES, NOBODY),
    "reports_report": (WORKS, NOBODY, NOBODY, NOBODY),
    "reports_reprocessingrun": (LEAD, NOBODY, LEAD, NOBODY),
    "reports_routingrule": (DUTY, LEAD, LEAD, LEAD),
    "reports_unit": (DUTY, LEAD, LEAD, NOBODY),
}
# Name of any other page: who may get, who may post. Everybody else is refused, or the page is closed
# to that method for all alike.
PAGES: dict[str, tuple[Roles, Roles]] = {
    "alerts_alert_cancel": (NOBODY, ISSUES),
    "alerts_alert_issue": (NOBODY, ISSUES),
    "alerts_alert_preview": (WARNS, NOBODY),
    "alerts_alert_preview_english": (WARNS, NOBODY),
    "alerts_alert_preview_frame": (WARNS, NOBODY),
    "alerts_alert_preview_page": (WARNS, NOBODY),
    "alerts_alert_preview_pack": (WARNS, NOBODY),
    "alerts_alert_preview_paper": (WARNS, NOBODY),
    "alerts_alert_preview_picture": (WARNS, NOBODY),
    "alerts_alert_preview_poster": (WARNS, NOBODY),
    "alerts_alert_preview_square": (WARNS, NOBODY),
    "alerts_alert_send-back": (NOBODY, WARNS),
    "alerts_alert_submit": (NOBODY, WRITES),
    "alerts_delivery_resend": (NOBODY, WARNS),
    "alerts_partneragency_renew": (NOBODY, WARNS),
    "alerts_partneragency_reopen": (NOBODY, WARNS),
    "app_list": (ALL, ALL),
    "auth_user_close": (NOBODY, LEAD),
    "auth_user_link": (NOBODY, LEAD),
    "auth_user_unlink": (NOBODY, LEAD),
    "auth_user_reopen": (NOBODY, LEAD),
    "auth_user_role": (NOBODY, LEAD),
    "auth_user_unlock": (NOBODY, LEAD),
    "autocomplete": (NOBODY, NOBODY),
    "handbook": (ALL, NOBODY),
    "handbook_picture": (ALL, NOBODY),
    "index": (ALL, ALL),
    "jsi18n": (ALL, NOBODY),
    "password_change": (ALL, ALL),
    "password_change_done": (ALL, NOBODY),
    "reports_campaign_attach": (NOBODY, DUTY),
    "reports_campaign_attach_to": (NOBODY, DUTY),
    "reports_campaign_code": (SEES, NOBODY),
    "reports_campaign_detach": (NOBODY, DUTY),
    "reports_campaign_keep_two": (NOBODY, DUTY),
    "reports_campaign_merge": (NOBODY, DUTY),
    "reports_campaign_merge_with": (NOBODY, DUTY),
    "reports_campaign_part": (NOBODY, DUTY),
    "reports_campaign_split": (NOBODY, DUTY),
    "reports_campaign_take_back": (NOBODY, DUTY),
    "reports_dispute_agree": (NOBODY, DUTY),
    "reports_dispute_answer": (NOBODY, DUTY),
    "reports_dispute_reveal": (NOBODY, DUTY),
    "reports_dispute_reveal_reason": (NOBODY, DUTY),
    "core_auditevent_looks": (WATCHES, NOBODY),
    "reports_numberfinding_confirm": (NOBODY, LEAD),
    "reports_numberfinding_withdraw": (NOBODY, DUTY),
    "reports_publishednumberchange_confirm": (NOBODY, DUTY),
    "reports_publishednumberchange_refuse": (NOBODY, DUTY),
    "reports_report_act": (NOBODY, WORKS),
    "reports_report_ask": (NOBODY, WORKS),
    "reports_report_assign": (NOBODY, LEAD),
    "reports_report_assign_unit": (NOBODY, LEAD),
    "reports_report_bulk_assign": (NOBODY, LEAD),
    "reports_report_bulk_attach": (NOBODY, DUTY),
    "reports_report_bulk_close": (NOBODY, WORKS),
    "reports_report_bulk_junk": (NOBODY, WORKS),
    "reports_report_bulk_told": (WORKS, NOBODY),
    "reports_report_close": (NOBODY, WORKS),
    "reports_report_compose_ask": (NOBODY, WORKS),
    "reports_report_compose_message": (NOBODY, WORKS),
    "reports_report_correct": (NOBODY, WORKS),
    "reports_report_export": (LEAD, LEAD),
    "reports_report_extend": (NOBODY, LEAD),
    "reports_report_file": (DUTY, DUTY),
    "reports_report_habit": (NOBODY, WORKS),
    "reports_report_hand_over": (NOBODY, DUTY),
    "reports_report_here": (NOBODY, WORKS),
    "reports_report_junk": (NOBODY, WORKS),
    "reports_report_keeping": (WORKS, NOBODY),
    "reports_report_keeping_case_file": (NOBODY, LEAD),
    "reports_report_keeping_confirm": (NOBODY, LEAD),
    "reports_report_keeping_destroy": (NOBODY, DUTY),
    "reports_report_keeping_grant_erasure": (NOBODY, LEAD),
    "reports_report_keeping_hold": (NOBODY, LEAD),
    "reports_report_keeping_lift": (NOBODY, LEAD),
    "reports_report_keeping_refuse_erasure": (NOBODY, WORKS),
    "reports_report_keeping_take_up_erasure": (NOBODY, DUTY),
    "reports_report_keeping_withdraw": (NOBODY, DUTY),
    "reports_report_message": (NOBODY, WORKS),
    "reports_report_next": (WORKS, NOBODY),
    "reports_report_note": (NOBODY, WORKS),
    "reports_report_picture": (WORKS, NOBODY),
    "reports_report_previous": (WORKS, NOBODY),
    "reports_report_read_again": (NOBODY, WORKS),
    "reports_report_recall": (NOBODY, WORKS),
    "reports_report_release_code": (NOBODY, WORKS),
    "reports_report_remove_search": (NOBODY, WORKS),
    "reports_report_reopen": (NOBODY, LEAD),
    "reports_report_resume": (NOBODY, WORKS),
    "reports_report_reveal_followup": (NOBODY, WORKS),
    "reports_report_reveal_contact": (NOBODY, WORKS),
    "reports_report_reveal_file": (NOBODY, WORKS),
    "reports_report_reveal_message": (NOBODY, WORKS),
    "reports_report_reveal_phrase": (NOBODY, WORKS),
    "reports_report_reveal_story": (NOBODY, WORKS),
    "reports_report_save_search": (NOBODY, WORKS),
    "reports_report_slip": (NOBODY, WORKS),
    "reports_report_slip_make": (NOBODY, DUTY),
    "reports_report_take": (NOBODY, WORKS),
    "reports_report_text": (WORKS, NOBODY),
    "reports_report_uncorrect": (NOBODY, WORKS),
    "reports_report_withdraw": (NOBODY, WORKS),
    "reports_reprocessingrun_start": (LEAD, LEAD),
    "reports_routingrule_dry_run": (DUTY, NOBODY),
    "sessions": (ALL, ALL),
    "tour": (ALL, ALL),
    "view_on_site": (ALL, ALL),
}
for name, (view, add, change, delete) in MODELS.items():
    PAGES |= {f"{name}_{page}": (view, view) for page in ("changelist", "history")}
    PAGES |= {f"{name}_add": (add, add), f"{name}_delete": (delete, delete)}
    PAGES[f"{name}_change"] = (view, change)


# What speaks of every unit's reports is closed to who works at one, whatever their role.
OF_ALL_UNITS = {
    name
    for name in PAGES
    if name.startswith("reports_campaign_") or name == "reports_routingrule_dry_run"
}


def _report() -> Report:
    """One that lies at the unit of `evidence.unit()`, so that its officer gets into its pages too."""
    report, unit = report_factories.report(), report_factories.unit()
    Case.objects.filter(report=report).update(assigned_unit=unit, unit=unit.name)
    return report


def _office() -> Office:
    return Office.objects.get_or_create(codename="mau", name="Mẫu")[0]


# A thing of each kind that the desk has pages of.
THINGS: dict[str, Callable[[], Any]] = {
    "report": _report,
    "auditevent": lambda: events.log_event("report", "x", "noted"),
    "office": _office,
    "officenumber": lambda: OfficeNumber.objects.create(
        office=_office(), number="1900 1111", key="x", source="thẻ", verified_on="2026-11-05"
    ),
    "publishednumberchange": lambda: PublishedNumberChange.objects.create(
        table="bank",
        act="save",
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
