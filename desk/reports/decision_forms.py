"""The decisions: labels, forms and messages of error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet

from core.audit import events
from core.errors import ActionError, StaleVersionError
from core.models import AuditEvent
from core.permissions import users_with_permission
from core.province import province
from core.text import lower_initial
from desk.labels import codes
from desk.labels.events import EVENTS
from desk.labels.formatting import format_loss, format_time, officer_name
from reports.cases import corrections, transitions, visibility, workflow
from reports.cases.documents import DocumentError
from reports.cases.legal_holds import ReportErasedError
from reports.facts.effective_facts import EffectiveFacts
from reports.models import Case
from reports.models.reference import MAX_NAME_LENGTH
from reports.reference import gazetteer, units

MAX_REASON_CHARS = 4000
MAX_EVENTS = 5  # events of colleagues, after a lost race
# Events that do not change the case.
NO_DECISION = (
    "revealed", "refused", "reprocessed", "one_time_word_issued", "code_replaced",
    "filed", "deadline_soon", "deadline_overdue", "fact_confirmed", "transfer_slip_printed",
    "bank_letter_printed", "bank_letter_answered",
)  # fmt: skip

_NEVER = "Không hỏi mã, không hỏi số thẻ, không gửi đường link."


@dataclass(frozen=True)
class ActionLabel:
    """The texts of a verb; `asks` is the label of the reason, "" without one."""

    title: str
    done: str
    asks: str = ""
    hint: str = ""
    css: str = ""


ACTION_LABELS: Mapping[str, ActionLabel] = {
    "contact": ActionLabel("Ghi kết quả liên hệ", "Đã ghi kết quả liên hệ."),
    "take": ActionLabel("Nhận xử lý", "Đã nhận xử lý.", css="primary"),
    "resume": ActionLabel(
        "Xử lý tiếp, không chờ nữa", "Đã chuyển sang đang xác minh.", css="primary"
    ),
    "note": ActionLabel("Ghi chú nội bộ", "Đã ghi chú.", "Ghi chú"),
    "assign": ActionLabel("Phân công", "Đã phân công."),
    "assign_unit": ActionLabel("Giao đơn vị xử lý", "Đã giao đơn vị."),
    "recall": ActionLabel(
        f"Thu tin về {province.office}", f"Đã thu về {province.office}.", "Vì sao thu về"
    ),
    "ask": ActionLabel(
        "Hỏi thêm người báo",
        "Đã chuyển sang chờ người báo.",
        "Cần hỏi điều gì",
        f"Người báo đọc nguyên văn câu này khi mở tin bằng mã. {_NEVER}",
    ),
    "message": ActionLabel(
        "Nhắn người báo",
        "Đã nhắn. Người báo đọc được khi mở tin bằng mã.",
        "Lời nhắn",
        f"Người báo đọc nguyên văn, không thấy tên cán bộ. Trạng thái giữ nguyên. {_NEVER}",
    ),
    "hand_over": ActionLabel("Lập phiếu chuyển đơn vị", "Đã chuyển đơn vị.", "Lý do chuyển"),
    "close": ActionLabel("Kết thúc xử lý", "Đã kết thúc xử lý.", "Lý do"),
    "junk": ActionLabel("Tin rác", "Đã đánh dấu tin rác.", "Vì sao là tin rác"),
    "withdraw": ActionLabel("Người báo đề nghị rút", "Đã ghi nhận.", "Người báo nói gì"),
    "second": ActionLabel(
        "Đồng ý xóa khi hết hạn giữ", "Đã ghi hai người đồng ý. Hết hạn giữ thì tin được xóa."
    ),
    "reopen": ActionLabel("Mở lại", "Đã mở lại.", "Vì sao mở lại"),
    "act": ActionLabel(
        "Xác định là tin báo về tội phạm",
        "Đã phân loại là tin báo về tội phạm.",
        "Dấu hiệu gì, gửi cơ quan nào",
        "Ghi rõ tên cơ quan tiếp nhận.",
        css="danger",
    ),
    "extend": ActionLabel(
        "Gia hạn xác minh tin báo",
        "Đã gia hạn. Hạn mới ghi ở đầu trang.",
        "Ai quyết định, theo văn bản nào",
        "Gia hạn được nhiều nhất hai lần. Hạn mới tính từ ngày phân loại.",
    ),
}
# The shortcut that presses the button, or opens its form.
SHORTCUT_KEYS: Mapping[str, str] = {
    "contact": "b", "take": "n", "resume": "t", "note": "g", "assign": "p", "assign_unit": "v", "recall": "l",
    "ask": "h", "message": "m", "hand_over": "c", "close": "x", "junk": "r", "withdraw": "u",
    "second": "y", "reopen": "o", "act": "d", "extend": "e",
}  # fmt: skip
MISSING = {
    "reason": "Chưa ghi lý do.",
    "unit": "Chưa ghi đơn vị nhận.",
    "outcome": "Chưa chọn kết quả.",
    "contact": "Chưa chọn kết quả liên hệ.",
    "officer": "Chưa chọn cán bộ.",
}
NOT_RELEASED = {
    "reason": "Chưa cho lấy mã. Chưa ghi lý do.",
    "phrase": "Chưa cho lấy mã. Hiện câu hẹn, nghe người gọi đọc đúng câu ấy, rồi bấm lại trong"
    " vòng 15 phút. Lời đã gõ còn nguyên.",
}
PENDING = {
    workflow.ONGOING: "còn đang bị ép",
    workflow.UNCALLED: "chưa ai gọi được",
    workflow.WRITTEN: "có lời chưa ai trả lời",
    workflow.OPEN_REQUEST: "có đề nghị chưa trả lời",
    workflow.MONEY_GONE: "mất tiền mà chưa báo ngân hàng nào",
}
# What an officer says where a decision is asked for once more.
_ALL_THE_SAME = {
    "close": "vẫn kết thúc", "hand_over": "vẫn chuyển, hạn gọi còn nguyên",
    "junk": "vẫn đánh dấu tin rác", "withdraw": "vẫn ghi nhận rút tin",
}  # fmt: skip
NO_VALUE = "Chưa chọn giá trị đúng."
NO_UNIT = "Chưa có đơn vị này trong bảng đơn vị. Chọn một tên trong danh sách, ví dụ: Công an xã Yên Định."
NO_LINKS = "Trang đã hứa với người báo là không gửi đường link. Bỏ đường link đi rồi gửi."

BANK_ERRORS = {
    "same": "Đã có công văn về tài khoản và số tiền này, ngân hàng chưa trả lời.",
    "answered": "Công văn này đã có trả lời.",
    "amount": "Số tiền giữ lại lớn hơn số tiền đã đề nghị.",
}
FORBIDDEN = {
    "secret": "Trang đã hứa là không cán bộ nào hỏi mã OTP, mật khẩu, số thẻ. Lời này dễ hiểu thành"  # nosec B105
    " hỏi những thứ ấy; nói cách khác, ví dụ: Bác có lỡ để lộ mã nào không?",
    "number": "Chỉ ghi được số công bố của cơ quan. Bỏ số điện thoại khác đi; số người báo đã nêu"
    " thì viết “số bạn đã báo”.",
    "blank": "Còn chỗ trống trong ngoặc nhọn, như {so_tin}, chưa điền. Điền hoặc bỏ đi rồi gửi.",
    "unit": "Người báo đọc nguyên văn tên đơn vị. Chỉ ghi tên, không ghi số điện thoại, đường link.",
}


class OfficerField(forms.ModelChoiceField[User]):
    def label_from_instance(self, obj: Any) -> str:
        membership = getattr(obj, "membership", None)
        return f"{officer_name(obj)}{f', {membership.unit}' if membership else ''}"


def assignable_officers() -> QuerySet[User]:
    able = users_with_permission("reports.decide_case")
    officers = visibility.officers_in_scope(able).order_by("username")
    return officers.select_related("membership__unit")


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
    contact = forms.ChoiceField(choices=Case.Contact.choices, required=False)
    outcome = forms.ChoiceField(
        label="Kết quả", choices=[("", "Chọn kết quả…"), *Case.Outcome.choices], required=False
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

    def __init__(
        self,
        verb: str,
        data: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        *,
        suggestion: str = "",
        waits: Sequence[str] = (),
    ) -> None:
        super().__init__(data, initial=dict(initial or {}), auto_id=f"{verb}_%s", label_suffix="")
        self.verb, self.act, self.key = verb, ACTION_LABELS[verb], SHORTCUT_KEYS.get(verb, "")
        self.address = f"admin:reports_report_{verb}"
        has_preview = transitions.TABLE[verb].messages_reporter
        self.compose = f"admin:reports_report_compose_{verb}" if has_preview else ""
        self.blockers, waits = waits, workflow.list_asked(verb, waits)
        self.suggestion, self.waits = suggestion, ", ".join(PENDING[code] for code in waits)
        names = {*transitions.TABLE[verb].required_fields, "version"}
        names |= {"suggested"} if suggestion else set()
        names |= {"anyway"} if waits else set()
        for name in self.fields.keys() - names:
            del self.fields[name]
        if isinstance(officer := self.fields.get("officer"), OfficerField):
            officer.queryset = assignable_officers()
        if "reason" in names:
            self.fields["reason"].label = self.act.asks
            self.fields["reason"].help_text = self.act.hint
        if waits:
            self.fields["anyway"].label = f"Người báo {self.waits}. Tôi {_ALL_THE_SAME[verb]}"

    def questions(self) -> list[forms.BoundField]:
        """Return the fields to fill in, without version and what buttons send."""
        return [field for field in self if field.name not in {"version", "suggested", "contact"}]

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        suggested, anyway = values.pop("suggested", ""), values.pop("anyway", True)
        if suggested and not values.get("reason", "").strip():
            values["reason"] = suggested
        outcome = values.get("outcome") or ""
        if not anyway and workflow.list_asked(self.verb, self.blockers, outcome):
            text = f"Chưa lưu. Người báo {self.waits}. Đã xem thì đánh dấu ô này rồi bấm lại."
            self.add_error("anyway", text)
        return values

    def execute(self, case: Case, by: User) -> Case:
        """Execute the verb and return the case. Raises ActionError; then nothing is written."""
        values = self.cleaned_data | {"version": self.cleaned_data["version"] or 0}
        return workflow.decide(self.verb, case.pk, by=by, **values)

    def add_action_error(self, error: ActionError) -> None:
        if field_error := _field_error(error):
            self.add_error(*field_error)


def _field_error(error: ActionError) -> tuple[str, str] | None:
    if isinstance(error, workflow.ReasonMissingError):
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
    corrections.InvalidFactValueError: f"Chưa lưu. {NO_VALUE} Những gì đã gõ còn nguyên.",
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


def initial_values(facts: EffectiveFacts) -> dict[str, Mapping[str, str]]:
    """Return the initial values of the fields, by verb, without a person's words."""
    junk = codes.code_label(facts.scenario) if facts.scenario in _NO_REPORT else ""
    return {
        "hand_over": {"unit": _unit(facts)},
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
