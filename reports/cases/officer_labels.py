"""What officers said of the machine's facts: labelled stories, and how often they agree.

Of each fact of a report the newest word counts. A label is a line of training (evaluation.py), of the facts
that an officer judged; "said" tells of each whether it was confirmed or corrected.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils import timezone

from reports.cases.corrections import CONFIRMABLE, CorrectedValue
from reports.extraction.bank_accounts_and_links import find_bank_accounts
from reports.extraction.evaluation import FACTS
from reports.extraction.phones import find_in_text
from reports.models import Correction, Followup, Report

MONTHS = 12
MAX_STORIES = 10_000
_BATCH = 500
PHONE_MASK, ACCOUNT_MASK = "[số điện thoại]", "[số tài khoản]"
_FROM_FORM = "declared: "  # the rule of a fact that the story does not tell


@dataclass(frozen=True)
class Agreement:
    """Of the facts of a kind that officers judged in a month, how many were confirmed."""

    month: date
    fact: str
    judged: int
    agreed: int

    @property
    def share(self) -> int:
        """Return how many of a hundred were confirmed."""
        return round(100 * self.agreed / self.judged)


def load_agreement() -> list[Agreement]:
    """Return the agreement by month, the newest first, and fact, of the last MONTHS. One statement."""
    rows = (
        newest_words(
            created_at__gte=timezone.make_aware(datetime.combine(list_months()[0], time())),
            fact__in=CONFIRMABLE,
        )
        .annotate(month=TruncMonth("created_at"))
        .values_list("month", "fact")
        .annotate(judged=Count("pk"), agreed=Count("pk", filter=Q(is_confirmation=True)))
        .order_by("-month", "fact")
    )
    return [Agreement(month.date(), *row) for month, *row in rows]


def list_months(today: date | None = None) -> list[date]:
    """Return the first days of the last MONTHS, the present month last."""
    last = today or timezone.localdate()
    months = range(last.year * 12 + last.month - MONTHS, last.year * 12 + last.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def newest_words(**about: Any) -> QuerySet[Correction]:
    """Return the newest word on each fact of each report, where it stands; `about` filters all words."""
    words = Correction.objects.filter(**about).order_by("report", "fact", "-pk")
    newest = words.distinct("report", "fact").values("pk")
    return Correction.objects.filter(pk__in=newest, is_active=True)


def list_labelled_reports() -> list[UUID]:
    """Return the reports that officers judged, the last judged first, at most MAX_STORIES."""
    words = newest_words(fact__in=FACTS).filter(report__erased_at=None)
    rows = words.values("report").annotate(last=Max("pk")).order_by("-last")
    return list(rows.values_list("report", flat=True)[:MAX_STORIES])


def load_labels(reports: Sequence[UUID]) -> Iterator[tuple[Report, dict[str, Correction]]]:
    """Yield each report with the standing words by fact, loaded in batches."""
    rows = Report.objects.select_related("facts").defer("facts__search_text", "story_sealed")
    for begin in range(0, len(reports), _BATCH):
        batch = reports[begin : begin + _BATCH]
        found = rows.prefetch_related("followups").in_bulk(batch)
        words: dict[UUID, dict[str, Correction]] = {key: {} for key in batch}
        for word in newest_words(report__in=batch, fact__in=FACTS):
            if CorrectedValue(word.fact, word.value).is_valid:
                words[word.report_id][word.fact] = word
        yield from ((found[key], words[key]) for key in batch if key in found and words[key])


def list_labelled_stories(reports: Sequence[UUID]) -> Iterator[Mapping[str, Any]]:
    """Yield labelled stories without numbers of persons, numbered and not named."""
    for report, words in load_labels(reports):
        told = {fact: word for fact, word in words.items() if _is_told(report, word)}
        text = mask_numbers(_told_by(report, max(words.values(), key=lambda word: word.pk)))
        if told and text.strip():
            said = {
                fact: "confirmed" if each.is_confirmation else "corrected"
                for fact, each in told.items()
            }
            yield {"text": text, **{fact: told[fact].value for fact in told}, "said": said}


def _is_told(report: Report, word: Correction) -> bool:
    """Return whether the story may tell it: what the form alone declared teaches nothing."""
    facts = getattr(report, "facts", None)
    rules = [why["rule"] for why in facts.reasons if why["fact"] == word.fact] if facts else []
    return not (word.is_confirmation and any(rule.startswith(_FROM_FORM) for rule in rules))


def _told_by(report: Report, word: Correction) -> str:
    """Return the story with all that its reporter added before the officer's word."""
    later = sorted(report.followups.all(), key=lambda each: (each.received_at, each.pk))
    added = [
        each.story
        for each in later
        if each.kind != Followup.Kind.WITHDRAWAL and each.received_at <= word.created_at
    ]
    return "\n".join(filter(None, (report.story, *added)))


def mask_numbers(text: str) -> str:
    """Return a story without the telephone and account numbers that it names."""
    spans = [(each.start, each.end, PHONE_MASK) for each in find_in_text(text)]
    spans += [(each.start, each.end, ACCOUNT_MASK) for each in find_bank_accounts(text)]
    pieces, place = list[str](), 0
    for start, end, mask in sorted(spans):
        if start >= place:
            pieces += (text[place:start], mask)
            place = end
    return "".join((*pieces, text[place:]))
