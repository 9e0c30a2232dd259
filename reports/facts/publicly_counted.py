"""Which reports count in what the portal says in public: one rule for the look at a number and for
the figures, so that no page counts what another one leaves out.
"""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from reports.facts import abuse_flags as marks
from reports.facts import effective_facts as held
from reports.models import Addition, Case, Report

_SET_ASIDE = (Case.Status.JUNK, Case.Status.WITHDRAWN)
_NO_CALL = (Case.Outcome.NOT_SCAM, Case.Outcome.DUPLICATE)
_LOWERING = list(marks.LOWERING)
# What bears the mark of a machine or a crowd, until somebody takes it up.
SUSPECTED = (Q(flags__overlap=_LOWERING) | Q(crowd__marks__overlap=_LOWERING)) & Q(
    case__status=Case.Status.NEW
)


def reports() -> QuerySet[Report]:
    """All but those that an officer has set aside, that their reporter wishes to withdraw, and that
    look as if a machine or a crowd had sent them while no officer has looked. What was erased was a
    call all the same: it stays counted, or figures would shrink with the years.
    """
    wish = Addition.objects.filter(report=OuterRef("pk"), kind=Addition.Kind.WITHDRAWAL)
    return Report.objects.filter(
        ~Q(case__status__in=_SET_ASIDE),
        ~Q(case__outcome__in=_NO_CALL),
        ~SUSPECTED,
        ~Exists(wish),
    )


def as_sql(since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    """Those received from *since* to before *until*, as a SELECT and its values by name: `id`,
    `received_at`, `claimed_office`, `money_lost`, `home` (the commune as told last, as the desk
    counts it), and of the facts, where there are some, `kind` and `lost_vnd`.
    """
    rows = reports().filter(received_at__gte=since, received_at__lt=until)
    columns = rows.order_by().values(
        "id",
        "received_at",
        "claimed_office",
        "money_lost",
        home=held.commune(),
        kind=held.scenario(),
        lost_vnd=held.money_lost_vnd(),
    )
    statement, values = columns.query.sql_with_params()
    names = [f"counted_{place}" for place in range(len(values))]
    named = statement % tuple(f"%({name})s" for name in names)
    return named, dict(zip(names, values, strict=True))
