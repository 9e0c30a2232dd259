"""Campaign links in the database, first cut: the same calling number, account or link.

A report that shares a key with one in a campaign joins it; two that share a key open a
campaign. What is placed already, by a person or by the machine, is never moved. Two workers
on reports that share a key take turns (an advisory lock for each key, until COMMIT), so the
second one sees the first.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from reports.models import Campaign, CampaignLink, Indicator
from reports.models.report import SIGNS

# Numbers that stand for one line of somebody's: not short codes, hidden callers or names.
_LINES = frozenset({"mobile", "landline", "international"})
# What honest pages and callers share: the police hotline, sites where everybody is a guest.
_OFFICIAL_NUMBERS = frozenset({"+842373725725"})
_COMMON_HOSTS = (
    "chinhphu.vn", "facebook.com", "fb.com", "gmail.com", "google.com", "gov.vn", "m.me", "t.me",
    "tiktok.com", "wa.me", "youtube.com", "zalo.me",
)  # fmt: skip

_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s) AS key"

# The strongest tie to a report in a campaign, else to one in none; a few rows for each key are
# enough, because of those that share a key all but the first are in a campaign.
_NEIGHBOUR = """
SELECT tie.place, near.report_id, near.campaign_id
  FROM unnest(%(kinds)s, %(keys)s) WITH ORDINALITY AS tie(kind, key, place)
 CROSS JOIN LATERAL (
       SELECT report_id, campaign_id
         FROM (SELECT report_id FROM reports_indicator
                WHERE kind = tie.kind AND key = tie.key AND report_id <> %(report)s
                  AND (kind <> 'number' OR place = 'caller')
                LIMIT 20) AS sharing
         LEFT JOIN reports_campaignlink USING (report_id)
        ORDER BY campaign_id IS NULL LIMIT 1) AS near
 WHERE NOT EXISTS (SELECT FROM reports_campaignlink WHERE report_id = %(report)s)
 ORDER BY near.campaign_id IS NULL, tie.place LIMIT 1
"""


@dataclass(frozen=True)
class Tie:
    """A key that may bind a report to others, and how sure that makes it."""

    kind: str
    key: str
    link_kind: str
    strength: Decimal
    words: str

    @property
    def reason(self) -> str:
        return f"{self.words} {self.key}"


@dataclass(frozen=True)
class _Neighbour:
    tie: Tie
    report_id: UUID
    campaign_id: UUID | None


def link(report_id: UUID, indicators: Sequence[Indicator], title: str) -> None:
    """Place a report, whose indicators are written, in the campaign that they lead to.

    Part of triage's transaction; `title` is for a campaign that it may open.
    """
    if ties := ties_of(indicators):
        _take_turns(ties)
        neighbour = _neighbour(report_id, ties)
        if neighbour:
            _join(report_id, neighbour, title)


def ties_of(indicators: Sequence[Indicator]) -> list[Tie]:
    """What of a report's indicators may bind it to others, the strongest first."""
    found = {tie for indicator in indicators if (tie := _tie(indicator))}
    return sorted(found, key=lambda tie: (-tie.strength, tie.key))


def _tie(indicator: Indicator) -> Tie | None:
    kinds, links = Indicator.Kind, CampaignLink.Kind
    key = indicator.key
    if not key:
        return None
    if indicator.kind == kinds.ACCOUNT:
        return Tie(kinds.ACCOUNT, key, links.SAME_ACCOUNT, Decimal("0.95"), "Cùng tài khoản nhận")
    if indicator.kind == kinds.LINK and not _is_common(key):
        return Tie(kinds.LINK, key, links.SAME_LINK, Decimal("0.90"), "Cùng đường dẫn")
    if indicator.place == Indicator.Place.CALLER and _is_a_line(indicator):
        return Tie(kinds.NUMBER, key, links.SAME_NUMBER, Decimal("0.80"), "Cùng số gọi")
    return None


def _is_common(link: str) -> bool:
    host = link.partition("/")[0]
    return any(host == common or host.endswith(f".{common}") for common in _COMMON_HOSTS)


def _is_a_line(indicator: Indicator) -> bool:
    # Anyone can make 069 appear on a display: it binds nobody to anybody.
    return (
        indicator.number_kind in _LINES
        and indicator.key not in _OFFICIAL_NUMBERS
        and "ministry_network" not in indicator.flags
    )


def _take_turns(ties: Sequence[Tie]) -> None:
    # Sorted: two workers that want the same locks in another order would wait for ever.
    names = sorted(f"{tie.kind}:{tie.key}" for tie in ties)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURNS, [names])


def _neighbour(report_id: UUID, ties: Sequence[Tie]) -> _Neighbour | None:
    values: dict[str, Any] = {
        "kinds": [str(tie.kind) for tie in ties],
        "keys": [tie.key for tie in ties],
        "report": report_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOUR, values)
        row = cursor.fetchone()
    return _Neighbour(ties[row[0] - 1], row[1], row[2]) if row else None


def _join(report_id: UUID, neighbour: _Neighbour, title: str) -> None:
    campaign_id = neighbour.campaign_id or _open(title)
    members = {report_id} if neighbour.campaign_id else {report_id, neighbour.report_id}
    CampaignLink.objects.bulk_create(
        [
            CampaignLink(
                report_id=member,
                campaign_id=campaign_id,
                kind=neighbour.tie.link_kind,
                strength=neighbour.tie.strength,
                reason=neighbour.tie.reason,
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
