"""Corrections of the facts of a report: the values in words, and the one form for all of them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet

from core.errors import ActionError
from desk.labels import codes, highlighting
from desk.labels.decisions import NO_VALUE
from desk.labels.formatting import format_count, format_loss
from desk.reports.indicators import IndicatorRow, changes_of, legible, load_removed
from reports.cases import corrections
from reports.cases.corrections import CONFIRMABLE, CorrectedValue, Judgement
from reports.extraction.language import amounts
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.facts.effective_facts import (
    EffectiveFacts,
    effective_facts,
    latest_place,
    typed_place_of,
)
from reports.facts.named_things import NamedChanges, NamedThingError, identify, parse_typed
from reports.models import Case, Correction, ExtractedFacts, Indicator, Report
from reports.reference import gazetteer, office_lexicon

Fact = Correction.Fact
MAX_REASON_CHARS = 1000
MAX_SHOWN_ROWS = 200
MAX_OFFERED = 4  # sums
TITLES = codes.CORRECTABLE_FACTS
_URGENCIES = (90, 70, 50, 30, 10)
_NOT_MONEY = "Chưa hiểu số tiền này. Ghi rõ đơn vị, ví dụ: 20 triệu."
_NO_REASON = "Chưa ghi vì sao sửa."
_NOTHING = "Chưa chọn Đúng, chưa sửa chỗ nào."
_PICKED = "Chọn trong các giá trị nêu trong tin."  # the reason where nothing else was put right
MAX_PLACES = 6
NOT_SAID = "Không nói"
_TOO_LONG = f"Dài quá {MAX_REASON_CHARS} ký tự, viết ngắn lại."


def corrections_of(report: Report) -> QuerySet[Correction]:
    """Return the corrections of a report's facts, newest first."""
    return report.corrections.select_related("actor").order_by("-id")[:MAX_SHOWN_ROWS]


def value_label(fact: str, value: Any) -> str:
    """Return a fact's value in words; None is an unknown loss or commune, or a missing fact."""
    if value is None and fact not in _MAY_BE_UNKNOWN:
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


def _named_label(value: Any) -> str:
    changes = NamedChanges.from_json(value)
    parts = {"Thêm": changes.added, "Bỏ": changes.removed}
    lines = {what: "; ".join(dict.fromkeys(map(legible, rows))) for what, rows in parts.items()}
    return ". ".join(f"{what} {line}" for what, line in lines.items() if line)


_MAY_BE_UNKNOWN = {Fact.MONEY, Fact.COMMUNE}
_LABELS: Mapping[str, Callable[[Any], str]] = {
    Fact.PRIORITY: lambda n: f"{codes.priority_label(n).word} ({n} trên 100)",
    Fact.SCENARIO: codes.code_label,
    Fact.ACTIONS: _listed(codes.code_label),
    Fact.MONEY: lambda dong: format_loss(dong).lower(),
    Fact.ONGOING: lambda is_on: "có" if is_on else "không thấy",
    Fact.OFFICES: _listed(codes.claim_label),
    Fact.COMMUNE: lambda codename: gazetteer.commune_name(codename) or "chưa rõ",
    Fact.NAMED: _named_label,
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


def list_homonyms(report: Report) -> list[str]:
    """Return the communes that the typed place may mean, [] where it means one or none."""
    return list_meant(typed_place_of(report))


def list_meant(typed: str) -> list[str]:
    """Return the communes that a typed place may mean, [] where it means one or none."""
    communes = gazetteer.list_communes()
    means = gazetteer.match_place(typed, communes).candidates
    return [each.label for each in communes if each.codename in means]


def place_label(report: Report, facts: EffectiveFacts) -> str:
    """Return the commune where the reporter lives, or the text typed for it, with an officer's word."""
    told = told_place(report, facts)
    if Fact.COMMUNE not in facts.corrected:
        return told
    return f"{value_label(Fact.COMMUNE, facts.commune)} (cán bộ ghi; người báo: {told})"


def told_place(report: Report, facts: EffectiveFacts) -> str:
    typed = typed_place_of(report)
    name = gazetteer.commune_name(facts.told_commune) or (f"“{typed}”" if typed else NOT_SAID)
    return f"{name}{', kể sau khi gửi tin' if latest_place(report) else ''}"


def home_label(report: Report, facts: EffectiveFacts) -> str:
    """Return the commune for its row, with those that an old name may mean."""
    if Fact.COMMUNE in facts.corrected:
        return value_label(Fact.COMMUNE, facts.commune)
    place = highlighting.plain_line(told_place(report, facts))
    if facts.commune or not typed_place_of(report):
        return place
    names = list_homonyms(report)
    several = f"{len(names)} nơi cùng tên cũ"  # of which the page lets choose
    return f"{place}: {several if names else 'chưa tìm thấy xã, phường này'}"


class CommuneField(forms.CharField):
    """The codename of a commune by its present or former name; None where empty."""

    def clean(self, value: Any) -> str | None:
        typed = super().clean(value)
        match = gazetteer.match_place(typed, gazetteer.communes())
        if match.candidates:
            labels = {each.codename: each.label for each in gazetteer.communes()}
            names = "; ".join(labels[code] for code in match.candidates[:MAX_PLACES])
            raise forms.ValidationError(
                f"Có {len(match.candidates)} nơi tên này: {names}. Chọn một nút, hoặc ghi đủ một tên."
            )
        if match.flag:
            raise forms.ValidationError(
                "Trong tỉnh không có xã, phường này. Ghi tên mới hoặc tên cũ."
            )
        return match.codename


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
        required=False,
        empty_value=None,
        error_messages={"invalid_choice": NO_VALUE},
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
    Fact.COMMUNE: lambda: CommuneField(
        required=False,
        max_length=gazetteer.MAX_LENGTH,
        widget=forms.TextInput({"list": "communes", "autocomplete": "off"}),
        help_text="Tên mới hoặc tên cũ. Để trống nếu chưa rõ.",
    ),
}
_ADDED: Mapping[str, tuple[str, str]] = {
    Indicator.Kind.NUMBER: ("Thêm số của đối tượng", "Ví dụ: 0550 000 123."),
    Indicator.Kind.ACCOUNT: ("Thêm tài khoản nhận tiền", "Ngân hàng rồi số, ví dụ: MB 0000123456."),
    Indicator.Kind.LINK: ("Thêm đường dẫn", "Ví dụ: ten-mien[.]example/nop-tien."),
    Indicator.Kind.PERSON: ("Thêm tên, chức vụ họ nêu", "Nhiều mục thì ngăn bằng dấu chấm phẩy."),
}
_UNREADABLE: Mapping[str, str] = {
    Indicator.Kind.NUMBER: "Chưa hiểu số này. Ghi đủ chữ số, ví dụ: 0550 000 123.",
    Indicator.Kind.ACCOUNT: "Chưa thấy số tài khoản. Ghi ngân hàng rồi số, ví dụ: MB 0000123456.",
    Indicator.Kind.LINK: "Chưa thấy đường dẫn. Ví dụ: ten-mien.example/nop-tien.",
    Indicator.Kind.PERSON: "Ghi tên hoặc chức vụ, dài nhất 80 ký tự mỗi mục.",
    "card": "Đây là số thẻ. Trang không giữ số thẻ; ghi số tài khoản nhận tiền.",
    "hotline": "Đây là đường dây nóng của cơ quan, không phải số của đối tượng.",
}
_OWN = "Đây là số hoặc địa chỉ của chính người báo, không ghi được vào đây."


class FactsForm(forms.Form):
    """All that an officer says of a report's facts in one save; what is left as it was says nothing."""

    version = forms.IntegerField(required=False)
    reason = forms.CharField(
        label="Vì sao sửa",
        max_length=MAX_REASON_CHARS,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"max_length": _TOO_LONG},
    )
    right = forms.MultipleChoiceField(choices=_named(CONFIRMABLE, str), required=False)
    back = forms.MultipleChoiceField(choices=_named(TITLES, str), required=False)

    def __init__(self, report: Report, rows: Sequence[IndicatorRow], data: Any = None) -> None:
        self.meant = list_meant(data.get(Fact.COMMUNE, "")) if data else []
        if data and (picked := data.get("pick_commune")) in self.meant:
            data = data.copy()
            data[Fact.COMMUNE] = picked
        super().__init__(data, auto_id="fact_%s", label_suffix="")
        self.rows, self.changes, facts = rows, changes_of(report), effective_facts(report)
        if "ongoing" not in facts.corrected and codes.may_be_pressed(
            getattr(report, "facts", None)
        ):
            facts = replace(facts, ongoing=None)  # either answer says something
        for fact, build in _FIELDS.items():
            self._add(fact, build(), _initial_value(fact, getattr(facts, fact)))
        names = {row.name: f"{row.text} ({row.what})" for row in [*rows, *load_removed(report)]}
        self._add(Fact.NAMED, _boxes(list(names.items())), [row.name for row in rows])
        self.fields[Fact.NAMED].label = "Có trong tin (bỏ dấu là bỏ khỏi tin)"
        for kind, (label, hint) in _ADDED.items():
            field = forms.CharField(label=label, help_text=hint, required=False, max_length=300)
            self.fields[f"add_{kind}"] = field
        self.offers = dict(_list_offers(report))
        if self.meant:
            self.offers[Fact.COMMUNE] = [(label, label) for label in self.meant[:MAX_PLACES]]
        for fact, offers in self.offers.items():
            picks = [(typed, label) for label, typed in offers]
            self.fields[f"pick_{fact}"] = forms.ChoiceField(
                choices=picks, required=False, widget=forms.RadioSelect
            )

    def _add(self, fact: str, field: forms.Field, initial: Any) -> None:
        """Add the field of a fact, with what the page shows now: triage may read on meanwhile."""
        field.label, field.initial, field.show_hidden_initial = TITLES[fact], initial, True
        self.fields[fact] = field

    def questions(self, fact: str) -> list[forms.BoundField]:
        added = [self[f"add_{kind}"] for kind in _ADDED] if fact == Fact.NAMED else []
        boxes = getattr(self.fields[fact], "choices", True)  # a report may name nothing
        return [*([self[fact]] if boxes else []), *added]

    def is_open(self, fact: str) -> bool:
        """Return whether something was typed for the fact."""
        names = {each.name for each in self.questions(fact)}
        touched = names & {*self.errors, *self.changed_data} if self.is_bound else set()
        return bool(touched) or fact in self.ticked("back")

    def ticked(self, name: str) -> list[str]:
        return self.fields[name].widget.value_from_datadict(self.data, self.files, name) or []

    def clean(self) -> dict[str, Any]:
        values = dict(self._list_values())
        picked = {fact for fact in values if fact not in self.changed_data and fact != Fact.NAMED}
        back = [fact for fact in self.cleaned_data.get("back", ()) if fact not in values]
        if values.get(Fact.NAMED) == NamedChanges().to_json():
            del values[Fact.NAMED]
            back.append(Fact.NAMED)
        right = [
            fact for fact in self.cleaned_data.get("right", ()) if fact not in {*values, *back}
        ]
        reason = self.cleaned_data.get("reason", "") or (_PICKED if picked == values.keys() else "")
        if values and not reason and "reason" not in self.errors:
            self.add_error("reason", _NO_REASON)
        if not (values or back or right or self.errors):
            raise forms.ValidationError(_NOTHING)
        self.judgement = Judgement(
            corrected=[CorrectedValue(fact, value) for fact, value in values.items()],
            confirmed=[CorrectedValue(fact, self._read_seen(fact)) for fact in right],
            reverted=back,
            reason=reason,
        )
        return self.cleaned_data

    def _list_values(self) -> Iterator[tuple[str, Any]]:
        """Yield what was typed, or picked among the offers."""
        for fact in _FIELDS:
            pick = self.cleaned_data.get(f"pick_{fact}")
            value = self.cleaned_data.get(fact)
            if fact in self.changed_data:
                if fact not in self.errors and (value is not None or fact in _MAY_BE_UNKNOWN):
                    yield fact, value
            elif pick:
                yield fact, self.fields[fact].clean(pick)
        if changes := self._read_named():
            yield Fact.NAMED, changes.to_json()

    def _read_named(self) -> NamedChanges | None:
        """Return the changes in force after this save, None where nothing was said of them."""
        bound = self[Fact.NAMED]
        field = self.fields[Fact.NAMED]
        before = set(
            field.hidden_widget().value_from_datadict(
                self.data, self.files, bound.html_initial_name
            )
        )
        after = set(self.cleaned_data.get(Fact.NAMED, before))
        added = [each for kind in _ADDED for each in self._read_added(kind)]
        added += [each for each in self.changes.removed if identify(each) in after - before]
        present = [row.indicator for row in self.rows]
        changes = self.changes.change(present, before - after, added)
        return None if changes == self.changes else changes

    def _read_added(self, kind: str) -> list[Indicator]:
        name, present = f"add_{kind}", {row.name for row in self.rows}
        try:
            rows = list(parse_typed(kind, self.cleaned_data.get(name, "")))
        except NamedThingError as error:
            self.add_error(name, _UNREADABLE[error.code])
            return []
        if any(identify(each) in present for each in rows):
            self.add_error(name, "Đã có trong tin.")
        return rows

    def _read_seen(self, fact: str) -> Any:
        """Return what the machine had read on the officer's page; "" is the value of no fact."""
        try:
            return json.loads(self.data.get(f"seen_{fact}", ""))
        except ValueError:
            return ""

    def execute(self, case: Case, by: User) -> Case:
        """Store all that was said and return the case. Raises ActionError; then nothing is written."""
        version = self.cleaned_data["version"] or 0
        return corrections.judge_facts(case.pk, by=by, version=version, judgement=self.judgement)

    def add_action_error(self, error: ActionError) -> None:
        if isinstance(error, corrections.ReporterContactError):
            self.add_error(f"add_{error.code}", _OWN)


def _list_offers(report: Report) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the facts of which the report tells several values, with these as (label, what is typed)."""
    said = report.case.corrections_json
    extracted: ExtractedFacts | None = getattr(report, "facts", None)
    if extracted and Fact.MONEY not in said and (sums := list(offered_sums(extracted))):
        yield Fact.MONEY, sums
    is_placed = effective_facts(report).commune or Fact.COMMUNE in said
    if not is_placed and (homonyms := list_homonyms(report)[:MAX_PLACES]):
        yield Fact.COMMUNE, [(label, label) for label in homonyms]


def _initial_value(fact: str, current: Any) -> Any:
    """Return what the field of a fact shows first, as it would be typed."""
    if fact in {Fact.ACTIONS, Fact.OFFICES}:
        return list(current or ())
    if current is None or fact == Fact.PRIORITY:
        return ""
    if fact == Fact.ONGOING:
        return "yes" if current else "no"
    if fact == Fact.MONEY:
        return f"{format_count(current)} đồng"
    return gazetteer.commune_name(current) if fact == Fact.COMMUNE else current
