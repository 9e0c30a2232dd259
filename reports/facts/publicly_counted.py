"""Which reports the public figures and the look-up of numbers count: one rule for both."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from reports.facts import effective_facts
from reports.facts.abuse_flags import LOWERING
from reports.models import Case, Followup, Report

_SET_ASIDE = (Case.Status.JUNK, Case.Status.WITHDRAWN)
_NO_CALL = (Case.Outcome.NOT_SCAM, Case.Outcome.DUPLICATE)
_LOWERING = list(LOWERING)
# What bears the mark of a machine or a crowd, until somebody takes it up.
SUSPECTED = (Q(flags__overlap=_LOWERING) | Q(flood_sample__flags__overlap=_LOWERING)) & Q(
    case__status=Case.Status.NEW
)


def publicly_countable() -> QuerySet[Report]:
    """All but those that an officer has set aside, that their reporter wishes to withdraw, and that
    look as if a machine or a crowd had sent them while no officer has looked. What was erased was a
    call all the same: it stays counted, or figures would shrink with the years.
    """
    wish = Followup.objects.filter(report=OuterRef("pk"), kind=Followup.Kind.WITHDRAWAL)
    return Report.objects.filter(
        ~Q(case__status__in=_SET_ASIDE),
        ~Q(case__outcome__in=_NO_CALL),
        ~SUSPECTED,
        ~Exists(wish),
    )


def publicly_countable_sql(since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    """Those received from *since* to before *until*, as a SELECT and its values by name: `id`,
    `received_at`, `claimed_office`, `money_lost`, `home` (the commune as told last, as the desk
    counts it), and of the facts, where there are some, `kind` and `lost_vnd`.
    """
    rows = publicly_countable().filter(received_at__gte=since, received_at__lt=until)
    columns = rows.order_by().values(
        "id",
        "received_at",
        "claimed_office",
        "money_lost",
        home=effective_facts.commune(),
        kind=effective_facts.scenario(),
        lost_vnd=effective_facts.money_lost_vnd(),
    )
    statement, values = columns.query.sql_with_params()
    names = [f"counted_{place}" for place in range(len(values))]
    named = statement % tuple(f"%({name})s" for name in names)
    return named, dict(zip(names, values, strict=True))
