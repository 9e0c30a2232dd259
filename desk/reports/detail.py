"""What the report page shows: evidence, the machine's suggestions with their grounds, reports
that share a number or an account, and everything on record. Texts of people come out in parts
for the template to escape.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User

from core.audit import events
from core.models import AuditEvent
from desk.labels import codes as labels
from desk.labels import deadlines, highlighting, impersonation
from desk.labels.highlighting import HighlightSpan, TruncatedText
from desk.reports import correction_forms
from desk.reports.correction_forms import CorrectionForm, Fact
from desk.reports.decision_forms import MAX_WORDS
from reports.extraction.language.scoring import ALL_OTHERS, is_model_reason, is_remainder
from reports.facts.choices import list_answers
from reports.facts.effective_facts import (
    EffectiveFacts,
    latest_place,
    typed_place_of,
)
from reports.models import Correction, ExtractedFacts, Report
from reports.reference import gazetteer

MAX_EVENTS = 200
MAX_WEIGHED = 3  # words of a code that are shown with their points
CLEAR = 1.5  # points from which a single word or pair is marked in the story
_GIST = {Fact.SCENARIO, Fact.ACTIONS, Fact.MONEY, Fact.ONGOING}


@dataclass(frozen=True)
class ExplanationRow:
    """One reason: its points as shown, what it says, the words it rests on."""

    points: str
    text: str
    quote: str = ""


@dataclass(frozen=True)
class FactSuggestion:
    """One fact, by its name and as it holds, and the machine's grounds; where an officer has put it
    right, what the machine says, and the form to do so.
    """

    name: str
    value: str
    grounds: list[ExplanationRow]
    fact: str = ""
    correction: Correction | None = None
    machine: str = ""
    form: CorrectionForm | None = None

    @property
    def title(self) -> str:
        return f"{self.name}: {self.value}"


@dataclass(frozen=True)
class LogLine:
    """One line of the log."""

    at: datetime
    who: str
    text: str


def facts_of(report: Report) -> ExtractedFacts | None:
    """The machine's reading; None while it has not come to this report."""
    facts: ExtractedFacts | None = getattr(report, "facts", None)
    return facts


def story(report: Report) -> TruncatedText:
    """The account, the words that fired marked with what they speak for."""
    facts = facts_of(report)
    return highlighting.truncate(report.story, _spans(facts.reasons if facts else []))


def _spans(reasons: Iterable[dict[str, Any]]) -> Iterator[HighlightSpan]:
    for reason in reasons:
        start, end = reason.get("start"), reason.get("end")
        if _marks(reason) and isinstance(start, int) and isinstance(end, int):
            yield HighlightSpan(start, end, _speaks_for(reason))


def _marks(reason: dict[str, Any]) -> bool:
    """Whether the words of a reason speak for its fact so clearly that an officer should see it."""
    if reason.get("fact") == "priority" or is_remainder(reason["rule"]):
        return False
    least = CLEAR if is_model_reason(reason["rule"]) else 0
    return bool(reason["points"] >= least)


def _speaks_for(reason: dict[str, Any]) -> str:
    title: str = labels.FACTS.get(reason["fact"], reason["fact"])
    if reason["fact"] in {"scenario", "actions"}:
        return f"{title}: {labels.code_label(reason['rule'].partition(':')[0])}"
    return f"{title}: {_step_of(reason)}" if reason["fact"] == "stages" else title


def _step_of(reason: dict[str, Any]) -> str:
    return impersonation.stage_label(reason["rule"].partition(":")[0])


def form_answers(report: Report, holds: EffectiveFacts) -> list[tuple[str, str]]:
    """What the reporter said beside the story."""
    answers = {True: "Có", False: "Không", None: "Không nói"}
    money = {True: "Đã mất", False: "Chưa", None: "Không nói"}[report.money_lost]
    rows = [
        ("Số gọi đến", report.caller_number or "Không ghi"),
        ("Gọi bằng", report.get_channel_display() if report.channel else "Không nói"),
        ("Họ xưng", labels.office_label(report.claimed_office) or "Không nói"),
        ("Tên, chức vụ họ nêu", report.claimed_name),
        ("Họ muốn", "; ".join(map(labels.demand_label, report.demands)) or "Không nói"),
        ("Mất tiền", " ".join(filter(None, (money, _in_quotes(report.money_lost_raw))))),
        ("Còn đang ép", answers[report.happening_now]),
        ("Xã, phường", _place_of(report, holds)),
        ("Báo thay người khác", "Có" if report.on_behalf else ""),
        *list_answers(report.answers),
        ("Nguồn", report.get_source_display()),
    ]
    return [(title, highlighting.plain_line(text)) for title, text in rows if text]


def _place_of(report: Report, holds: EffectiveFacts) -> str:
    """The commune where the reporter lives, or what was written for it; and whether it came later."""
    told = (
        gazetteer.commune_name(holds.commune) or _in_quotes(typed_place_of(report)) or "Không nói"
    )
    return f"{told}, kể sau khi gửi tin" if latest_place(report) else told


def _in_quotes(text: str) -> str:
    return f"(ghi “{text}”)" if text else ""


def warnings(report: Report) -> list[str]:
    """What to know before believing one's eyes."""
    is_placed = bool(latest_place(report))
    of_place = (gazetteer.UNKNOWN, gazetteer.AMBIGUOUS)  # the later words stand with their own note
    signs = [code for code in report.all_flags if not (is_placed and code in of_place)]
    notes = [labels.flag_label(code) for code in signs]
    if odd := highlighting.count_odd(report.story):
        notes.append(
            f"Lời kể có {highlighting.count(odd)} ký tự ẩn hoặc đảo chiều chữ, hiện bằng mã trong ngoặc."
        )
    return notes


def suggestions(
    report: Report, holds: EffectiveFacts, said: Iterable[Correction], typed: object = None
) -> list[FactSuggestion]:
    """The facts in the order in which an officer asks for them, each with a form to put it right;
    `typed` is the one that an officer has filled in.
    """
    facts, newest = facts_of(report), _newest(said)
    shown = [_suggestion(fact, holds, facts, newest, typed) for fact in correction_forms.TITLES]
    if facts:
        steps = " → ".join(map(impersonation.stage_label, facts.stages)) or "chưa thấy"
        shown.append(FactSuggestion("Bước kịch bản", steps, explanations_of(facts, "stages")))
    return shown


def summary(holds: EffectiveFacts, suggested: Iterable[FactSuggestion]) -> list[FactSuggestion]:
    """What stands under the story, for who reads three hundred a day: the facts that decide what is
    done; nothing of a report that nobody has read.
    """
    return [
        each
        for each in suggested
        if each.fact in _GIST and (holds.is_read or each.fact in holds.corrected)
    ]


def _newest(said: Iterable[Correction]) -> dict[str, Correction]:
    """The newest word on each fact; `said` is newest first."""
    found: dict[str, Correction] = {}
    for each in said:
        found.setdefault(each.fact, each)
    return found


def _suggestion(
    fact: str,
    holds: EffectiveFacts,
    facts: ExtractedFacts | None,
    newest: dict[str, Correction],
    typed: object,
) -> FactSuggestion:
    value, is_corrected = getattr(holds, fact), fact in holds.corrected
    machine = correction_forms.value_label(fact, getattr(facts, fact)) if facts else "chưa đọc"
    is_known = holds.is_read or is_corrected
    shown = correction_forms.value_label(fact, value) if is_known else "máy chưa đọc"
    place = _place(facts) if facts and fact == "offices" and not is_corrected else ""
    return FactSuggestion(
        correction_forms.TITLES[fact],
        shown + place,
        explanations_of(facts, "office" if fact == "offices" else fact),
        fact,
        newest.get(fact) if is_corrected else None,
        machine if is_corrected else "",
        typed
        if isinstance(typed, CorrectionForm) and typed.fact == fact
        else CorrectionForm(fact, held=value),
    )


def _place(facts: ExtractedFacts) -> str:
    """The commune of the claimed unit, or that it may be several."""
    return f" ({impersonation.communes(facts.office_communes)})" if facts.office_communes else ""


def explanations_of(facts: ExtractedFacts | None, fact: str) -> list[ExplanationRow]:
    """What an officer reads of why the machine thinks so."""
    reasons = facts.reasons if facts else []
    return list(_grounds([each for each in reasons if each["fact"] == fact]))


def _grounds(reasons: Sequence[dict[str, Any]]) -> Iterator[ExplanationRow]:
    """What an officer reads of a fact's reasons: of each code the phrases, the weightiest words, and
    all its other words as one, so that the points still add up.
    """
    for _, own in groupby(reasons, lambda reason: reason["rule"].partition(":")[0]):
        every = _quoted_once(own)
        words_of = [each for each in every if is_model_reason(each["rule"])]
        others = [each for each in every if is_remainder(each["rule"])] + words_of[MAX_WEIGHED:]
        yield from (_ground(each) for each in every if each not in others)
        if others:
            yield _ground(
                others[0] | {"points": _together(others), "words": "", "rule": ALL_OTHERS}
            )


def _quoted_once(reasons: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reasons of one code; those that would be told alike stand as one, with the points of all."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for each in reasons:
        told = (_kind(each), each["words"])
        points = [one["points"] for one in (found.get(told), each) if one]
        found[told] = {**found.get(told, each), "points": round(sum(points), 2)}
    return list(found.values())


def _kind(reason: dict[str, Any]) -> str:
    """What stands beside the quote. An urgency, a claim and a step say more than the words."""
    said: str = reason["rule"]
    return said if reason["fact"] in {"priority", "office", "stages"} else labels.source_label(said)


def _together(reasons: Iterable[dict[str, Any]]) -> float:
    return float(round(sum(reason["points"] for reason in reasons), 2))


def _ground(reason: dict[str, Any]) -> ExplanationRow:
    quote = highlighting.plain_line(reason["words"])
    points = f"{reason['points']:+g}".replace(".", ",").replace("-", "−")
    if reason["fact"] == "priority":
        return ExplanationRow(points, labels.rule_label(reason["rule"]), quote)
    if reason["fact"] == "office":
        return ExplanationRow("", impersonation.claim_explanation(reason["rule"]), quote)
    if reason["fact"] == "stages":
        said = filter(None, (_step_of(reason), labels.source_label(reason["rule"])))
        return ExplanationRow("", "; ".join(said), quote)
    return ExplanationRow(
        points if reason["points"] else "", labels.source_label(reason["rule"]), quote
    )


def recent_events(report: Report) -> list[AuditEvent]:
    """The newest events of a report, the last first."""
    return list(events.events_for("report", report.pk)[:MAX_EVENTS])


def event_log(
    report: Report, said: Iterable[Correction], recorded: Sequence[AuditEvent]
) -> list[LogLine]:
    """Everything on record about a report, the newest first."""
    names = _named(recorded)
    corrected = {each.pk: correction_forms.correction_line(each) for each in said}
    lines = [
        LogLine(event.created_at, actor_name(event), event_line(event, names, corrected))
        for event in recorded
    ]
    lines.append(LogLine(report.received_at, "Trang", "Đã ghi nhận, đã trả mã."))
    if facts := facts_of(report):
        suggested = f"Gợi ý kiểu lừa: {labels.code_label(facts.scenario)}."
        lines.append(LogLine(facts.extracted_at, "Máy", suggested))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def actor_name(event: AuditEvent) -> str:
    return labels.officer_name(event.actor) if event.actor else "Máy"


def _named(recorded: Iterable[AuditEvent]) -> dict[int, str]:
    """The names of the officers whom events speak of; asked only for those who did none of them."""
    known = {event.actor.pk: event.actor for event in recorded if event.actor}
    spoken_of = {event.detail["officer"] for event in recorded if "officer" in event.detail}
    if unknown := spoken_of - known.keys():
        known |= User.objects.in_bulk(unknown)
    return {key: labels.officer_name(user) for key, user in known.items()}


def event_line(event: AuditEvent, names: dict[int, str], corrected: dict[int, str]) -> str:
    """An event in one line, with what was written at the time."""
    detail, text = event.detail, labels.EVENTS.get(event.kind, event.kind)
    extras = [
        labels.PERSONAL.get(detail.get("what", ""), ""),
        f"số {detail['number']}" if "number" in detail else "",
        names.get(detail.get("officer", 0), "") if event.kind == "assigned" else "",
        labels.OUTCOMES.get(detail.get("outcome", ""), ""),
        deadlines.KINDS.get(detail.get("clock", ""), ""),
        detail.get("unit", ""),
        f"phiếu {detail['slip']}" if "slip" in detail else "",
        detail.get("reason", ""),
        corrected.get(detail.get("correction", 0), ""),
    ]
    said = "; ".join(highlighting.plain_line(extra, MAX_WORDS) for extra in extras if extra)
    return f"{text}: {said}" if said else text
