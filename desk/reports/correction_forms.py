"""Corrections of extracted facts: the values in words, and the form."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet

from core.errors import ActionError
from desk.labels import codes
from desk.labels.formatting import format_count, format_loss
from desk.reports.decision_forms import NO_VALUE
from reports.cases import corrections, workflow
from reports.cases.corrections import CorrectedValue
from reports.extraction.language import amounts
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.models import Case, Correction, ExtractedFacts, Report
from reports.reference import office_lexicon

Fact = Correction.Fact
MAX_REASON_CHARS = 1000
MAX_SHOWN_ROWS = 200
MAX_OFFERED = 4  # sums
TITLES = codes.CORRECTABLE_FACTS
_URGENCIES = (90, 70, 50, 30, 10)
_NOT_MONEY = "Chưa hiểu số tiền này. Ghi rõ đơn vị, ví dụ: 20 triệu."
_NO_REASON = "Chưa ghi vì sao."
_TOO_LONG = f"Dài quá {MAX_REASON_CHARS} ký tự, viết ngắn lại."


def corrections_of(report: Report) -> QuerySet[Correction]:
    """Return the corrections of a report's facts, newest first."""
    return report.corrections.select_related("actor").order_by("-id")[:MAX_SHOWN_ROWS]


def value_label(fact: str, value: Any) -> str:
    """Return a fact's value in words; None is an unknown loss or a missing fact."""
    if value is None and fact != Fact.MONEY:
        return "chưa có"
    return _LABELS[fact](value)


def correction_line(correction: Correction) -> str:
    title = TITLES[correction.fact]
    if not correction.is_active:
        return f"{title}, theo máy như cũ"
    value = value_label(correction.fact, correction.value)
    return "; ".join(filter(None, (f"{title}: {value}", correction.reason)))


def _listed(label: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda values: "; ".join(map(label, values)) or "chưa thấy"


_LABELS: Mapping[str, Callable[[Any], str]] = {
    Fact.PRIORITY: lambda n: f"{codes.priority_label(n).word} ({n} trên 100)",
    Fact.SCENARIO: codes.code_label,
    Fact.ACTIONS: _listed(codes.code_label),
    Fact.MONEY: lambda dong: format_loss(dong).lower(),
    Fact.ONGOING: lambda is_on: "có" if is_on else "không thấy",
    Fact.OFFICES: _listed(codes.claim_label),
}


def offered_sums(extracted: ExtractedFacts) -> Iterator[tuple[str, str]]:
    """Yield the sums of which an officer may choose the loss: none, the paid ones, all of them."""
    loss = extracted.loss
    paid = [each["vnd"] for each in loss.get("sums", ()) if each["role"] == "paid"][:MAX_OFFERED]
    if loss.get("proposed_vnd") is not None or not paid:
        return
    yield "Không mất", "0"
    for dong in dict.fromkeys(paid):
        yield format_loss(dong), f"{dong} đồng"
    if len(paid) > 1:
        yield f"Cả {format_loss(sum(paid))}", f"{sum(paid)} đồng"


class MoneyField(forms.CharField):
    """An amount in words or figures; None where empty."""

    def clean(self, value: Any) -> int | None:
        amount = amounts.parse_money_field(super().clean(value))
        if amount.value is None and amount.problem != "empty":
            raise forms.ValidationError(_NOT_MONEY)
        return amount.value


def _choice(choices: list[tuple[Any, str]], coerce: Callable[[Any], Any]) -> forms.Field:
    return forms.TypedChoiceField(
        choices=[("", "Chọn…"), *choices],
        coerce=coerce,
        error_messages={"required": NO_VALUE, "invalid_choice": NO_VALUE},
    )


def _boxes(choices: list[tuple[Any, str]]) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": NO_VALUE},
    )


def _named(values: Any, label: Callable[[str], str]) -> list[tuple[Any, str]]:
    return [(code, label(code)) for code in values]


_FIELDS: Mapping[str, Callable[[], forms.Field]] = {
    Fact.PRIORITY: lambda: _choice([(n, codes.priority_label(n).word) for n in _URGENCIES], int),
    Fact.SCENARIO: lambda: _choice(_named(scenario_codes(), codes.code_label), str),
    Fact.ACTIONS: lambda: _boxes(_named(action_codes(), codes.code_label)),
    Fact.MONEY: lambda: MoneyField(
        required=False,
        max_length=100,
        help_text="Ví dụ: 20 triệu. Ghi 0 nếu không mất; để trống nếu chưa rõ.",
    ),
    Fact.ONGOING: lambda: _choice(
        [("yes", "Có, đang bị ép"), ("no", "Không")], lambda answer: answer == "yes"
    ),
    Fact.OFFICES: lambda: _boxes(_named(office_lexicon.codes(), codes.claim_label)),
}


class CorrectionForm(forms.Form):
    version = forms.IntegerField(required=False)
    reason = forms.CharField(
        label="Vì sao",
        max_length=MAX_REASON_CHARS,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"max_length": _TOO_LONG, "required": _NO_REASON},
    )

    def __init__(self, fact: str, data: Any = None, *, current: Any = None) -> None:
        initial = {"value": _initial_value(fact, current)}
        super().__init__(data, initial=initial, auto_id=f"correct_{fact}_%s", label_suffix="")
        self.fact = fact
        self.fields["value"] = _FIELDS[fact]()
        self.fields["value"].label = f"{TITLES[fact]} đúng là"
        self.order_fields(["version", "value", "reason"])

    def questions(self) -> list[forms.BoundField]:
        return [self["value"], self["reason"]]

    def carry_out(self, case: Case, by: User) -> Case:
        """Store the correction and return the case. Raises ActionError; then nothing is written."""
        values = self.cleaned_data
        return corrections.correct_fact(
            case.pk,
            by=by,
            version=values["version"] or 0,
            right=CorrectedValue(self.fact, values["value"]),
            reason=values["reason"],
        )

    def add_action_error(self, error: ActionError) -> None:
        if isinstance(error, corrections.InvalidFactValueError):
            self.add_error("value", NO_VALUE)
        elif isinstance(error, workflow.ReasonMissingError):
            self.add_error("reason", _NO_REASON)


def _initial_value(fact: str, current: Any) -> Any:
    """Return the initial value of the field: the current one, of a yes or no the opposite."""
    if fact in {Fact.ACTIONS, Fact.OFFICES}:
        return list(current or ())
    if fact == Fact.ONGOING:
        return "no" if current else "yes"
    return "" if fact != Fact.MONEY or current is None else f"{format_count(current)} đồng"
