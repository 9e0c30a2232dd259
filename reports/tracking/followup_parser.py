"""Parse a posted follow-up form. Nothing is refused: what exceeds a field goes into the story."""

import secrets
from datetime import date, timedelta
from functools import cached_property
from itertools import zip_longest

from django.utils import timezone

from core.form_data import Fields
from reports.extraction.language import amounts
from reports.facts.merged_report import Caller
from reports.models import Followup
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace
from reports.submission.form_parser import CHANNELS, KEY, last_digits
from reports.tracking.followups import FollowupSubmission

MAX_CALLERS = 5
MAX_LINES = 50  # of accounts, and of links
MAX_LENGTH = 500  # characters of a field other than the story
DAYS = ("today", "yesterday", "before")
DATE_PARTS = ("called_d", "called_m", "called_y")
_CALLER_FIELDS = ("leg_number", "leg_channel", "leg_office", "leg_name")
_KINDS = (Followup.Kind.MORE, Followup.Kind.ANSWER, Followup.Kind.CORRECTION)
_MIN_DIGITS = 8  # of a telephone number
_EARLIEST_DAY = date(2000, 1, 1)


class FollowupFormParser:
    def __init__(self, data: Fields) -> None:
        self.data = data
        self.overflow: list[str] = []  # what did not fit into its field

    @cached_property
    def submission_key(self) -> str:
        """Return the page's key, a fresh one where it has none."""
        key = self.data.get("submission_key", "")
        return key if KEY.fullmatch(key) else secrets.token_urlsafe(24)

    def to_submission(
        self, communes: tuple[CommunePlace, ...], flood_flags: tuple[str, ...] = ()
    ) -> FollowupSubmission:
        """Return the submission, with flags of its own and those of submission/flood_detection.py."""
        kind = self._get_text("kind")
        place = gazetteer.match_place(self._get_text("commune"), communes)
        called_on, called_on_raw, date_flag = self._parse_call_time()
        return FollowupSubmission(
            kind=kind if kind in _KINDS else Followup.Kind.MORE,
            callers=self.caller_rows,
            accounts=self._split_lines("accounts"),
            links=self._split_lines("links"),
            called_day=self._called_day,
            called_on=called_on,
            called_on_raw=called_on_raw,
            money_lost_raw=self._get_short("money_lost_vnd"),
            commune_raw=self._get_short("commune"),
            commune_id=place.codename,
            contact=self._get_short("contact_phone"),
            phrase=self._get_text("callback_phrase"),
            story="\n".join(filter(None, [self._get_text("story"), *self.overflow])),
            flags=tuple(filter(None, (date_flag, place.flag, *self._list_flags(), *flood_flags))),
        )

    @cached_property
    def caller_rows(self) -> tuple[Caller, ...]:
        """Return the callers, at most MAX_CALLERS, empty ones left out."""
        columns = [self.data.getlist(name) for name in _CALLER_FIELDS]
        rows = zip_longest(*columns, fillvalue="")
        callers = [caller for row in rows if (caller := self._parse_caller(*row))]
        self.overflow += [" ".join(vars(caller).values()) for caller in callers[MAX_CALLERS:]]
        return tuple(callers[:MAX_CALLERS])

    @property
    def caller_last_digits(self) -> tuple[str, ...]:
        return tuple(end for caller in self.caller_rows for end in last_digits(caller.number))

    def _parse_caller(self, number: str, channel: str, office: str, name: str) -> Caller | None:
        """Return the caller, None where nothing but a channel is known."""
        channel = channel if channel in CHANNELS else ""
        caller = Caller(self._cut(number), channel, self._cut(office), self._cut(name))
        return caller if (caller.number + caller.office + caller.name).strip() else None

    def _split_lines(self, name: str) -> tuple[str, ...]:
        texts = self.data.getlist(name)
        stripped = (line.strip() for text in texts for line in text.splitlines())
        lines = list(dict.fromkeys(filter(None, stripped)))
        self.overflow += lines[MAX_LINES:]
        return tuple(self._cut(line) for line in lines[:MAX_LINES])

    def _parse_call_time(self) -> tuple[date | None, str, str]:
        """Return the day of the call, its time as typed, and the flag of an odd day."""
        parts = [self._get_text(name).strip()[:MAX_LENGTH] for name in DATE_PARTS]
        written = "/".join(filter(None, parts))
        raw = ", ".join(filter(None, [written, self._get_short("called_time").strip()]))
        if written:
            day, flag = parse_date(parts, timezone.localdate())
            return day, raw, flag
        days_ago = {"today": 0, "yesterday": 1}.get(self._called_day)
        day = None if days_ago is None else timezone.localdate() - timedelta(days_ago)
        return day, raw, ""

    @property
    def _called_day(self) -> str:
        day = self._get_text("called_day")
        return day if day in DAYS else ""

    def _list_flags(self) -> list[str]:
        lost, contact = self._get_short("money_lost_vnd"), self._get_text("contact_phone")
        digits = sum(char.isdecimal() for char in contact[:MAX_LENGTH])
        flags = {
            "money_unread": bool(lost.strip()) and amounts.parse_money_field(lost).value is None,
            "contact_unread": bool(contact.strip()) and digits < _MIN_DIGITS,
            "chars_replaced": any(
                "\ufffd" in text for _, texts in self.data.lists() for text in texts
            ),
            "list_cut": bool(self.overflow),
        }
        return [flag for flag, is_set in flags.items() if is_set]

    def _get_short(self, name: str) -> str:
        return self._cut(self._get_text(name))

    def _cut(self, text: str) -> str:
        """Return a text cut to MAX_LENGTH; the whole of a longer one goes on in the story."""
        if len(text) > MAX_LENGTH and text not in self.overflow:
            self.overflow.append(text)
        return text[:MAX_LENGTH]

    def _get_text(self, name: str) -> str:
        return self.data.get(name) or ""


def parse_date(parts: list[str], today: date) -> tuple[date | None, str]:
    """Return the day of [day, month, year] and "", or None and date_unread or date_in_future.

    Without a year it is the last such day.
    """
    if not all(part.isdecimal() and len(part) <= 4 for part in parts if part):
        return None, "date_unread"
    day, month, year = (int(part or 0) for part in parts)
    try:
        if year:
            parsed = date(year + 2000 if year < 100 else year, month, day)
        else:
            parsed = date(today.year, month, day)
            if parsed > today:
                parsed = date(today.year - 1, month, day)
    except ValueError:
        return None, "date_unread"
    if parsed > today:
        return None, "date_in_future"
    return (parsed, "") if parsed >= _EARLIEST_DAY else (None, "date_unread")
