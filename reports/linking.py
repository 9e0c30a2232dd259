"""Campaign links in the database, first cut: the same calling number, account or link.

A report that shares a key with one in a campaign joins it; two that share a key open a
campaign. What is placed already, by a person or by the machine, is never moved. Two workers
on reports that share a key take turns (an advisory lock for each key, until COMMIT), so the
second one sees the first.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from reports.models import Campaign, CampaignLink, Indicator
from reports.models.report import SIGNS
from reports.traces import Key

# Where triage wrote the keys that campaigns.py ties by.
_INDICATORS = {
    "same_number": Indicator.Kind.NUMBER,
    "same_account": Indicator.Kind.ACCOUNT,
    "same_link": Indicator.Kind.LINK,
}

_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%(turns)s) AS key"

# Most reports share nothing: this answers for them in a third of the time: the longer
# question costs more to plan than to answer.
_SHARES = """
SELECT EXISTS (SELECT FROM unnest(%(kinds)s, %(keys)s) AS tie(kind, key)
                 JOIN reports_indicator AS other USING (kind, key)
                WHERE other.report_id <> %(report)s)
"""

# The strongest tie to a report in a campaign, else to one in none. A few rows for each key are
# enough: of those that share a key, all but the first are in a campaign. A number in a story
# counts where the form named no caller, as in campaigns.py.
_NEIGHBOUR = """
SELECT tie.place, near.report_id, near.campaign_id
  FROM unnest(%(kinds)s, %(keys)s) WITH ORDINALITY AS tie(kind, key, place)
 CROSS JOIN LATERAL (
       SELECT report_id, campaign_id
         FROM (SELECT report_id FROM reports_indicator AS mine
                WHERE kind = tie.kind AND key = tie.key AND report_id <> %(report)s
                  AND (kind <> 'number' OR place <> 'story' OR NOT EXISTS (
                       SELECT FROM reports_indicator AS caller
                        WHERE caller.report_id = mine.report_id
                          AND caller.kind = 'number' AND caller.place <> 'story'
                          AND caller.key <> ''))
                LIMIT 20) AS sharing
         LEFT JOIN reports_campaignlink USING (report_id)
        ORDER BY campaign_id IS NULL LIMIT 1) AS near
 WHERE NOT EXISTS (SELECT FROM reports_campaignlink WHERE report_id = %(report)s)
 ORDER BY near.campaign_id IS NULL, tie.place LIMIT 1
"""


@dataclass(frozen=True)
class _Neighbour:
    """A report that shares a key, and its campaign if it is in one."""

    key: Key
    report_id: UUID
    campaign_id: UUID | None


def link(report: UUID, keys: Iterable[Key], title: str) -> None:
    """Place a report, whose indicators are written, in the campaign that its keys lead to.

    Part of triage's transaction; `title` is for a campaign that it may open.
    """
    ordered = strongest_first(keys)
    if ordered:
        neighbour = _neighbour(report, ordered)
        if neighbour:
            _join(report, neighbour, title)


def strongest_first(keys: Iterable[Key]) -> list[Key]:
    return sorted(keys, key=lambda key: (-key.strength, key))


def _neighbour(report: UUID, keys: Sequence[Key]) -> _Neighbour | None:
    """Look for one when it is our turn: a statement of its own sees what others wrote before."""
    values: dict[str, Any] = {
        # Sorted: two workers that want the same locks in another order would wait for ever.
        "turns": sorted(f"{key.kind}:{key.value}" for key in keys),
        "kinds": [str(_INDICATORS[key.kind]) for key in keys],
        "keys": [key.value for key in keys],
        "report": report,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{_TAKE_TURNS};{_SHARES}", values)
        if cursor.fetchone() == (False,):
            return None
        cursor.execute(_NEIGHBOUR, values)
        row = cursor.fetchone()
    return _Neighbour(keys[row[0] - 1], row[1], row[2]) if row else None


def _join(report: UUID, neighbour: _Neighbour, title: str) -> None:
    campaign_id = neighbour.campaign_id or _open(title)
    members = {report} if neighbour.campaign_id else {report, neighbour.report_id}
    CampaignLink.objects.bulk_create(
        [
            CampaignLink(
                report_id=member,
                campaign_id=campaign_id,
                kind=neighbour.key.kind,
                strength=Decimal(str(neighbour.key.strength)),
                reason=neighbour.key.reason,
            )
            for member in sorted(members)
        ],
        ignore_conflicts=True,
    )


def _open(title: str) -> UUID:
    """A new campaign under a code that nobody has; codes grow when a year's short ones do."""
    for tried in range(100):
        try:
            with transaction.atomic():
                return Campaign.objects.create(code=new_code(3 + tried // 10), title=title).pk
        except IntegrityError:
            continue
    raise RuntimeError("no free campaign code in a hundred tries")


def new_code(signs: int = 3) -> str:
    """A code for the desk to say aloud, as Đ-26-K4M: the year and random signs, no counter."""
    year = f"{timezone.localtime():%y}"
    return f"Đ-{year}-" + "".join(secrets.choice(SIGNS) for _ in range(signs))
