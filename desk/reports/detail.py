"""The contents of the report page: evidence, the machine's reading, the event log."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.forms import BoundField

from core.audit import events
from core.models import AuditEvent
from desk.labels import codes, highlighting
from desk.labels.events import event_line
from desk.labels.formatting import in_quotes, officer_name
from desk.labels.highlighting import HighlightSpan, TruncatedText
from desk.reports import correction_forms
from desk.reports.correction_forms import NOT_SAID, Fact, FactsForm
from desk.reports.followups import list_call_details
from desk.reports.indicators import IndicatorRow
from reports.extraction import evaluation, story_reader
from reports.extraction.danger import DANGER
from reports.extraction.language.scoring import is_model_reason, is_remainder
from reports.extraction.loss.classifier import UNCLEAR
from reports.facts.choices import actions_for, list_answers
from reports.facts.effective_facts import EffectiveFacts, latest_place
from reports.models import Correction, ExtractedFacts, Indicator, Report
from reports.reference import gazetteer

MAX_EVENTS = 200
MIN_CLEAR_POINTS = 1.5  # from which a word or pair is highlighted in the story
MAX_WHY_URGENT, MAX_QUOTE_CHARS, MAX_IN_SHORT = 4, 80, 6
_LOSSES_WITHOUT_SUM = {"some": "có mất, chưa rõ bao nhiêu", "not_said": "không nói"}
_DENIAL = "none: said"  # the rule of "chưa mất gì" beside a payment
# The rows of the machine's reading, in the order of the page: what rests on what stands below it.
_ROWS = {
    Fact.SCENARIO: "Kiểu lừa",
    Fact.OFFICES: "Họ xưng",
    Fact.ACTIONS: "Họ đòi",
    Fact.MONEY: "Thiệt hại",
    Fact.ONGOING: "Đang bị ép",
    Fact.COMMUNE: "Nơi ở",
    Fact.NAMED: "Có trong tin",
    Fact.PRIORITY: "Vì sao gấp",
}
_REASON_OF = {str(Fact.OFFICES): "office"}
_SUMMARY = (Fact.SCENARIO, Fact.ACTIONS, Fact.MONEY, Fact.ONGOING)
_QUOTED = {Fact.MONEY, Fact.ONGOING}
_DECLARED = "declared: "


@dataclass(frozen=True)
class ExplanationRow:
    points: str
    text: str
    quote: str = ""


@dataclass(frozen=True)
class FactReading:
    """A fact as a row of the page: in words, how sure, and what an officer says of it.

    `seen` is what the machine read, as JSON, to be confirmed; `before` says what stood there before
    it was put right.
    """

    fact: str
    name: str
    value: str
    form: FactsForm
    quote: str = ""
    certainty: str = ""
    seen: str = ""
    before: str = ""
    word: Correction | None = None

    @property
    def is_corrected(self) -> bool:
        return self.word is not None and not self.word.is_confirmation

    @property
    def pick(self) -> BoundField | None:
        """Return the question which of several values told is right, None without such."""
        is_offered = self.fact in self.form.offers and (not self.word or self.form.is_bound)
        return self.form[f"pick_{self.fact}"] if is_offered else None

    @property
    def questions(self) -> list[BoundField]:
        return self.form.questions(self.fact)

    @property
    def is_open(self) -> bool:
        return self.form.is_open(self.fact)

    @property
    def is_right(self) -> bool:
        return self.fact in self.form.ticked("right")

    @property
    def is_taken_back(self) -> bool:
        return self.fact in self.form.ticked("back")


@dataclass(frozen=True)
class LogLine:
    at: datetime
    who: str
    text: str


def extracted_facts(report: Report) -> ExtractedFacts | None:
    """Return the extracted facts, None before triage."""
    extracted: ExtractedFacts | None = getattr(report, "facts", None)
    return extracted


def story(report: Report, rows: Sequence[IndicatorRow]) -> TruncatedText:
    """Return the story with the words highlighted that facts rest on."""
    extracted = extracted_facts(report)
    spans = [*_spans(extracted.reasons if extracted else []), *_spans_of_things(report, rows)]
    return highlighting.truncate(report.story, spans)


def _spans_of_things(report: Report, rows: Sequence[IndicatorRow]) -> Iterator[HighlightSpan]:
    """Yield where the story names the home, numbers, accounts and links, each once."""
    head = report.story[: highlighting.MAX_CHARS]
    source = Indicator.IndicatorSource.STORY
    named = {row.indicator.raw: Fact.NAMED for row in rows if row.indicator.source == source}
    for words, fact in (named | {latest_place(report): Fact.COMMUNE}).items():
        if words and (start := head.find(words)) >= 0:
            yield HighlightSpan(start, start + len(words), "", frozenset([fact]))


def _spans(reasons: Iterable[dict[str, Any]]) -> Iterator[HighlightSpan]:
    for reason in reasons:
        start, end, fact = reason.get("start"), reason.get("end"), reason["fact"]
        if _is_clear(reason) and isinstance(start, int) and isinstance(end, int):
            yield HighlightSpan(start, end, _speaks_for(reason), frozenset([_row_of(fact)]))


def _row_of(fact: str) -> str:
    """Return the row that a reason speaks for; who was called and how lately make it urgent."""
    return {"office": Fact.OFFICES, "stages": "stages"}.get(
        fact, fact if fact in _ROWS else Fact.PRIORITY
    )


def _is_clear(reason: dict[str, Any]) -> bool:
    """Return whether the words weigh enough to be highlighted."""
    if reason.get("fact") == "priority":
        return codes.is_danger(reason["rule"])
    if reason.get("fact") == DANGER or is_remainder(reason["rule"]):
        return False
    return bool(reason["points"] >= (MIN_CLEAR_POINTS if is_model_reason(reason["rule"]) else 0))


def _speaks_for(reason: dict[str, Any]) -> str:
    if reason["fact"] == "priority":
        return f"Vì sao gấp: {codes.rule_label(reason['rule'])}"
    title: str = codes.FACTS.get(reason["fact"], reason["fact"])
    if reason["fact"] in {"scenario", "actions"}:
        return f"{title}: {codes.code_label(reason['rule'].partition(':')[0])}"
    return f"{title}: {_stage_of(reason)}" if reason["fact"] == "stages" else title


def _stage_of(reason: dict[str, Any]) -> str:
    return codes.stage_label(reason["rule"].partition(":")[0])


def form_answers(report: Report, facts: EffectiveFacts) -> list[tuple[str, str]]:
    """Return the answers of the form besides the story, as (title, text)."""
    answers = {True: "Có", False: "Không", None: NOT_SAID}
    money = {True: "Đã mất", False: "Chưa", None: NOT_SAID}[report.money_lost]
    rows = [
        ("Số gọi đến", report.caller_number or ("Đã xóa" if report.erased_at else "Không ghi")),
        ("Phương thức liên lạc", report.get_channel_display() if report.channel else NOT_SAID),
        ("Đối tượng tự xưng", codes.office_label(report.claimed_office) or NOT_SAID),
        ("Tên, chức vụ tự xưng", report.claimed_name),
        ("Yêu cầu của đối tượng", "; ".join(map(codes.demand_label, report.demands)) or NOT_SAID),
        *list_call_details(report),
        ("Thiệt hại", " ".join(filter(None, (money, in_quotes(report.money_lost_raw))))),
        ("Còn bị ép", answers[report.happening_now]),
        ("Xã, phường", correction_forms.place_label(report, facts)),
        ("Báo thay người khác", "Có" if report.on_behalf else ""),
        *list_answers(report.answers),
        ("Cán bộ sửa", _changes_text(report)),
        ("Nguồn", _format_source(report)),
    ]
    return [(title, highlighting.plain_line(text)) for title, text in rows if text]


def _format_source(report: Report) -> str:
    """Return the source; for a program its name and its own id of the report as well."""
    program = str(report.api_client or "")
    return ", ".join(filter(None, (report.get_source_display(), program, report.external_id)))


def warnings(report: Report) -> list[str]:
    """Return the notes on the report's flags and on hidden characters."""
    in_own_row = (gazetteer.UNKNOWN, gazetteer.AMBIGUOUS)  # _home_text
    notes = [codes.flag_label(code) for code in report.all_flags if code not in in_own_row]
    return notes + highlighting.note_odd_letters(report.story)


def list_readings(
    report: Report,
    facts: EffectiveFacts,
    corrections: Sequence[Correction],
    rows: Sequence[IndicatorRow],
    form: FactsForm,
) -> list[FactReading]:
    """Return the rows of the page; `corrections` are newest first."""
    extracted, words = extracted_facts(report), {each.fact: each for each in reversed(corrections)}
    named = "; ".join(row.text for row in rows[:MAX_IN_SHORT]) or "không có"
    told: dict[str, tuple[str, str]] = {
        Fact.COMMUNE: (
            correction_forms.home_label(report, facts),
            f"Người báo: {highlighting.plain_line(correction_forms.told_place(report, facts))}.",
        ),
        Fact.NAMED: (f"{named}; …" if len(rows) > MAX_IN_SHORT else named, _changes_text(report)),
    }
    readings = []
    for fact, name in _ROWS.items():
        if fact not in told:
            readings.append(_reading(fact, facts, extracted, words.get(fact), form))
            continue
        row = FactReading(fact, name, told[fact][0], form)
        is_corrected = fact in facts.corrected
        readings.append(
            replace(row, before=told[fact][1], word=words.get(fact)) if is_corrected else row
        )
    return readings


def _changes_text(report: Report) -> str:
    changes = report.case.corrections_json.get(Fact.NAMED)
    return f"{correction_forms.value_label(Fact.NAMED, changes)}." if changes else ""


def _reading(
    fact: Fact,
    facts: EffectiveFacts,
    extracted: ExtractedFacts | None,
    word: Correction | None,
    form: FactsForm,
) -> FactReading:
    is_corrected = fact in facts.corrected
    read = getattr(extracted, fact) if extracted else None
    is_standing = word is not None and word.is_active
    if word and word.is_confirmation and not is_corrected:
        is_standing = is_standing and extracted is not None and word.value == read
    row = FactReading(
        fact,
        _ROWS[fact],
        _value_text(fact, facts, extracted),
        form,
        word=word if is_standing else None,
    )
    if is_corrected:
        machine = correction_forms.value_label(fact, read) if extracted else "chưa đọc"
        return replace(row, before=f"Máy gợi ý: {machine}.")
    if extracted is None:
        return row
    if fact == Fact.ONGOING and codes.may_be_pressed(extracted):  # neither answer to be confirmed
        return replace(row, certainty=codes.CERTAINTIES["guess"])
    return replace(
        row,
        quote=_quote_of(extracted, fact),
        certainty=_certainty_of(extracted, fact),
        seen=json.dumps(read, ensure_ascii=False),
    )


def _loss_text(extracted: ExtractedFacts) -> str:
    """Return a loss without a sum in words; of two that contradict each other both quotations."""
    state = extracted.loss.get("state", "")
    if state != UNCLEAR:
        return _LOSSES_WITHOUT_SUM.get(state, "chưa rõ")
    reasons = sorted(_reasons_of(extracted, Fact.MONEY), key=lambda each: each["rule"] != _DENIAL)
    told = [f"“{highlighting.plain_line(each['words'], MAX_QUOTE_CHARS)}”" for each in reasons]
    return f"chưa rõ: có chỗ viết {', có chỗ viết '.join(told[:2])}" if told else "chưa rõ"


def _value_text(fact: str, facts: EffectiveFacts, extracted: ExtractedFacts | None) -> str:
    value, is_corrected = getattr(facts, fact), fact in facts.corrected
    if not (extracted or is_corrected):
        return codes.UNTRIAGED
    if fact == Fact.PRIORITY:
        why = (
            []
            if is_corrected
            else codes.why_urgent(_reasons_of(extracted, fact), facts)[:MAX_WHY_URGENT]
        )
        return ": ".join(filter(None, (codes.priority_label(value).word, "; ".join(why))))
    label = correction_forms.value_label(fact, value)
    if fact == Fact.ONGOING and not is_corrected and codes.may_be_pressed(extracted):
        return "có thể"
    if extracted and fact == Fact.MONEY and value is None and not is_corrected:
        return _loss_text(extracted)
    if extracted and extracted.office_communes and fact == Fact.OFFICES and not is_corrected:
        label += f" ({codes.unit_communes(extracted.office_communes)})"
    if extracted and fact == Fact.ACTIONS and not is_corrected:
        ticked = [each for each in extracted.report.demands if not {*actions_for(each)} & {*value}]
        boxes = [f"{codes.demand_label(each)} (người báo chọn)" for each in ticked]
        return "; ".join([label, *boxes] if value else boxes) or label
    return label


def _reasons_of(extracted: ExtractedFacts | None, fact: str) -> list[dict[str, Any]]:
    return [each for each in (extracted.reasons if extracted else []) if each["fact"] == fact]


def _quote_of(extracted: ExtractedFacts, fact: str) -> str:
    """Return the heaviest words of a loss or of what goes on, "" for none."""
    is_quoted = fact in _QUOTED and (fact != Fact.MONEY or extracted.loss.get("state") != UNCLEAR)
    reasons = _reasons_of(extracted, fact) if is_quoted else []
    told = [each for each in reasons if each["words"] and not is_remainder(each["rule"])]
    # A phrase or a payment says more than a word that weighs.
    told.sort(key=lambda each: (is_model_reason(each["rule"]), -each["points"]))
    return highlighting.plain_line(told[0]["words"], MAX_QUOTE_CHARS) if told else ""


def _certainty_of(extracted: ExtractedFacts, fact: str) -> str:
    """Return how sure the machine is in words, "" where nothing was weighed."""
    reasons = _reasons_of(extracted, fact)
    if fact == Fact.SCENARIO and extracted.scenario == story_reader.UNCLEAR:
        return ""
    if any(each["rule"].startswith(_DECLARED) for each in reasons):
        return "người báo chọn"
    weighed = ((each["rule"], each["points"]) for each in reasons)
    return codes.CERTAINTIES.get(evaluation.certainty(fact, weighed), "")


def summary(report: Report, facts: EffectiveFacts) -> list[tuple[str, str]]:
    """Return the facts that decisions rest on in words; before triage only corrected ones."""
    shown = [fact for fact in _SUMMARY if facts.is_triaged or fact in facts.corrected]
    return [(_ROWS[fact], _value_text(fact, facts, extracted_facts(report))) for fact in shown]


def explained_facts(report: Report) -> list[tuple[str, list[ExplanationRow]]]:
    """Return the reasons with their points by fact, for who tunes the rules."""
    extracted = extracted_facts(report)
    names = {**correction_forms.TITLES, "stages": codes.FACTS["stages"]}
    rows = [
        (name, list(map(_explain, _reasons_of(extracted, _REASON_OF.get(fact, fact)))))
        for fact, name in names.items()
    ]
    return [(name, grounds) for name, grounds in rows if grounds]


def _explain(reason: dict[str, Any]) -> ExplanationRow:
    quote = highlighting.plain_line(reason["words"])
    points = f"{reason['points']:+g}".replace(".", ",").replace("-", "−")
    if reason["fact"] == "priority":
        return ExplanationRow(points, codes.rule_label(reason["rule"]), quote)
    if reason["fact"] == "office":
        return ExplanationRow("", codes.claim_explanation(reason["rule"]), quote)
    source, named = codes.source_label(reason["rule"]), ""
    if reason["fact"] == "stages":
        named = _stage_of(reason)
    elif reason["fact"] == "actions":
        named = codes.code_label(reason["rule"].partition(":")[0])
    text = "; ".join(filter(None, (named, source)))
    return ExplanationRow(points if reason["points"] else "", text, quote)


def recent_events(report: Report) -> list[AuditEvent]:
    """Return the newest MAX_EVENTS events of a report, newest first."""
    return list(events.events_for("report", report.pk)[:MAX_EVENTS])


def event_log(
    report: Report, corrections: Iterable[Correction], log: Sequence[AuditEvent]
) -> list[LogLine]:
    """Return the event log of a report with its receipt and extraction, newest first."""
    names = _officer_names(log)
    texts = {each.pk: correction_forms.correction_line(each) for each in corrections}
    lines = [
        LogLine(
            event.created_at,
            officer_name(event.actor) if event.actor else "Máy",
            event_line(event, names, texts),
        )
        for event in log
    ]
    lines.append(LogLine(report.received_at, "Trang", "Đã ghi nhận, đã trả mã."))
    if extracted := extracted_facts(report):
        text = f"Gợi ý kiểu lừa: {codes.code_label(extracted.scenario)}."
        lines.append(LogLine(extracted.extracted_at, "Máy", text))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _officer_names(log: Iterable[AuditEvent]) -> dict[int, str]:
    """Return the names of acting and mentioned officers by key, loading only those who did not act."""
    users = {event.actor.pk: event.actor for event in log if event.actor}
    mentions = {event.detail["officer"] for event in log if "officer" in event.detail}
    if missing := mentions - users.keys():
        users |= User.objects.in_bulk(missing)
    return {key: officer_name(user) for key, user in users.items()}
