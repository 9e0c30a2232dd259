"""What the report page shows: evidence, the machine's suggestions with their grounds, reports
that share a number or an account, and everything on record. Texts of people come out in parts
for the template to escape.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.audit import log as events
from desk import highlighting as marking
from desk import labels as words
from desk import labels_deadlines as clock_words
from desk import labels_impersonation as claim_words
from desk.highlighting import Beginning, Span
from desk.indicator_counts import counted
from desk.reports import correction_forms as correcting
from desk.reports import text_download as texts
from desk.reports.correction_forms import CorrectionForm, Fact
from desk.reports.decision_forms import MOST_WORDS
from reports.cases import visibility as scope
from reports.extraction import phones
from reports.extraction.explanations import ALL_OTHERS, is_of_the_rest, is_of_words
from reports.extraction.numbering_plan import owner_of
from reports.facts import followup_facts as heard
from reports.facts.effective_facts import Held, held, place_told_later, place_typed
from reports.models import Correction, ErasureWish, Event, Facts, Hold, Indicator, Report
from reports.reference import gazetteer as places

MOST_EVENTS = 200
MOST_WEIGHED = 3  # words of a code that are shown with their points
CLEAR = 1.5  # points from which a single word or pair is marked in the story
MOST_SIMILAR = 20
MOST_NAMED = 50
_GIST = {Fact.SCENARIO, Fact.ACTIONS, Fact.MONEY, Fact.ONGOING}
_NOTES = {**phones.FLAG_REASONS_VI, heard.CORRECTED: "Người báo đã sửa lại số này."}


@dataclass(frozen=True)
class Ground:
    """One reason: its points as shown, what it says, the words it rests on."""

    points: str
    text: str
    quote: str = ""


@dataclass(frozen=True)
class Suggestion:
    """One fact, by its name and as it holds, and the machine's grounds; where an officer has put it
    right, what the machine says, and the form to do so.
    """

    name: str
    value: str
    grounds: list[Ground]
    fact: str = ""
    correction: Correction | None = None
    machine: str = ""
    form: CorrectionForm | None = None

    @property
    def title(self) -> str:
        return f"{self.name}: {self.value}"


@dataclass(frozen=True)
class Named:
    """A number, an account or a link, and how many reports name it; `pk` is the indicator's."""

    pk: int
    kind: str
    key: str
    what: str
    shown: str
    reports: int
    owner: str
    notes: list[str]


@dataclass
class Similar:
    """Another report, and what it shares with this one."""

    report: Report
    why: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One line of the log."""

    at: datetime
    who: str
    text: str


def load() -> QuerySet[Report]:
    """Reports with all that their page needs of single rows."""
    single = (
        "case__officer", "case__at_unit", "facts", "crowd", "campaign_link__campaign",
    )  # fmt: skip
    standing = Hold.objects.filter(report=OuterRef("pk"), lifted_at=None)
    whole = Report.objects.select_related(*single).defer("facts__search")
    wish = ErasureWish.objects.open().filter(report=OuterRef("pk"))
    return whole.annotate(
        clock_rows=clock_words.rows(), is_held=Exists(standing), wants_erasure=Exists(wish)
    )


def facts_of(report: Report) -> Facts | None:
    """The machine's reading; None while it has not come to this report."""
    facts: Facts | None = getattr(report, "facts", None)
    return facts


def story(report: Report) -> Beginning:
    """The account, the words that fired marked with what they speak for."""
    facts = facts_of(report)
    return marking.beginning(report.story, _spans(facts.reasons if facts else []))


def _spans(reasons: Iterable[dict[str, Any]]) -> Iterator[Span]:
    for reason in reasons:
        start, end = reason.get("start"), reason.get("end")
        if _marks(reason) and isinstance(start, int) and isinstance(end, int):
            yield Span(start, end, _speaks_for(reason))


def _marks(reason: dict[str, Any]) -> bool:
    """Whether the words of a reason speak for its fact so clearly that an officer should see it."""
    if reason.get("fact") == "priority" or is_of_the_rest(reason["rule"]):
        return False
    least = CLEAR if is_of_words(reason["rule"]) else 0
    return bool(reason["points"] >= least)


def _speaks_for(reason: dict[str, Any]) -> str:
    title: str = words.FACTS.get(reason["fact"], reason["fact"])
    if reason["fact"] in {"scenario", "actions"}:
        return f"{title}: {words.label(reason['rule'].partition(':')[0])}"
    return f"{title}: {_step_of(reason)}" if reason["fact"] == "stages" else title


def _step_of(reason: dict[str, Any]) -> str:
    return claim_words.step(reason["rule"].partition(":")[0])


def declared(report: Report) -> list[tuple[str, str]]:
    """What the reporter said beside the story."""
    answers = {True: "Có", False: "Không", None: "Không nói"}
    money = {True: "Đã mất", False: "Chưa", None: "Không nói"}[report.money_lost]
    rows = [
        ("Số gọi đến", report.caller_number or "Không ghi"),
        ("Gọi bằng", report.get_channel_display() if report.channel else "Không nói"),
        ("Họ xưng", words.office(report.claimed_office) or "Không nói"),
        ("Tên, chức vụ họ nêu", report.claimed_name),
        ("Họ muốn", "; ".join(map(words.demand, report.demands)) or "Không nói"),
        ("Mất tiền", " ".join(filter(None, (money, _in_quotes(report.money_lost_raw))))),
        ("Còn đang ép", answers[report.happening_now]),
        ("Xã, phường", _place_of(report)),
        ("Báo thay người khác", "Có" if report.on_behalf else ""),
        ("Nguồn", report.get_source_display()),
    ]
    return [(title, marking.plain(text)) for title, text in rows if text]


def _place_of(report: Report) -> str:
    """The commune where the reporter lives, or what was written for it; and whether it came later."""
    told = places.name_of(held(report).commune) or _in_quotes(place_typed(report)) or "Không nói"
    return f"{told}, kể sau khi gửi tin" if place_told_later(report) else told


def _in_quotes(text: str) -> str:
    return f"(ghi “{text}”)" if text else ""


def oddities(report: Report) -> list[str]:
    """What to know before believing one's eyes."""
    is_placed = bool(place_told_later(report))
    of_place = (places.UNKNOWN, places.AMBIGUOUS)  # the later words stand with their own note
    signs = [code for code in report.signs if not (is_placed and code in of_place)]
    notes = [words.flag(code) for code in signs]
    if odd := marking.count_odd(report.story):
        notes.append(
            f"Lời kể có {marking.count(odd)} ký tự ẩn hoặc đảo chiều chữ, hiện bằng mã trong ngoặc."
        )
    return notes


def suggestions(
    report: Report, said: Iterable[Correction], typed: object = None
) -> list[Suggestion]:
    """The facts in the order in which an officer asks for them, each with a form to put it right;
    `typed` is the one that an officer has filled in.
    """
    holds, facts, newest = held(report), facts_of(report), _newest(said)
    shown = [_suggestion(fact, holds, facts, newest, typed) for fact in correcting.TITLES]
    if facts:
        steps = " → ".join(map(claim_words.step, facts.stages)) or "chưa thấy"
        shown.append(Suggestion("Bước kịch bản", steps, grounds_of(facts, "stages")))
    return shown


def gist(report: Report, suggested: Iterable[Suggestion]) -> list[Suggestion]:
    """What stands under the story, for who reads three hundred a day: the facts that decide what is
    done; nothing of a report that nobody has read.
    """
    holds = held(report)
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
    holds: Held,
    facts: Facts | None,
    newest: dict[str, Correction],
    typed: object,
) -> Suggestion:
    value, is_corrected = getattr(holds, fact), fact in holds.corrected
    machine = correcting.worded(fact, getattr(facts, fact)) if facts else "chưa đọc"
    is_known = holds.is_read or is_corrected
    shown = correcting.worded(fact, value) if is_known else "máy chưa đọc"
    place = _place(facts) if facts and fact == "offices" and not is_corrected else ""
    return Suggestion(
        correcting.TITLES[fact],
        shown + place,
        grounds_of(facts, "office" if fact == "offices" else fact),
        fact,
        newest.get(fact) if is_corrected else None,
        machine if is_corrected else "",
        typed
        if isinstance(typed, CorrectionForm) and typed.fact == fact
        else CorrectionForm(fact, held=value),
    )


def _place(facts: Facts) -> str:
    """The commune of the claimed unit, or that it may be several."""
    return f" ({claim_words.communes(facts.office_communes)})" if facts.office_communes else ""


def grounds_of(facts: Facts | None, fact: str) -> list[Ground]:
    """What an officer reads of why the machine thinks so."""
    reasons = facts.reasons if facts else []
    return list(_grounds([each for each in reasons if each["fact"] == fact]))


def _grounds(reasons: Sequence[dict[str, Any]]) -> Iterator[Ground]:
    """What an officer reads of a fact's reasons: of each code the phrases, the weightiest words, and
    all its other words as one, so that the points still add up.
    """
    for _, own in groupby(reasons, lambda reason: reason["rule"].partition(":")[0]):
        every = _quoted_once(own)
        words_of = [each for each in every if is_of_words(each["rule"])]
        others = [each for each in every if is_of_the_rest(each["rule"])] + words_of[MOST_WEIGHED:]
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
    return said if reason["fact"] in {"priority", "office", "stages"} else words.ground(said)


def _together(reasons: Iterable[dict[str, Any]]) -> float:
    return float(round(sum(reason["points"] for reason in reasons), 2))


def _ground(reason: dict[str, Any]) -> Ground:
    quote = marking.plain(reason["words"])
    points = f"{reason['points']:+g}".replace(".", ",").replace("-", "−")
    if reason["fact"] == "priority":
        return Ground(points, words.rule(reason["rule"]), quote)
    if reason["fact"] == "office":
        return Ground("", claim_words.claim(reason["rule"]), quote)
    if reason["fact"] == "stages":
        said = filter(None, (_step_of(reason), words.ground(reason["rule"])))
        return Ground("", "; ".join(said), quote)
    return Ground(points if reason["points"] else "", words.ground(reason["rule"]), quote)


def indicators(report: Report) -> list[Named]:
    """Numbers, accounts and links of a report, in the order in which triage found them."""
    return [
        _named_one(each) for each in counted(report.indicators.all()).order_by("id")[:MOST_NAMED]
    ]


def _named_one(each: Any) -> Named:
    shown = marking.plain(words.phone(each.key) or each.raw)
    owner = owner_of(each.key) if each.kind == Indicator.Kind.NUMBER else ""
    notes = [_NOTES.get(code, code) for code in each.flags]
    what = f"{each.get_kind_display()}, {each.get_place_display()}"
    return Named(each.pk, each.kind, each.key, what, shown, each.named or 0, owner, notes)


def similar(report: Report, named: Iterable[Named], viewer: User) -> list[Similar]:
    """Reports that share a number, an account or a link, the newest first; those that the viewer
    may see.
    """
    shared = [Q(kind=each.kind, key=each.key) for each in named if each.key]
    if not shared:
        return []
    twins = (
        scope.told_in(Indicator.objects.filter(reduce(or_, shared)), viewer)
        .exclude(report=report)
        .select_related("report__facts", "report__case")
        .defer("raw", "report__story", "report__story_sealed", "report__facts__search")
        .defer(*(f"report__{name}" for name in texts.LINES))
        .order_by("-id")[: MOST_SIMILAR * 3]
    )
    found: dict[Any, Similar] = {}
    for twin in twins:
        why = found.setdefault(twin.report_id, Similar(twin.report)).why
        reason = f"cùng {twin.get_kind_display()} {marking.plain(words.phone(twin.key))}"
        if reason not in why:
            why.append(reason)
    return list(found.values())[:MOST_SIMILAR]


def recorded(report: Report) -> list[Event]:
    """The newest events of a report, the last first."""
    return list(events.about("report", report.pk)[:MOST_EVENTS])


def log(report: Report, said: Iterable[Correction], recorded: Sequence[Event]) -> list[Line]:
    """Everything on record about a report, the newest first."""
    names = _named(recorded)
    corrected = {each.pk: correcting.told(each) for each in said}
    lines = [Line(event.at, who(event), told(event, names, corrected)) for event in recorded]
    lines.append(Line(report.received_at, "Trang", "Đã ghi nhận, đã trả mã."))
    if facts := facts_of(report):
        suggested = f"Gợi ý kiểu lừa: {words.label(facts.scenario)}."
        lines.append(Line(facts.read_at, "Máy", suggested))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def who(event: Event) -> str:
    return words.person(event.by) if event.by else "Máy"


def _named(recorded: Iterable[Event]) -> dict[int, str]:
    """The names of the officers whom events speak of; asked only for those who did none of them."""
    known = {event.by.pk: event.by for event in recorded if event.by}
    spoken_of = {event.detail["officer"] for event in recorded if "officer" in event.detail}
    if unknown := spoken_of - known.keys():
        known |= User.objects.in_bulk(unknown)
    return {key: words.person(user) for key, user in known.items()}


def told(event: Event, names: dict[int, str], corrected: dict[int, str]) -> str:
    """An event in one line, with what was written at the time."""
    detail, text = event.detail, words.EVENTS.get(event.kind, event.kind)
    extras = [
        words.PERSONAL.get(detail.get("what", ""), ""),
        f"số {detail['number']}" if "number" in detail else "",
        names.get(detail.get("officer", 0), "") if event.kind == "assigned" else "",
        words.OUTCOMES.get(detail.get("outcome", ""), ""),
        clock_words.KINDS.get(detail.get("clock", ""), ""),
        detail.get("unit", ""),
        f"phiếu {detail['slip']}" if "slip" in detail else "",
        detail.get("reason", ""),
        corrected.get(detail.get("correction", 0), ""),
    ]
    said = "; ".join(marking.plain(extra, MOST_WORDS) for extra in extras if extra)
    return f"{text}: {said}" if said else text
