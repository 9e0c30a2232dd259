"""The decisions: labels, forms and messages of error."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from core.audit import events
from core.errors import ActionError, StaleVersionError
from core.models import AuditEvent
from core.permissions import users_with_permission
from core.text import lower_initial, normalize
from desk.labels import codes
from desk.labels.decisions import (
    ACTION_LABELS,
    ALL_THE_SAME,
    BANK_ERRORS,
    FORBIDDEN,
    GIVE_BACK_REASONS,
    MISSING,
    NO_LINKS,
    NO_UNIT,
    NOT_SAVED,
    PENDING,
    SHORTCUT_KEYS,
)
from desk.labels.events import EVENTS
from desk.labels.formatting import format_age, format_loss, format_time, officer_name
from desk.models import ReportViewer
from reports.cases import blockers, corrections, handovers, transitions, visibility, workflow
from reports.cases.documents import DocumentError
from reports.cases.legal_holds import ReportErasedError
from reports.facts.effective_facts import EffectiveFacts
from reports.models import Case, TransferSlip
from reports.models.reference import MAX_NAME_LENGTH
from reports.reference import gazetteer, units

MAX_REASON_CHARS = 4000
MAX_EVENTS = 5  # events of colleagues, after a lost race
# Events that do not change the case.
NO_DECISION = (
    "revealed", "refused", "reprocessed", "one_time_word_issued", "code_replaced",
    "filed", "deadline_begun", "deadline_soon", "deadline_overdue", "fact_confirmed", "transfer_slip_printed",
    "bank_letter_printed", "bank_letter_answered", "checked", "unchecked",
)  # fmt: skip

_RESULTS = TransferSlip.Outcome.choices


class OfficerField(forms.ModelChoiceField[User]):
    def label_from_instance(self, obj: Any) -> str:
        membership = getattr(obj, "membership", None)
        seen = getattr(obj, "seen_at", None)
        active = f" (mở tin {format_age(seen, timezone.now())})" if seen else ""
        return f"{officer_name(obj)}{f', {membership.unit}' if membership else ''}{active}"


def assignable_officers(by: User | None = None) -> QuerySet[User]:
    """Return who may get a report, those who lately opened one first; without the right to assign
    those of the officer's own unit, or office, alone.
    """
    opened = ReportViewer.objects.filter(officer=OuterRef("pk")).order_by("-last_seen_at")
    able = users_with_permission("reports.decide_case")
    officers = visibility.officers_in_scope(able).annotate(
        seen_at=Subquery(opened.values("last_seen_at")[:1])
    )
    if by and not by.has_perm(transitions.ASSIGN):
        officers = officers.exclude(pk=by.pk).filter(membership__unit=units.unit_code_of(by))
    ordered = officers.order_by(F("seen_at").desc(nulls_last=True), "username")
    return ordered.select_related("membership__unit")


class DecisionForm(forms.Form):
    """The form of one verb; nothing is required here, since workflow checks it."""

    version = forms.IntegerField(required=False)
    officer = OfficerField(User.objects.none(), label="Cán bộ", required=False)
    unit = forms.CharField(
        label="Đơn vị nhận",
        max_length=MAX_NAME_LENGTH,
        required=False,
        widget=forms.TextInput({"list": "units", "autocomplete": "off"}),
    )
    outside = forms.BooleanField(label="Đơn vị ngoài danh sách, gửi phiếu giấy", required=False)
    contact = forms.ChoiceField(choices=Case.Contact.choices, required=False)
    outcome = forms.ChoiceField(
        label="Kết quả", choices=[("", "Chọn kết quả…"), *Case.Outcome.choices], required=False
    )
    urgent = forms.BooleanField(required=False)
    uncalled_reason = forms.CharField(
        label="Vì sao chuyển khi chưa gọi được người báo",
        max_length=300,
        required=False,
        help_text="Đơn vị nhận đọc lời này. Hạn gọi vẫn chạy cho đến khi có người gọi được.",
    )
    receiver = forms.CharField(label="Người nhận", max_length=MAX_NAME_LENGTH, required=False)
    received_on = forms.DateField(
        label="Ngày nhận",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": MISSING["received_on"]},
    )
    result = forms.ChoiceField(
        choices=[("", "Chọn kết quả…"), *_RESULTS], label="Kết quả", required=False
    )
    reason = forms.CharField(
        label="Lý do",
        max_length=MAX_REASON_CHARS,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"max_length": f"Dài quá {MAX_REASON_CHARS} ký tự, viết ngắn lại."},
    )
    # The value of a button: a suggested reason, used only where none was typed.
    suggested = forms.CharField(max_length=MAX_REASON_CHARS, required=False)
    anyway = forms.BooleanField(required=False)

    def __init__(  # noqa: PLR0913  # each maker names few of them
        self,
        verb: str,
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        *,
        suggestion: str = "",
        waits: Sequence[str] = (),
        by: User | None = None,
    ) -> None:
        """Take the fields of the verb; `by` is who chooses an officer."""
        move, self.found, waits = transitions.TABLE[verb], waits, blockers.list_asked(verb, waits)
        names = {*move.required_fields, *move.optional_fields, "version"}
        names |= {"suggested"} if suggestion else set()
        names |= {"anyway"} if waits else set()
        if move.has_slip:
            names |= {"urgent", "outside"} | (
                {"uncalled_reason"} if blockers.UNCALLED in waits else set()
            )
        # Every form copies these: a page has a dozen, each with few of the fields of all verbs.
        fields = {name: each for name, each in self.base_fields.items() if name in names}
        self.base_fields = fields  # type: ignore[misc]
        super().__init__(data, initial=dict(initial or {}), auto_id=f"{verb}_%s", label_suffix="")
        self.verb, self.act, self.key = verb, ACTION_LABELS[verb], SHORTCUT_KEYS.get(verb, "")
        self.address = f"admin:reports_report_{verb}"
        self.compose = f"admin:reports_report_compose_{verb}" if move.messages_reporter else ""
        self.suggestion, self.waits = suggestion, ", ".join(PENDING[code] for code in waits)
        if move.has_slip:
            limits = settings.DEADLINE_URGENT_RECEIPT_MINUTES, settings.DEADLINE_URGENT_ANSWER_HOURS
            urgent = self.fields["urgent"]
            urgent.label = "KHẨN: xác nhận trong {} phút, báo kết quả trong {} giờ".format(*limits)
            urgent.initial = bool({blockers.ONGOING, blockers.UNCALLED} & {*waits})
        if isinstance(officer := self.fields.get("officer"), OfficerField):
            officer.queryset = assignable_officers(by)
        if "reason" in names:
            self.fields["reason"].label = self.act.asks
            self.fields["reason"].help_text = self.act.hint
        if verb == "give_back":
            texts = [("", "Chọn lý do…"), *((each, each) for each in GIVE_BACK_REASONS)]
            self.fields["reason"] = forms.ChoiceField(
                label=self.act.asks, choices=texts, required=False
            )
        if waits:
            self.fields["anyway"].label = f"Người báo {self.waits}. Tôi {ALL_THE_SAME[verb]}"

    def questions(self) -> list[forms.BoundField]:
        """Return the fields to fill in, without version and what buttons send."""
        return [field for field in self if field.name not in {"version", "suggested", "contact"}]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        suggested, anyway = values.pop("suggested", ""), values.pop("anyway", True)
        if suggested and not values.get("reason", "").strip():
            values["reason"] = suggested
        outcome = values.get("outcome") or ""
        if not anyway and blockers.list_asked(self.verb, self.found, outcome):
            text = f"Chưa lưu. Người báo {self.waits}. Đã xem thì đánh dấu ô này rồi bấm lại."
            self.add_error("anyway", text)
        is_outside, unit = values.pop("outside", True), values.get("unit", "").strip()
        if unit and not is_outside and units.match_unit(unit) is None:
            self.add_error("unit", f"{NO_UNIT} {_nearest_unit(unit)}".strip())
        if values.pop("urgent", False):
            values["urgent"] = "1"
        if "received_on" in values:
            values["received_on"] = str(values["received_on"] or "")
        return values

    def execute(self, case: Case, by: User) -> Case:
        """Execute the verb and return the case. Raises ActionError; then nothing is written."""
        values = self.cleaned_data | {"version": self.cleaned_data["version"] or 0}
        return workflow.decide(self.verb, case.pk, by=by, **values)

    def add_action_error(self, error: ActionError) -> None:
        field_error = _field_error(error)
        if field_error and field_error[0] in self.fields:
            self.add_error(*field_error)


def _nearest_unit(typed: str) -> str:
    """Return the question whether a known name was meant, "" for none near; marks ignored."""
    names = {normalize(name): name for name in units.names()}
    near = difflib.get_close_matches(normalize(typed).strip(), names, n=1, cutoff=0.75)
    return f"Ý bạn là {names[near[0]]}?" if near else ""


def _field_error(error: ActionError) -> tuple[str, str] | None:
    if isinstance(error, (workflow.ReasonMissingError, handovers.ReceivedTooEarlyError)):
        return error.code, MISSING[error.code]
    if isinstance(error, workflow.UnknownUnitError):
        return "unit", NO_UNIT
    if isinstance(error, workflow.ForbiddenLinkError):
        return "reason", NO_LINKS
    if isinstance(error, workflow.ForbiddenWordingError):
        return "unit" if error.code == "unit" else "reason", FORBIDDEN[error.code]
    return None


_IN_ONE_SENTENCE: Mapping[type[ActionError], str] = {
    workflow.UnderLegalHoldError: "Chưa lưu. Tin đang phải giữ nguyên theo yêu cầu: không kết thúc, không"
    " sửa gợi ý của máy. Những gì đã gõ còn nguyên.",
    ReportErasedError: "Chưa gửi. Tin này đã xóa dữ liệu cá nhân nên không nhắn người báo"
    " được nữa.",
    workflow.NotAskedError: "Chưa lưu. Người báo chưa gửi đề nghị rút tin bằng mã của mình. Những gì đã"
    " gõ còn nguyên.",
    corrections.InvalidFactValueError: "Chưa lưu. Máy vừa đọc lại tin này, hoặc giá trị không dùng được."
    " Xem lại rồi bấm lại; những gì đã gõ còn nguyên.",
    corrections.ReporterContactError: NOT_SAVED,
    workflow.NoExtensionLeftError: "Chưa gia hạn. Tin này không còn hạn xác minh nào gia hạn được nữa."
    " Những gì đã gõ còn nguyên.",
}


def error_message(error: ActionError, case: Case, version: int = 0) -> str:
    """Return why a decision was not taken; the officer saw the case at that version."""
    if field_error := _field_error(error):
        return f"Chưa lưu. {field_error[1]} Những gì đã gõ còn nguyên."
    if isinstance(error, DocumentError):
        return f"Chưa lưu. {BANK_ERRORS[error.code]} Những gì đã gõ còn nguyên."
    if type(error) in _IN_ONE_SENTENCE:
        return _IN_ONE_SENTENCE[type(error)]
    if isinstance(error, StaleVersionError):
        return (
            f"Chưa lưu. {_meanwhile(case, version)} Xem lại rồi quyết định; lời đã gõ còn nguyên."
        )
    status = case.get_status_display()
    return f"Chưa lưu. Tin đang ở trạng thái “{status}” nên không làm được việc này."


def _meanwhile(case: Case, version: int) -> str:
    """Return the events since that version in words, newest first."""
    acts = events.events_for("report", case.pk).exclude(kind__in=NO_DECISION)
    count = case.version - version if 0 < version < case.version else 1
    lines = [_event_text(event) for event in acts[: min(count, MAX_EVENTS)]]
    return f"{'; '.join(lines)}." if lines else "Trang này đã cũ."


def _event_text(event: AuditEvent) -> str:
    act = lower_initial(EVENTS.get(event.kind, event.kind))
    return (
        f"{officer_name(event.actor)} vừa xử lý tin này lúc {format_time(event.created_at)}: {act}"
    )


_OUTCOMES = {"not_scam": Case.Outcome.NOT_SCAM.value, "unclear": Case.Outcome.INSUFFICIENT.value}
_NO_REPORT = ("spam_submission", "abuse_prank")


def initial_values(facts: EffectiveFacts) -> dict[str, Mapping[str, Any]]:
    """Return the initial values of the fields, by verb, without a person's words."""
    junk = codes.code_label(facts.scenario) if facts.scenario in _NO_REPORT else ""
    return {
        "hand_over": {"unit": _unit(facts)},
        "receive_on_paper": {"received_on": timezone.localdate()},
        "close": {"outcome": _OUTCOMES.get(facts.scenario or "", "")},
        "junk": {"reason": f"{junk}." if junk else ""},
    }


def suggested_reasons(facts: EffectiveFacts) -> Mapping[str, str]:
    gist = _gist(facts)
    is_placed = bool(gist and _unit(facts))
    return {"hand_over": f"Đúng địa bàn. {gist}" if is_placed else gist, "close": gist}


def _unit(facts: EffectiveFacts) -> str:
    commune = gazetteer.commune_name(facts.commune)
    return units.commune_police_name(commune) if commune else ""


def _gist(facts: EffectiveFacts) -> str:
    """Return scenario and loss in a sentence, "" before triage."""
    if facts.scenario is None:
        return ""
    loss = format_loss(facts.money_lost_vnd).lower()
    return f"{codes.short_label(facts.scenario)}; thiệt hại: {loss}."
