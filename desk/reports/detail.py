"""The contents of the report page: evidence, suggestions with their reasons, the event log."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.models import User

from core.audit import events
from core.models import AuditEvent
from core.text import has_spaced_words, has_wide_letters
from desk.labels import codes, deadlines, highlighting
from desk.labels.events import EVENTS, PERSONAL
from desk.labels.formatting import format_count, in_quotes, officer_name
from desk.labels.highlighting import HighlightSpan, TruncatedText
from desk.reports import correction_forms
from desk.reports.correction_forms import CorrectionForm, Fact
from desk.reports.decision_forms import MAX_REASON_CHARS
from reports.extraction.danger import DANGER
from reports.extraction.language.scoring import ALL_OTHERS, is_model_reason, is_remainder
from reports.facts.choices import list_answers
from reports.facts.effective_facts import EffectiveFacts, latest_place, typed_place_of
from reports.models import Correction, ExtractedFacts, Report
from reports.reference import gazetteer

MAX_EVENTS = 200
MAX_WORD_ROWS = 3  # of a code, the heaviest words
MIN_CLEAR_POINTS = 1.5  # from which a word or pair is highlighted in the story
_SUMMARY = {Fact.SCENARIO, Fact.ACTIONS, Fact.MONEY, Fact.ONGOING}


@dataclass(frozen=True)
class ExplanationRow:
    points: str
    text: str
    quote: str = ""
    is_danger: bool = False
    is_rest: bool = False


@dataclass(frozen=True)
class FactSuggestion:
    """An effective fact with reasons and form; `machine` is the extracted value of a corrected one."""

    name: str
    value: str
    grounds: list[ExplanationRow]
    fact: str = ""
    correction: Correction | None = None
    machine: str = ""
    form: CorrectionForm | None = None

    @property
    def spoken(self) -> list[ExplanationRow]:
        """Return the reasons as an officer would tell them: dangers, else what speaks for the value."""
        speaking = [
            row for row in self.grounds if not row.is_rest and not row.points.startswith("−")
        ]
        return [row for row in speaking if row.is_danger] or speaking

    @property
    def title(self) -> str:
        return f"{self.name}: {self.value}"


@dataclass(frozen=True)
class LogLine:
    at: datetime
    who: str
    text: str


def extracted_facts(report: Report) -> ExtractedFacts | None:
    """Return the extracted facts, None before triage."""
    extracted: ExtractedFacts | None = getattr(report, "facts", None)
    return extracted


def story(report: Report) -> TruncatedText:
    """Return the story with the words highlighted that facts rest on."""
    extracted = extracted_facts(report)
    return highlighting.truncate(report.story, _spans(extracted.reasons if extracted else []))


def _spans(reasons: Iterable[dict[str, Any]]) -> Iterator[HighlightSpan]:
    for reason in reasons:
        start, end = reason.get("start"), reason.get("end")
        if _is_clear(reason) and isinstance(start, int) and isinstance(end, int):
            yield HighlightSpan(start, end, _speaks_for(reason))


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
    answers = {True: "Có", False: "Không", None: "Không nói"}
    money = {True: "Đã mất", False: "Chưa", None: "Không nói"}[report.money_lost]
    rows = [
        ("Số gọi đến", report.caller_number or ("Đã xóa" if report.erased_at else "Không ghi")),
        ("Gọi bằng", report.get_channel_display() if report.channel else "Không nói"),
        ("Họ xưng", codes.office_label(report.claimed_office) or "Không nói"),
        ("Tên, chức vụ họ nêu", report.claimed_name),
        ("Họ muốn", "; ".join(map(codes.demand_label, report.demands)) or "Không nói"),
        ("Mất tiền", " ".join(filter(None, (money, in_quotes(report.money_lost_raw))))),
        ("Còn đang ép", answers[report.happening_now]),
        ("Xã, phường", _place_of(report, facts)),
        ("Báo thay người khác", "Có" if report.on_behalf else ""),
        *list_answers(report.answers),
        ("Nguồn", report.get_source_display()),
    ]
    return [(title, highlighting.plain_line(text)) for title, text in rows if text]


def _place_of(report: Report, facts: EffectiveFacts) -> str:
    """Return the commune where the reporter lives, or the text typed for it."""
    name = gazetteer.commune_name(facts.commune) or in_quotes(typed_place_of(report))
    return f"{name or 'Không nói'}{', kể sau khi gửi tin' if latest_place(report) else ''}"


def warnings(report: Report) -> list[str]:
    """Return the notes on the report's flags and on hidden characters."""
    # A later place has a note of its own (_place_of).
    outdated = (gazetteer.UNKNOWN, gazetteer.AMBIGUOUS) if latest_place(report) else ()
    notes = [codes.flag_label(code) for code in report.all_flags if code not in outdated]
    return notes + _note_odd_letters(report.story)


def _note_odd_letters(story: str) -> list[str]:
    """Return the note on letters that are not typed as usual; it says why, and accuses nobody."""
    head = story[: highlighting.MAX_CHARS]
    hidden = highlighting.count_odd(story)
    signs = f"{format_count(hidden)} ký tự ẩn hoặc đảo chiều chữ, hiện bằng mã trong ngoặc"
    kinds = {
        signs: bool(hidden),
        "chữ khổ rộng": has_wide_letters(head),
        "chữ viết rời từng chữ cái": has_spaced_words(head),
    }
    odd = "; ".join(name for name, is_there in kinds.items() if is_there)
    why = "Máy đọc như chữ thường. Thường do chép từ ứng dụng khác, không phải dấu hiệu gian dối."
    return [f"Chữ lạ: {odd}. {why}"] if odd else []


def suggestions(
    report: Report, facts: EffectiveFacts, corrections: Sequence[Correction], typed: object = None
) -> list[FactSuggestion]:
    """Return the facts in the order of the page; `corrections` are newest first, `typed` is a bound form."""
    extracted, newest = extracted_facts(report), {each.fact: each for each in reversed(corrections)}
    rows = [_suggestion(fact, facts, extracted, newest, typed) for fact in correction_forms.TITLES]
    if extracted:
        steps = " → ".join(map(codes.stage_label, extracted.stages)) or "chưa thấy"
        rows.append(FactSuggestion("Bước kịch bản", steps, explanations_of(extracted, "stages")))
    return rows


def summary(facts: EffectiveFacts, rows: Iterable[FactSuggestion]) -> list[FactSuggestion]:
    """Return the facts that decisions rest on; before triage only corrected ones."""
    shown = _SUMMARY if facts.is_triaged else _SUMMARY & set(facts.corrected)
    return [row for row in rows if row.fact in shown]


def _suggestion(
    fact: str,
    facts: EffectiveFacts,
    extracted: ExtractedFacts | None,
    newest: dict[str, Correction],
    typed: object,
) -> FactSuggestion:
    value, is_corrected = getattr(facts, fact), fact in facts.corrected
    machine = (
        correction_forms.value_label(fact, getattr(extracted, fact)) if extracted else "chưa đọc"
    )
    has_value = facts.is_triaged or is_corrected
    label = correction_forms.value_label(fact, value) if has_value else "máy chưa đọc"
    if extracted and extracted.office_communes and fact == "offices" and not is_corrected:
        label += f" ({codes.unit_communes(extracted.office_communes)})"
    return FactSuggestion(
        correction_forms.TITLES[fact],
        label,
        explanations_of(extracted, "office" if fact == "offices" else fact),
        fact,
        newest.get(fact) if is_corrected else None,
        machine if is_corrected else "",
        typed
        if isinstance(typed, CorrectionForm) and typed.fact == fact
        else CorrectionForm(fact, current=value),
    )


def explanations_of(extracted: ExtractedFacts | None, fact: str) -> list[ExplanationRow]:
    """Return the reasons of a fact; of each code the light words as one row, so that points add up."""
    reasons = [each for each in (extracted.reasons if extracted else []) if each["fact"] == fact]
    rows: list[ExplanationRow] = []
    for _, group in groupby(reasons, lambda reason: reason["rule"].partition(":")[0]):
        merged = _merge_alike(group)
        words = [each for each in merged if is_model_reason(each["rule"])]
        others = [each for each in merged if is_remainder(each["rule"])] + words[MAX_WORD_ROWS:]
        rows += [_explain(each) for each in merged if each not in others]
        if others:
            rest = {"points": _sum_points(others), "words": "", "rule": ALL_OTHERS}
            rows.append(_explain(others[0] | rest))
    return rows


def _merge_alike(reasons: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reasons of one code, those of the same label and words with their points added."""
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for each in reasons:
        rule: str = each["rule"]
        has_own_label = each["fact"] in {"priority", "office", "stages"}
        key = (rule if has_own_label else codes.source_label(rule), each["words"])
        alike = [merged[key], each] if key in merged else [each]
        merged[key] = alike[0] | {"points": _sum_points(alike)}
    return list(merged.values())


def _sum_points(reasons: Iterable[dict[str, Any]]) -> float:
    return float(round(sum(reason["points"] for reason in reasons), 2))


def _explain(reason: dict[str, Any]) -> ExplanationRow:
    quote = highlighting.plain_line(reason["words"])
    points = f"{reason['points']:+g}".replace(".", ",").replace("-", "−")
    if reason["fact"] == "priority":
        text, is_danger = codes.rule_label(reason["rule"]), codes.is_danger(reason["rule"])
        return ExplanationRow(points, text, quote, is_danger=is_danger)
    if reason["fact"] == "office":
        return ExplanationRow("", codes.claim_explanation(reason["rule"]), quote)
    if reason["fact"] == "stages":
        parts = filter(None, (_stage_of(reason), codes.source_label(reason["rule"])))
        return ExplanationRow("", "; ".join(parts), quote)
    source = codes.source_label(reason["rule"])
    is_rest = is_remainder(reason["rule"])
    return ExplanationRow(points if reason["points"] else "", source, quote, is_rest=is_rest)


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


def event_line(event: AuditEvent, names: dict[int, str], corrections: dict[int, str]) -> str:
    detail, text = event.detail, EVENTS.get(event.kind, event.kind)
    extras = [
        PERSONAL.get(detail.get("field", ""), ""),
        f"số {detail['number']}" if "number" in detail else "",
        names.get(detail.get("officer", 0), "") if event.kind == "assigned" else "",
        codes.OUTCOMES.get(detail.get("outcome", ""), ""),
        deadlines.KINDS.get(detail.get("deadline", ""), ""),
        detail.get("unit", ""),
        f"phiếu {detail['slip']}" if "slip" in detail else "",
        detail.get("reason", ""),
        corrections.get(detail.get("correction", 0), ""),
    ]
    details = "; ".join(
        highlighting.plain_line(extra, MAX_REASON_CHARS) for extra in extras if extra
    )
    return f"{text}: {details}" if details else text
