"""A posted form of the tracking page, from the fields of its body to what `later` takes in.

Nothing is refused. What is too long for its field, or beyond the lines that a field holds, goes on
in the story, so that all of it is kept and memory stays bounded.
"""

import re
import secrets
from datetime import date, timedelta
from functools import cached_property
from itertools import zip_longest

from django.utils import timezone

from core.form_data import Fields
from reports.extraction.language import amounts
from reports.facts.merged_report import Caller
from reports.models import Followup, Report
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace
from reports.submission.form_parser import last_digits
from reports.tracking.followups import FollowupSubmission

MAX_LEGS = 5
MAX_LINES = 50  # of accounts, and of links
MAX_LENGTH = 500  # signs of a field that is no story
DAYS = ("today", "yesterday", "before")
DATE_PARTS = ("called_d", "called_m", "called_y")
_LEG_FIELDS = ("leg_number", "leg_channel", "leg_office", "leg_name")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_KINDS = (Followup.Kind.MORE, Followup.Kind.ANSWER, Followup.Kind.CORRECTION)
_CHANNELS = frozenset(Report.Channel.values)
_MIN_DIGITS = 8  # of a number that can be rung
_OLDEST = date(2000, 1, 1)


class FollowupFormParser:
    """The fields of an addition, `kept` as they came."""

    def __init__(self, data: Fields) -> None:
        self.data = data
        self.beyond: list[str] = []  # what did not fit where it was typed

    @cached_property
    def submission_key(self) -> str:
        """The page's own key; a fresh one where none came along."""
        key = self.data.get("submission_key", "")
        return key if _KEY.fullmatch(key) else secrets.token_urlsafe(24)

    def to_submission(
        self, communes: tuple[CommunePlace, ...], marks: tuple[str, ...] = ()
    ) -> FollowupSubmission:
        """What `later.add` takes in; `marks` are those of reports/submission/flood_detection.py."""
        kind = self._get_text("kind")
        place = gazetteer.match_place(self._get_text("commune"), communes)
        called_on, called_on_raw, odd_date = self._called()
        return FollowupSubmission(
            kind=kind if kind in _KINDS else Followup.Kind.MORE,
            legs=self.caller_rows,
            accounts=self._lines("accounts"),
            links=self._lines("links"),
            called_day=self._called_day,
            called_on=called_on,
            called_on_raw=called_on_raw,
            money_lost_raw=self._short("money_lost_vnd"),
            commune_raw=self._short("commune"),
            commune_id=place.codename,
            contact=self._short("contact_phone"),
            phrase=self._get_text("callback_phrase"),
            story=self._story(),
            flags=tuple(filter(None, (odd_date, place.flag, *self._flags(), *marks))),
        )

    @cached_property
    def caller_rows(self) -> tuple[Caller, ...]:
        """The callers of the chain: at most MOST_LEGS, empty ones left out."""
        columns = [self.data.getlist(name) for name in _LEG_FIELDS]
        found = [leg for row in zip_longest(*columns, fillvalue="") if (leg := self._leg(*row))]
        self.beyond += [" ".join(vars(leg).values()) for leg in found[MAX_LEGS:]]
        return tuple(found[:MAX_LEGS])

    @property
    def caller_last_digits(self) -> tuple[str, ...]:
        """The last digits of their numbers."""
        return tuple(end for leg in self.caller_rows for end in last_digits(leg.number))

    def _leg(self, number: str, channel: str, office: str, name: str) -> Caller | None:
        leg = Caller(
            self._cut(number), channel if channel in _CHANNELS else "", self._cut(office),
            self._cut(name),
        )  # fmt: skip
        # Which way they rang says nothing without anybody who did.
        return leg if (leg.number + leg.office + leg.name).strip() else None

    def _lines(self, name: str) -> tuple[str, ...]:
        lines = (line.strip() for text in self.data.getlist(name) for line in text.splitlines())
        found = list(dict.fromkeys(filter(None, lines)))
        self.beyond += found[MAX_LINES:]
        return tuple(self._cut(line) for line in found[:MAX_LINES])

    def _story(self) -> str:
        """The story, and behind it whatever found no room elsewhere. Called last."""
        return "\n".join(filter(None, [self._get_text("story"), *self.beyond]))

    def _called(self) -> tuple[date | None, str, str]:
        """The day of the call, its time as it was written, and the flag of a day that is odd."""
        parts = [self._get_text(name).strip()[:MAX_LENGTH] for name in DATE_PARTS]
        written = "/".join(filter(None, parts))
        raw = ", ".join(filter(None, [written, self._short("called_time").strip()]))
        if written:
            day, flag = read_date(parts, timezone.localdate())
            return day, raw, flag
        back = {"today": 0, "yesterday": 1}.get(self._called_day)
        return None if back is None else timezone.localdate() - timedelta(back), raw, ""

    @property
    def _called_day(self) -> str:
        day = self._get_text("called_day")
        return day if day in DAYS else ""

    def _flags(self) -> list[str]:
        lost, contact = self._short("money_lost_vnd"), self._get_text("contact_phone")
        digits = sum(sign.isdecimal() for sign in contact[:MAX_LENGTH])
        found = {
            "money_unread": bool(lost.strip()) and amounts.parse_money_field(lost).value is None,
            "contact_unread": bool(contact.strip()) and digits < _MIN_DIGITS,
            "signs_replaced": any(
                "\ufffd" in text for _, all_ in self.data.lists() for text in all_
            ),
            "list_cut": bool(self.beyond),
        }
        return [flag for flag, is_set in found.items() if is_set]

    def _short(self, name: str) -> str:
        return self._cut(self._get_text(name))

    def _cut(self, text: str) -> str:
        """A text as long as a field may be; the whole of a longer one goes on in the story."""
        if len(text) > MAX_LENGTH and text not in self.beyond:
            self.beyond.append(text)
        return text[:MAX_LENGTH]

    def _get_text(self, name: str) -> str:
        return self.data.get(name) or ""


def read_date(parts: list[str], today: date) -> tuple[date | None, str]:
    """A day from its boxes (day, month, year; no year is the last such day), and a flag:
    date_unread, or date_in_future for one that is still to come.
    """
    if not all(part.isdecimal() and len(part) <= 4 for part in parts if part):
        return None, "date_unread"
    day, month, year = (int(part or 0) for part in parts)
    try:
        if year:
            found = date(year + 2000 if year < 100 else year, month, day)
        else:
            found = _last_such_day(day, month, today)
    except ValueError:
        return None, "date_unread"
    if found > today:
        return None, "date_in_future"
    return (found, "") if found >= _OLDEST else (None, "date_unread")


def _last_such_day(day: int, month: int, today: date) -> date:
    this_year = date(today.year, month, day)
    return this_year if this_year <= today else date(today.year - 1, month, day)
