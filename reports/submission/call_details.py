"""Parse the accounts, the links and the time of a call, which the report form and follow-ups share.

Nothing is refused but the number of a payment card: it is left out before anything is kept or shown.
"""

from datetime import date, timedelta
from functools import cached_property

from django.utils import timezone

from core.form_data import Fields, last_texts
from core.text import to_ascii_digits
from reports.extraction.bank_accounts_and_links import is_card, mask_cards
from reports.extraction.redaction import CARD_MASK

MAX_LINES = 50  # of accounts, and of links
MAX_LENGTH = 500  # characters of a field other than the story
DAYS = ("today", "yesterday", "before")
DATE_PARTS = ("called_d", "called_m", "called_y")
FLAG_CARD_LEFT_OUT = "card_left_out"
_WITHOUT_CARDS = ("accounts", "links")
_CALLERS = ("caller_number", "leg_number")  # two numbers side by side may look like a card
_EARLIEST_DAY = date(2000, 1, 1)


class CallDetailsParser:
    """The fields of a posted form; `overflow` is what did not fit into its field."""

    def __init__(self, data: Fields) -> None:
        self.data = data
        self.overflow: list[str] = []
        for name in _WITHOUT_CARDS:
            if any(texts := data.getlist(name)):
                data.setlist(name, [mask_cards(text, CARD_MASK) for text in texts])
        for name in _CALLERS:
            if any(texts := data.getlist(name)):
                data.setlist(name, [_mask_lone_card(text) for text in texts])

    @property
    def has_card(self) -> bool:
        """Return whether a card's number was left out, now or when the form was sent before."""
        names = (*_WITHOUT_CARDS, *_CALLERS)
        return any(CARD_MASK in text for name in names for text in self.data.getlist(name))

    def split_lines(self, name: str) -> tuple[str, ...]:
        stripped = (line.strip() for text in self.data.getlist(name) for line in text.splitlines())
        lines = list(dict.fromkeys(filter(None, stripped)))
        self.overflow += lines[MAX_LINES:]
        return tuple(self.cut(line) for line in lines[:MAX_LINES])

    def parse_call_time(self) -> tuple[date | None, str, str]:
        """Return the day of the call, its time as typed, and the flag of an odd day."""
        parts = [self.get_text(name).strip()[:MAX_LENGTH] for name in DATE_PARTS]
        written = "/".join(filter(None, parts))
        raw = ", ".join(filter(None, [written, self.get_short("called_time").strip()]))
        if written:
            day, flag = parse_date(parts, timezone.localdate())
            return day, raw, flag
        days_ago = {"today": 0, "yesterday": 1}.get(self.called_day)
        day = None if days_ago is None else timezone.localdate() - timedelta(days_ago)
        return day, raw, ""

    @property
    def called_day(self) -> str:
        day = self.get_text("called_day")
        return day if day in DAYS else ""

    def get_short(self, name: str) -> str:
        return self.cut(self.get_text(name))

    def cut(self, text: str) -> str:
        """Return a text cut to MAX_LENGTH; the whole of a longer one goes on in the story."""
        if len(text) > MAX_LENGTH and text not in self.overflow:
            self.overflow.append(text)
        return text[:MAX_LENGTH]

    def get_text(self, name: str) -> str:
        return self.texts.get(name, "")

    @cached_property
    def texts(self) -> dict[str, str]:
        """Return the text of each field, of one sent twice the last."""
        return last_texts(self.data)


def _mask_lone_card(text: str) -> str:
    """Return the text of a field for numbers, masked where a card's is the only one in it."""
    digits = "".join(filter(str.isdecimal, to_ascii_digits(text)))
    return mask_cards(text, CARD_MASK) if is_card(digits) else text


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
