"""Flags of reports that a machine or a crowd seems to have sent, and which reports count in public.

A flag refuses nothing and lowers no priority; until an officer takes it up, a flagged report is
below the others in the queue and in no public count.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from reports.facts import effective_facts
from reports.models import Case, Followup, Report

FLAG_SUBMITTED_TOO_FAST = "too_fast"
FLAG_HONEYPOT = "trap_filled"
ADDRESS_BUSY = "address_busy"
NETWORK_BUSY = "network_busy"
NUMBER_BUSY = "number_busy"
SAME_WORDS = "same_words"
# These lower nothing: carriers put thousands of telephones behind one network, and most reports
# that come during a flood are real.
SAME_NETWORK = "same_network"
FLOOD = "flood"

LOWERING = (
    FLAG_SUBMITTED_TOO_FAST,
    FLAG_HONEYPOT,
    ADDRESS_BUSY,
    NETWORK_BUSY,
    NUMBER_BUSY,
    SAME_WORDS,
)
_SET_ASIDE = (Case.Status.JUNK, Case.Status.WITHDRAWN)
_NO_CALL = (Case.Outcome.NOT_SCAM, Case.Outcome.DUPLICATE)
# The same in the database, until an officer takes the case up.
SUSPECTED = (Q(flags__overlap=[*LOWERING]) | Q(flood_sample__flags__overlap=[*LOWERING])) & Q(
    case__status=Case.Status.NEW
)

# Of some reports those that tie others to campaigns: neither junk, erased nor suspected.
TYING_SQL = f"""
SELECT report.id
  FROM reports_report AS report JOIN reports_case AS desk ON desk.report_id = report.id
  LEFT JOIN reports_floodsample AS flood ON flood.report_id = report.id
 WHERE report.id = ANY(%(reports)s::uuid[]) AND erased_at IS NULL AND desk.status <> '{Case.Status.JUNK}'
   AND NOT (desk.status = '{Case.Status.NEW}'
            AND (report.flags || coalesce(flood.flags, '{{}}'))::text[] && ARRAY{[*LOWERING]})
"""  # noqa: S608  # constants  # nosec B608


def is_deprioritized(flags: Iterable[str]) -> bool:
    """Return whether a report with these flags is queued below the others until it is taken up."""
    return any(flag in LOWERING for flag in flags)


def publicly_countable() -> QuerySet[Report]:
    """Return the reports that public figures and the look-up of numbers count.

    Not those that an officer set aside, whose reporter asked to withdraw, or that are suspected and
    not taken up. Erased ones stay counted, or figures would shrink over time.
    """
    gone = Followup.objects.filter(report=OuterRef("pk"), kind=Followup.Kind.WITHDRAWAL)
    return Report.objects.filter(
        ~Q(case__status__in=_SET_ASIDE), ~Q(case__outcome__in=_NO_CALL), ~SUSPECTED, ~Exists(gone)
    )


def publicly_countable_sql(since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    """Return a SELECT of the countable reports received in [since, until), and its named values.

    Columns: `id`, `received_at`, `claimed_office`, `money_lost`, `home` (the effective commune),
    and of the facts, if any, `kind` and `lost_vnd`.
    """
    rows = publicly_countable().filter(received_at__gte=since, received_at__lt=until)
    columns = rows.order_by().values(
        "id",
        "received_at",
        "claimed_office",
        "money_lost",
        home=effective_facts.commune_expression(),
        kind=effective_facts.scenario_expression(),
        lost_vnd=effective_facts.loss_expression(),
    )
    statement, values = columns.query.sql_with_params()
    names = [f"counted_{place}" for place in range(len(values))]
    named = statement % tuple(f"%({name})s" for name in names)
    return named, dict(zip(names, values, strict=True))
