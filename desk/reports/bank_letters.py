"""Letters that ask a bank to hold money: forms, the panel of the report page, the files."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from core.errors import ActionError
from core.province import province
from desk.labels import highlighting
from desk.labels.decisions import BANK_ERRORS
from desk.labels.formatting import format_count, officer_name
from desk.reports.correction_forms import MoneyField
from desk.reports.indicators import IndicatorRow
from reports.cases import documents, workflow
from reports.facts.effective_facts import EffectiveFacts
from reports.models import BankHotline, BankLetter, Case, Indicator, Report
from reports.reference import confirmed_statements

NUMBER = "{}/" + province.letter_code
STATEMENT = "bank_letter"  # the request as two officers confirmed it
REQUEST = f"Đề nghị Quý Ngân hàng kiểm tra, tạm dừng giao dịch đối với số tiền nêu trên theo quy định, và báo kết quả về {province.office_name}, số {province.hotline}."
_OPENING = f"{province.office_name} {province.police} nhận tin báo của người dân bị đối tượng gọi điện lừa đảo, đã chuyển tiền như sau:"
_MISSING = {"required": "Chưa ghi."}
MAX_LETTERS = 20  # shown; a report has few


class LetterForm(forms.Form):
    bank = forms.CharField(label="Ngân hàng nhận tiền", max_length=80, error_messages=_MISSING)
    account = forms.RegexField(
        r"(?:[^0-9]*[0-9]){4,}[^0-9]*",
        label="Số tài khoản nhận",
        max_length=40,
        error_messages=_MISSING | {"invalid": "Ghi số tài khoản, có chữ số."},
    )
    holder = forms.CharField(label="Chủ tài khoản", max_length=120, required=False)
    amount_vnd = MoneyField(
        label="Số tiền", max_length=100, help_text="Ví dụ: 90 triệu.", error_messages=_MISSING
    )
    transferred_when = forms.CharField(
        label="Chuyển lúc", max_length=80, required=False, help_text="Ví dụ: 12:45, 30/11/2026."
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label="Đề nghị",
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        error_messages=_MISSING,
    )

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id="letter_%s", label_suffix="")

    def clean_amount_vnd(self) -> int:
        amount: int | None = self.cleaned_data["amount_vnd"]
        if not amount:
            raise forms.ValidationError("Ghi số tiền đã chuyển.")
        return amount

    def execute(self, case: Case, by: User) -> BankLetter:
        """Return the letter. Raises ActionError; then nothing is written."""
        words = dict(self.cleaned_data)
        version = words.pop("version") or 0
        return workflow.issue_bank_letter(case.pk, by=by, version=version, words=words)

    def add_action_error(self, error: ActionError) -> None:
        if isinstance(error, documents.DocumentError):
            self.add_error("account", BANK_ERRORS[error.code])


class AnswerForm(forms.Form):
    """What a bank says to one letter."""

    frozen_vnd = MoneyField(
        label="Ngân hàng đã giữ lại bao nhiêu",
        max_length=100,
        help_text="Ví dụ: 20 triệu. Không giữ được thì ghi 0.",
        error_messages=_MISSING,
    )
    answer = forms.CharField(label="Họ trả lời thế nào", max_length=1000, required=False)

    def __init__(self, letter: BankLetter, data: Any = None) -> None:
        super().__init__(data, auto_id=f"letter_{letter.pk}_%s", label_suffix="")
        self.letter = letter

    def execute(self, by: User) -> None:
        """Record the answer. Raises ActionError; then nothing is written."""
        documents.record_answer(self.letter, by, **self.cleaned_data)

    def add_action_error(self, error: ActionError) -> None:
        if isinstance(error, documents.DocumentError):
            self.add_error("frozen_vnd", BANK_ERRORS[error.code])


def build_letter_panel(
    report: Report,
    facts: EffectiveFacts,
    rows: Sequence[IndicatorRow],
    typed: LetterForm | AnswerForm | None,
    *,
    has_letters: bool,
) -> dict[str, Any]:
    """Return the letters of a report, the form of the next, and the lines of the banks it names."""
    accounts = [each for each in rows if each.kind == Indicator.Kind.ACCOUNT]
    issued = report.bank_letters.select_related("actor", "answered_by")[:MAX_LETTERS]
    kept = confirmed_statements.statements().get(STATEMENT)
    text = kept.text if kept else REQUEST
    initial = {"text": text, "amount_vnd": _format_dong(facts.money_lost_vnd)}
    for each in accounts[:1]:
        initial |= {"bank": each.bank, "account": each.key, "holder": each.holder}
    answered = typed if isinstance(typed, AnswerForm) else None
    return {
        "letters": [
            (each, answered if answered and answered.letter == each else AnswerForm(each))
            for each in (issued if has_letters else ())
        ],
        "letter_form": typed if isinstance(typed, LetterForm) else LetterForm(initial=initial),
        "bank_lines": _list_lines({each.bank for each in accounts}),
    }


def _list_lines(banks: set[str]) -> list[BankHotline]:
    """Return the emergency lines of the named banks, of all where none of them is known."""
    return confirmed_statements.banks_named_in("\n".join(banks)) or list(
        confirmed_statements.bank_hotlines()
    )


def _format_dong(amount: int | None) -> str:
    return f"{format_count(amount)} đồng" if amount else ""


def render_letter(report: Report, letter: BankLetter, kind: str) -> tuple[bytes, str]:
    """Return a letter in the official form, for a leader's signature, and its media type; `kind`: pdf
    or docx.
    """
    from reports.cases import official_documents  # noqa: PLC0415  # its packages are heavy

    rows = {
        "Ngân hàng nhận": letter.bank,
        "Tài khoản nhận": letter.account,
        "Chủ tài khoản": letter.holder,
        "Số tiền": _format_dong(letter.amount_vnd),
        "Chuyển lúc": letter.transferred_when,
        "Tin báo": f"số {report.public_number}, nhận {timezone.localtime(report.received_at):%H:%M, %d/%m/%Y}",
    }
    drafter = officer_name(letter.actor)
    render, media_type = official_documents.FORMATS[kind]
    document = official_documents.OfficialDocument(
        number=NUMBER.format(letter.number),
        issued_on=timezone.localtime(letter.created_at).date(),
        subject="V/v đề nghị tạm giữ số tiền người dân bị lừa chuyển",
        to=highlighting.plain_line(letter.bank),
        opening=_OPENING,
        facts=tuple((title, highlighting.plain_line(text)) for title, text in rows.items() if text),
        closing=f"{highlighting.plain_text(letter.text).rstrip('.')}./.",
        receivers=("- Như trên;", f"- Lưu: VT, {province.office} ({drafter})."),
        signed_as=province.signature.replace(" / ", "\n"),
        signer="",
    )
    return render(document), media_type
