"""The page of one report: evidence, the machine's reading, decisions, follow-ups, event log."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import preferences
from accounts.sessions import get_officer
from core.audit import events
from core.models import AuditEvent
from desk.labels import codes, deadlines, highlighting
from desk.labels.decisions import ACTION_LABELS
from desk.labels.formatting import format_age, officer_name
from desk.pages.http import can_group, render, set_status
from desk.reports import (
    attachments,
    contact_views,
    correction_forms,
    decision_forms,
    detail,
    documents,
    followups,
    indicators,
    reprocessing,
)
from desk.reports.bank_letters import AnswerForm, LetterForm, build_letter_panel
from desk.reports.base import ReportView, is_held
from desk.reports.correction_forms import FactsForm
from desk.reports.decision_forms import DecisionForm
from desk.reports.followups import FollowupPanel
from desk.reports.navigation import filters_of, other_viewers
from reports.calendar.deadline_rules import CALL_WITHIN
from reports.cases import blockers, checklists, handovers, visibility, workflow
from reports.extraction import redaction
from reports.facts.effective_facts import EffectiveFacts, effective_facts
from reports.models import Correction, Report, SubjectKind, TransferSlip
from reports.monitoring import queue_stats
from reports.numbers import office_questions
from reports.numbers.subjects import subject_of
from reports.reference import gazetteer, units

TEMPLATE = "admin/reports/report/change_form.html"
SEALED_FIELDS = ("phrase", "story")  # shown once for a reason
CALL_REASONS = ("Đang bị ép hoặc vừa mất tiền", "Hỏi thêm cho rõ", "Báo kết quả cho người báo")
REVEAL_REASONS = (
    "Người báo gọi đến, kiểm tra câu hẹn",
    "Đối chiếu lời kể gốc",
    "Lập phiếu chuyển đơn vị",
)
ActionForm = DecisionForm | FactsForm | LetterForm | AnswerForm


class ReportPage(ReportView):
    def get(self, request: HttpRequest) -> HttpResponse:
        workflow.mark_opened(self.report.case, self.officer)
        return render_page(request, self.report)


def render_page(
    request: HttpRequest,
    report: Report,
    *,
    form: ActionForm | None = None,
    revealed: dict[str, str] | None = None,
    opened: int | UUID | None = None,
) -> HttpResponse:
    """Return the page; with a refused form as 422 where it has errors, else 409.

    `revealed` are the fields shown this once; `opened` is the key of a message or follow-up shown unmasked.
    """
    status = 200 if form is None else 422 if form.errors else 409
    contents = PageContents(request, report, form, revealed or {}, opened)
    title, context = f"Tin {report.public_number}", contents.build_context()
    return set_status(render(request, TEMPLATE, title, Report, **context), status)


@dataclass(frozen=True)
class PageContents:
    """Build the context of the page; shared data are loaded once."""

    request: HttpRequest
    report: Report
    form: ActionForm | None
    revealed: dict[str, str]
    opened: int | UUID | None

    @cached_property
    def officer(self) -> User:
        return get_officer(self.request)

    @cached_property
    def facts(self) -> EffectiveFacts:
        return effective_facts(self.report)

    @cached_property
    def corrections(self) -> list[Correction]:
        return list(correction_forms.corrections_of(self.report))

    @cached_property
    def allowed(self) -> list[str]:
        """Return the verbs that the officer may use now."""
        is_wanted = bool(followups.withdrawal_of(self.panel.followups))
        case, held = self.report.case, is_held(self.report)
        slip = next((each for each in self.slips if not each.ended_at), None)
        return workflow.allowed_actions(
            case, self.officer, is_held=held, is_withdrawal_wanted=is_wanted, slip=slip
        )

    @cached_property
    def slips(self) -> list[TransferSlip]:
        is_any = self.has_event("handed_over")
        return list(documents.slips_of_report(self.report)) if is_any else []

    @cached_property
    def blockers(self) -> tuple[str, ...]:
        is_asked = not blockers.ASKED_AGAIN.keys().isdisjoint(self.allowed)
        return blockers.closing_blockers(self.report.pk) if is_asked else ()

    @cached_property
    def indicators(self) -> list[indicators.IndicatorRow]:
        return indicators.load_indicators(self.report)

    @cached_property
    def events(self) -> list[AuditEvent]:
        return detail.recent_events(self.report)

    def has_event(self, kind: str) -> bool:
        """Return whether there may be such an event: there is one, or the oldest are cut off."""
        is_cut = len(self.events) >= detail.MAX_EVENTS
        return is_cut or any(each.kind == kind for each in self.events)

    @cached_property
    def files(self) -> list[attachments.FileRow]:
        return attachments.file_rows(self.report)

    @cached_property
    def panel(self) -> FollowupPanel:
        return FollowupPanel(self.report, self.opened)

    def build_context(self) -> dict[str, Any]:
        return {
            "report": self.report,
            "case": self.report.case,
            "facts": self.facts,
            **self.build_deadlines(),
            **self.build_call(),
            **self.build_evidence(),
            **self.build_readings(),
            **self.build_decisions(),
            **self.build_permissions(),
            **self.build_record(),
        }

    def build_deadlines(self) -> dict[str, Any]:
        report = self.report
        lines = deadlines.deadline_lines(report)
        call = next((line for line in lines if line.is_call), None)
        due = deadlines.next_deadline(report)
        if call and due and call.due_at < due.at:
            due = deadlines.relative_time(call.due_at)
        return {
            "due": due,
            "deadlines": lines,
            "call": call,
            "due_for": deadlines.ending_at(lines, due.at) if due else "",
            "deadline_legal_basis": deadlines.legal_basis(),
            "passed": self.find_passing(),
            "age": format_age(report.received_at, timezone.now()),
            "status_tag": codes.STATUS_TAGS[report.case.status],
            "urgency": codes.priority_label(self.facts.priority),
            "officer": officer_name(report.case.officer),
        }

    def find_passing(self) -> AuditEvent | None:
        """Return the event by which a colleague passed it to the officer, who has not opened it yet."""
        case = self.report.case
        is_new = case.passed_by_id and case.officer_id == self.officer.pk
        passings = (each for each in self.events if each.kind == "assigned")
        return next(passings, None) if is_new else None

    def build_call(self) -> dict[str, Any]:
        """Return what the call to the reporter needs; number and phrase while they are shown."""
        until = contact_views.find_end(self.request, self.report, self.events, self.panel)
        texts = {what: self.panel.open_latest(what) for what in ("contact", "phrase") if until}
        return {
            "shown_until": until,
            "shown_seconds": int((until - timezone.now()).total_seconds()) if until else 0,
            "shown": {what: highlighting.plain_line(text) for what, text in texts.items()},
            "dialled": redaction.domestic_number(texts.get("contact", "")),
            "last_attempt": next(
                filter(None, map(contact_views.describe_attempt, self.events)), ""
            ),
            "call_reasons": CALL_REASONS,
        }

    def build_evidence(self) -> dict[str, Any]:
        report, story = self.report, detail.story(self.report, self.indicators)
        return {
            "story": story,
            "is_left_out": followups.is_truncated(report, story),
            "raw_story": highlighting.truncate(self.revealed.get("story", "")),
            "revealed": {key: highlighting.plain_line(text) for key, text in self.revealed.items()},
            "form_answers": detail.form_answers(report, self.facts),
            "files": self.files,
            "has_pictures": any(file.picture for file in self.files),
            "warnings": detail.warnings(report),
        }

    def build_readings(self) -> dict[str, Any]:
        report, rows = self.report, self.indicators
        form = self.form if isinstance(self.form, FactsForm) else FactsForm(report, rows)
        may_tune = self.officer.has_perm(reprocessing.START_RUN_PERMISSION)
        named = [subject_of(row.indicator) for row in rows if row.kind in SubjectKind.values]
        return {
            "extracted": detail.extracted_facts(report),
            "readings": detail.list_readings(report, self.facts, self.corrections, rows, form),
            "facts_form": form,
            "communes": gazetteer.list_communes(),
            "taken_off": indicators.load_removed(report),
            "explained": detail.explained_facts(report) if may_tune else [],
            "triage_item": queue_stats.triage_state_of(self.report.pk),
            "indicators": rows,
            "questions": office_questions.list_about(*named),
            "similar": indicators.related_reports(self.report, rows, self.officer),
        }

    def build_decisions(self) -> dict[str, Any]:
        forms = self.list_forms()
        posted = self.request.POST if self.request.method == "POST" else self.request.GET
        return {
            "forms": forms,
            "step_forms": [form for form in forms if form.verb in handovers.STEPS],
            "checklist": checklists.list_lines(self.report.case, self.facts.scenario),
            "contact_form": next((form for form in forms if form.verb == "contact"), None),
            **self.build_letters(),
            "units": units.names() if any("unit" in each.fields for each in forms) else [],
            "list_filters": filters_of(posted),
            "other_viewers": other_viewers(self.report.pk, self.request),
            "preferences": preferences.preferences_of(self.report),
            "slips": self.slips,
        }

    def build_letters(self) -> dict[str, Any]:
        """Return the panel of letters; one statement more where any was issued."""
        typed = self.form if isinstance(self.form, LetterForm | AnswerForm) else None
        rows, has_letters = self.indicators, self.has_event("bank_letter_issued")
        panel = build_letter_panel(self.report, self.facts, rows, typed, has_letters=has_letters)
        is_fresh = self.report.received_at > timezone.now() - 3 * CALL_WITHIN
        return {**panel, "is_money_gone": is_fresh and blockers.MONEY_GONE in self.blockers}

    def build_permissions(self) -> dict[str, Any]:
        user, is_free = self.officer, not is_held(self.report)
        is_readable = is_free and not self.report.erased_at
        return {
            "may_reveal": user.has_perm("reports.reveal_contact"),
            "may_correct": is_free and user.has_perm("reports.decide_case"),
            "may_reprocess": is_readable and user.has_perm(reprocessing.REPROCESS_ONE_PERMISSION),
            "may_group": can_group(self.request),
            "sees_campaigns": visibility.sees_campaigns(user),
        }

    def build_record(self) -> dict[str, Any]:
        file_times = [file.at for file in self.files if file.erased_at is None]
        return {
            **followups.panel_context(self.request, self.panel, self.events, file_times),
            "log": detail.event_log(self.report, self.corrections, self.events),
            "last_reveal_id": find_latest_reveal_in(self.events, self.report, self.officer),
            "reveal_reasons": REVEAL_REASONS,
        }

    def list_forms(self) -> list[DecisionForm]:
        """Return a form for each allowed verb; the typed one stays bound."""
        typed = self.form if isinstance(self.form, DecisionForm) else None
        report, initial = self.report, decision_forms.initial_values(self.facts)
        forms = []
        for verb in ACTION_LABELS:
            if typed and typed.verb == verb:
                forms.append(typed)
            elif verb in self.allowed:
                options = {"initial": initial.get(verb), "waits": self.blockers, "by": self.officer}
                forms.append(make_form(report, self.facts, verb, **options))
        return forms


def find_latest_reveal(report: Report, by: User) -> int:
    """Return the key of the officer's newest reveal of a sealed field, 0 for none."""
    reveals = events.events_for("report", report.pk).filter(
        kind="revealed", actor=by, detail__field__in=SEALED_FIELDS
    )
    return reveals.values_list("pk", flat=True).first() or 0


def find_latest_reveal_in(log: Sequence[AuditEvent], report: Report, by: User) -> int:
    """Return the same from the newest events of the report; query only where these are cut off."""
    for event in log:
        is_own = event.kind == "revealed" and event.actor == by
        if is_own and event.detail.get("field") in SEALED_FIELDS:
            return int(event.pk)
    return find_latest_reveal(report, by) if len(log) >= detail.MAX_EVENTS else 0


def make_form(
    report: Report, facts: EffectiveFacts, verb: str, *typed: Any, **options: Any
) -> DecisionForm:
    """Return a verb's form, with the suggested reason and the blockers to confirm."""
    suggestion = decision_forms.suggested_reasons(facts).get(verb, "")
    if "waits" not in options and verb in blockers.ASKED_AGAIN:
        options["waits"] = blockers.closing_blockers(report.pk)
    return DecisionForm(verb, *typed, **options, suggestion=suggestion)
