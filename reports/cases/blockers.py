"""What speaks against ending the work on reports, or against one text for many: as columns of the reports,
so that one report and a page of hundreds take one statement each.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from core.database import fetch_all
from core.models import AuditEvent
from reports.calendar.deadline_rules import CALLS, FOLLOWUP_ANSWER, NOTIFY
from reports.cases import deadlines
from reports.facts.effective_facts import loss_expression, ongoing_expression
from reports.models import BankLetter, Case, Deadline, ErasureRequest, Message, Report
from reports.models.report_views import NO_VIEWS

ONGOING, UNCALLED = "ongoing", "uncalled"
WRITTEN, OPEN_REQUEST, MONEY_GONE = "written", "open_request", "money_gone"
ALL = (ONGOING, UNCALLED, WRITTEN, OPEN_REQUEST, MONEY_GONE)
# Of which a decision is asked for once more, by verb.
ASKED_AGAIN: dict[str, tuple[str, ...]] = {
    "withdraw": (ONGOING, UNCALLED),
    **dict.fromkeys(("hand_over", "junk"), (ONGOING, UNCALLED, MONEY_GONE)),
    "close": ALL,
}
_CRIME, _TO_ANSWER = "crime", "to_answer"  # that a text for many would count as told, or answered
# Placeholders of a statement: the key of no report, and a time from which others are counted.
_REPORT, _NOW = UUID(int=0), datetime(9999, 1, 1, tzinfo=UTC)


def list_asked(verb: str, blockers: Iterable[str], outcome: str = "") -> list[str]:
    """Return of which blockers a verb asks once more. Of a duplicate, or no scam, no bank need know."""
    is_spared = outcome in (Case.Outcome.DUPLICATE, Case.Outcome.NOT_SCAM)
    asked = ASKED_AGAIN.get(verb, ())
    return [each for each in blockers if each in asked and not (is_spared and each == MONEY_GONE)]


def closing_blockers(report: UUID) -> tuple[str, ...]:
    """Return the codes of what speaks against closing a report, in one statement."""
    statement, placeholders = _build_statement()
    later = timezone.now() - _NOW
    values = [each + later if isinstance(each, datetime) else each for each in placeholders]
    (row,) = fetch_all(statement, [report if each == _REPORT else each for each in values])
    return tuple(code for code, stands in zip(ALL, row, strict=True) if stands)


@cache
def _build_statement() -> tuple[str, tuple[Any, ...]]:
    """Return statement and values with placeholders: building it takes many times its run."""
    columns = annotate_blockers(Report.objects.filter(pk=_REPORT), _NOW).values_list(*ALL)
    return columns.query.sql_with_params()


def annotate_blockers(reports: QuerySet[Report], now: datetime | None = None) -> QuerySet[Report]:
    """Return the reports with a column for each blocker."""
    told = AuditEvent.objects.filter(
        subject_type="report", subject_id=Cast(OuterRef("pk"), CharField()), kind="contacted"
    )
    letters = BankLetter.objects.filter(report=OuterRef("pk"))
    is_told = Exists(told.filter(detail__contact=Case.Contact.BANK)) | Exists(letters)
    is_lost = Q(effective_loss__gt=0) | Q(effective_loss=None, money_lost=True)
    erasures = ErasureRequest.objects.open().filter(report=OuterRef("pk"))
    followups = deadlines.unanswered_followups(now).filter(report=OuterRef("pk"))
    uncalled = deadlines.in_danger_without_call(now=now).filter(pk=OuterRef("pk"))
    return reports.alias(effective_loss=loss_expression()).annotate(**{
        ONGOING: Coalesce(ongoing_expression(), "happening_now"),
        UNCALLED: Q(_has_deadline(*CALLS)) | Q(Exists(uncalled)),
        WRITTEN: Exists(_unread_messages()),
        OPEN_REQUEST: Q(Exists(erasures)) | Q(Exists(followups)),
        MONEY_GONE: is_lost & ~Q(is_told),
    })  # fmt: skip


def _has_deadline(*kinds: str) -> Exists:
    return Exists(Deadline.objects.pending().filter(report=OuterRef("pk"), kind__in=kinds))


def _unread_messages() -> QuerySet[Message]:
    """Return the messages of a report's reporter that no person has seen the report since."""
    views = AuditEvent.objects.filter(
        subject_type="report",
        subject_id=Cast(OuterRef("report_id"), CharField()),
        actor__isnull=False,
        created_at__gte=OuterRef("sent_at"),
    ).exclude(kind__in=NO_VIEWS)
    return Message.objects.filter(~Exists(views), report=OuterRef("pk"), actor=None)


def annotate_refusals(reports: QuerySet[Report], verb: str) -> QuerySet[Any]:
    """Return the reports with `refusal`: why an act on many leaves each out, a code, "" for nothing.

    Of a text for many: danger, or what it would count as answered. Of an ending: what is asked of one
    alone, but of a closing money gone, since its outcome decides.
    """
    asked = [code for code in ASKED_AGAIN.get(verb, ()) if (verb, code) != ("close", MONEY_GONE)]
    found = annotate_blockers(reports).annotate(**{
        _CRIME: Q(case__status=Case.Status.CRIME_REPORT) | Q(_has_deadline(NOTIFY)),
        _TO_ANSWER: _has_deadline(FOLLOWUP_ANSWER),
    })  # fmt: skip
    if verb == "message":
        reasons = {
            "crime": Q(**{_CRIME: True}),
            "danger": _any_of(ONGOING, UNCALLED),
            "asked": _any_of(WRITTEN, OPEN_REQUEST, _TO_ANSWER),
        }
    else:
        reasons = {"pending": _any_of(*asked)} if asked else {}
    whens = [When(condition, then=Value(code)) for code, condition in reasons.items()]
    return found.annotate(refusal=Choice(*whens, default=Value(""), output_field=CharField()))


def _any_of(*columns: str) -> Q:
    condition = Q()
    for column in columns:
        condition |= Q(**{column: True})
    return condition
