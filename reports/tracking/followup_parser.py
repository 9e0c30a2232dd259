"""Parse a posted follow-up form. Nothing is refused: what exceeds a field goes into the story."""

import secrets
from functools import cached_property
from itertools import zip_longest

from reports.extraction.language import amounts
from reports.facts.merged_report import Caller
from reports.models import Followup
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace
from reports.submission.call_details import FLAG_CARD_LEFT_OUT, MAX_LENGTH, CallDetailsParser
from reports.submission.form_parser import CHANNELS, KEY, last_digits
from reports.tracking.followups import FollowupSubmission

MAX_CALLERS = 5
_CALLER_FIELDS = ("leg_number", "leg_channel", "leg_office", "leg_name")
_KINDS = (Followup.Kind.MORE, Followup.Kind.ANSWER, Followup.Kind.CORRECTION)
_MIN_DIGITS = 8  # of a telephone number


class FollowupFormParser(CallDetailsParser):
    @cached_property
    def submission_key(self) -> str:
        """Return the page's key, a fresh one where it has none."""
        key = self.data.get("submission_key", "")
        return key if KEY.fullmatch(key) else secrets.token_urlsafe(24)

    def to_submission(
        self, communes: tuple[CommunePlace, ...], flood_flags: tuple[str, ...] = ()
    ) -> FollowupSubmission:
        """Return the submission, with flags of its own and those of submission/flood_detection.py."""
        kind = self.get_text("kind")
        place = gazetteer.match_place(self.get_text("commune"), communes)
        called_on, called_on_raw, date_flag = self.parse_call_time()
        return FollowupSubmission(
            kind=kind if kind in _KINDS else Followup.Kind.MORE,
            callers=self.caller_rows,
            accounts=self.split_lines("accounts"),
            links=self.split_lines("links"),
            called_day=self.called_day,
            called_on=called_on,
            called_on_raw=called_on_raw,
            money_lost_raw=self.get_short("money_lost_vnd"),
            commune_raw=self.get_short("commune"),
            commune_id=place.codename,
            contact=self.get_short("contact_phone"),
            phrase=self.get_text("callback_phrase"),
            story="\n".join(filter(None, [self.get_text("story"), *self.overflow])),
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
        caller = Caller(self.cut(number), channel, self.cut(office), self.cut(name))
        return caller if (caller.number + caller.office + caller.name).strip() else None

    def _list_flags(self) -> list[str]:
        lost, contact = self.get_short("money_lost_vnd"), self.get_text("contact_phone")
        digits = sum(char.isdecimal() for char in contact[:MAX_LENGTH])
        flags = {
            "money_unread": bool(lost.strip()) and amounts.parse_money_field(lost).value is None,
            "contact_unread": bool(contact.strip()) and digits < _MIN_DIGITS,
            "chars_replaced": any(
                "\ufffd" in text for _, texts in self.data.lists() for text in texts
            ),
            "list_cut": bool(self.overflow),
            FLAG_CARD_LEFT_OUT: self.has_card,
        }
        return [flag for flag, is_set in flags.items() if is_set]
