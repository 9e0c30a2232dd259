"""Parse the fields of a posted report into a submission. Nothing that is typed is refused.

Not by Django's form, which would cost a third of the request; `forms.ReportForm` renders the page.
"""

import re
import secrets
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from operator import itemgetter

from django.utils.translation import get_language

from core.form_data import Fields
from core.keys import token_age
from core.text import to_ascii_digits
from reports.extraction import phones, redaction
from reports.extraction.language import amounts
from reports.extraction.numbering_plan import LETTERS_FOR_DIGITS, MAX_NUMBER_CHARS_READ
from reports.facts import choices
from reports.facts.abuse_flags import FLAG_HONEYPOT, FLAG_SUBMITTED_TOO_FAST
from reports.facts.choices import OFFICES, parse_answers
from reports.models import Report
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace
from reports.submission.call_details import FLAG_CARD_LEFT_OUT, CallDetailsParser
from reports.submission.intake import ReportSubmission

YES_NO = {"yes": True, "no": False}
MIN_FILL_SECONDS = 3
_ENDING = 9  # last digits that identify a number
_UNCHANGED = 6  # last digits, which no prefix, zero or country code changes
_DIGITS_OF_ONE = 12  # with a country's code; more are several numbers
# Any of these filled in makes a report; `is_empty` names the rest.
_TEXTS = (
    "story", "caller_number", "claimed_office", "claimed_name", "money_lost_vnd", "accounts", "links",
)  # fmt: skip
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
CHANNELS = frozenset(Report.Channel.values)
_OFFICES = frozenset(code for code, _ in OFFICES)
_LANGUAGES = frozenset(Report.Language.values)


class ReportFormParser(CallDetailsParser):
    """The fields of a posted form; one without a usable submission key gets one."""

    def __init__(self, data: Fields) -> None:
        super().__init__(data)
        if not KEY.fullmatch(self.data.get("submission_key", "")):
            self.data["submission_key"] = secrets.token_urlsafe(24)

    @property
    def submission_key(self) -> str:
        return self.get_text("submission_key")

    @cached_property
    def age(self) -> float | None:
        """Return the seconds since this server offered the page; None for no token."""
        return token_age(self.get_text("form_token"))

    @property
    def is_empty(self) -> bool:
        """Return whether nothing of the call is said: the only thing that is no report."""
        return not (
            any(self.get_text(name).strip() for name in _TEXTS)
            or "yes" in {self.get_text("happening_now"), self.get_text("money_lost")}
            or any(map(choices.is_known, self.data.getlist("demands")))
        )

    def to_submission(self, communes: tuple[CommunePlace, ...]) -> ReportSubmission:
        place = gazetteer.match_place(self.get_text("commune"), communes)
        office, name = self._split_claim()
        channel = self.get_text("channel")
        accounts, links = self.split_lines("accounts"), self.split_lines("links")
        called_on, called_on_raw, date_flag = self.parse_call_time()
        return ReportSubmission(
            happening_now=self._get_answer("happening_now"),
            channel=channel if channel in CHANNELS else "",
            caller_number=self.get_text("caller_number"),
            claimed_office=office,
            claimed_name=name,
            story="\n".join([self.get_text("story"), *self.overflow]),
            demands=tuple(dict.fromkeys(filter(choices.is_known, self.data.getlist("demands")))),
            accounts=accounts,
            links=links,
            called_day=self.called_day,
            called_on=called_on,
            called_on_raw=called_on_raw,
            money_lost=self._get_answer("money_lost"),
            money_lost_raw=self.get_text("money_lost_vnd"),
            commune_raw=self.get_text("commune"),
            commune_id=place.codename,
            contact=self._contact,
            phrase=self.get_text("callback_phrase"),
            email=self.get_text("contact_email"),
            on_behalf=self._get_answer("on_behalf") or False,
            answers=parse_answers(self.texts),
            flags=tuple(flag for flag in (place.flag, date_flag, *self._list_flags()) if flag),
            language=_language(),
        )

    @property
    def _contact(self) -> str:
        """Return the reporter's number, which the page asks for at once where the danger is now."""
        typed = (self.get_text("urgent_phone"), self.get_text("contact_phone"))
        return ", ".join(dict.fromkeys(filter(str.strip, typed)))

    def _get_answer(self, name: str) -> bool | None:
        return YES_NO.get(self.get_text(name))

    def _split_claim(self) -> tuple[str, str]:
        """Return the code of an office and the words; an unknown code becomes words."""
        office, name = self.get_text("claimed_office"), self.get_text("claimed_name")
        is_code = not office.strip() or office in _OFFICES
        return (office.strip(), name) if is_code else ("", f"{office}\n{name}")

    def _list_flags(self) -> list[str]:
        """Return the flags of what an officer should check; none refuses the report."""
        lost, contact = self.get_text("money_lost_vnd"), self._contact
        tail, own = _last_digits(contact), redaction.domestic_number(contact)
        flags = {
            "money_unread": bool(lost.strip()) and amounts.parse_money_field(lost).value is None,
            "chars_replaced": "\ufffd"
            in "".join(chain.from_iterable(map(itemgetter(1), self.data.lists()))),
            "contact_unread": bool(contact.strip()) and len(tail) < 8,
            "contact_doubtful": len(tail) >= 8 and not own,
            "contact_is_caller": _is_caller(own, tail, self.get_text("caller_number")),
            "demand_unknown": not all(map(choices.is_known, self.data.getlist("demands"))),
            "list_cut": bool(self.overflow),
            FLAG_CARD_LEFT_OUT: self.has_card,
            FLAG_HONEYPOT: bool(self.get_text("website")),
            FLAG_SUBMITTED_TOO_FAST: self.age is not None and self.age < MIN_FILL_SECONDS,
        }
        return [flag for flag, is_set in flags.items() if is_set]


def _language() -> str:
    language = get_language()
    return language if language in _LANGUAGES else Report.Language.VIETNAMESE


def _is_caller(own: str, tail: str, callers: str) -> bool:
    """Return whether a contact (its key, last digits) is one of the callers, however spelled."""
    if len(tail) < 8:
        return False
    callers = callers[:MAX_NUMBER_CHARS_READ]
    if tail == _last_digits(callers):
        return True
    digits = filter(str.isdecimal, to_ascii_digits(callers).translate(LETTERS_FOR_DIGITS))
    may_be = own and own[-_UNCHANGED:] in "".join(digits)
    return bool(may_be) and own in {phone.key for phone in phones.parse_many(callers)}


def last_digits_in(typed: str) -> tuple[str, ...]:
    """Return the last digits of the numbers in a field; several are parsed one by one."""
    if sum(map(str.isdecimal, typed)) > _DIGITS_OF_ONE:
        return tuple(last_digits(typed))
    return tuple(filter(None, [_last_digits(typed)]))


def last_digits(typed: str) -> Iterator[str]:
    """Yield the last digits of each number that can be parsed in a field."""
    numbers = phones.parse_many(typed[:MAX_NUMBER_CHARS_READ])
    return filter(None, (phone.key[-_ENDING:] for phone in numbers))


def _last_digits(text: str) -> str:
    """Return the last nine digits, which identify a number."""
    return "".join(filter(str.isdecimal, text[:200]))[-_ENDING:]
