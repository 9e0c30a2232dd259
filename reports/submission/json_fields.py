"""Parse a JSON body into the fields of a form: its members have the form's names, and what they say is
judged by the form's parser alone. A member that is unknown or of the wrong type is refused, and so is
a code that its list has not, since each would lose a victim's words unseen.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from core.form_data import Fields, sanitize_text
from reports.facts import choices
from reports.models import Followup, Report
from reports.submission.call_details import DAYS

MAX_EXTERNAL_ID_CHARS = 64
MAX_ITEMS = 2000  # of a list, as a form has fields: half a million empty ones cost seconds
ISO_DATE = re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})")
_ANSWERS = {True: "yes", False: "no"}
Member = Callable[[Any], list[str] | None]  # texts of a value; None where it has the wrong type


class MalformedError(ValueError):
    """The body is no JSON object in UTF-8."""


class MemberError(ValueError):
    """A member that is unknown, of the wrong type or of an unknown code; `pointer` names it (RFC 6901)."""

    def __init__(self, pointer: str) -> None:
        super().__init__(pointer)
        self.pointer = pointer


def parse_text(value: Any) -> list[str] | None:
    is_whole_number = isinstance(value, int) and not isinstance(value, bool)
    return [str(value)] if isinstance(value, str) or is_whole_number else None


def parse_texts(value: Any) -> list[str] | None:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        return None
    texts = [parse_text(each) for each in value]
    return [text for each in texts if each for text in each] if all(texts) else None


def parse_answer(value: Any) -> list[str] | None:
    return [_ANSWERS[value]] if isinstance(value, bool) else None


def parse_id(value: Any) -> list[str] | None:
    texts = parse_text(value)
    return texts if texts and len(texts[0]) <= MAX_EXTERNAL_ID_CHARS else None


# What a report and a follow-up tell alike.
CALL_DETAILS: dict[str, Member] = dict.fromkeys(
    (
        "story", "money_lost_vnd", "called_day", "called_on", "called_time", "commune",
        "contact_phone", "callback_phrase",
    ),
    parse_text,
) | dict.fromkeys(("accounts", "links"), parse_texts)  # fmt: skip
REPORT: dict[str, Member] = (
    CALL_DETAILS
    | dict.fromkeys(
        (
            "caller_number", "channel", "claimed_office", "claimed_name", "contact_email", "language",
            *(question.code for question in choices.QUESTIONS),
        ),
        parse_text,
    )
    | dict.fromkeys(("happening_now", "money_lost", "on_behalf"), parse_answer)
    | {"demands": parse_texts, "external_id": parse_id}
)  # fmt: skip
CALLER: dict[str, Member] = dict.fromkeys(("number", "channel", "office", "name"), parse_text)
FOLLOWUP: dict[str, Member] = CALL_DETAILS | {"kind": parse_text}
# What members with codes may hold. The form would keep nothing of another: a page sends none, and a
# program that mends its table sends the report again.
CODES: Mapping[str, Collection[str]] = {
    "called_day": DAYS,
    "channel": Report.Channel.values,
    "demands": [*(group.code for group in choices.GROUPS), *sorted(choices.ACTIONS)],
    "kind": [Followup.Kind.MORE, Followup.Kind.ANSWER, Followup.Kind.CORRECTION],
    "language": Report.Language.values,
} | {question.code: [*question.choices] for question in choices.QUESTIONS}


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body. Raises MalformedError."""
    try:
        hooks: Any = {"parse_constant": _refuse_constant, "object_pairs_hook": _build_object}
        document = json.loads(body.decode("utf-8-sig"), **hooks)
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, an endless number or nesting
        raise MalformedError from error
    if not isinstance(document, dict):
        raise MalformedError
    return document


def _refuse_constant(name: str) -> None:
    raise MalformedError(name)


def _build_object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members by name. Raises MalformedError where one stands twice: the first would be lost."""
    if len(document := dict(members)) < len(members):
        raise MalformedError
    return document


def parse_report(document: Mapping[str, Any]) -> Fields:
    """Return the fields of the report form. Raises MemberError."""
    return _split_date(parse_members(document, REPORT))


def parse_followup(document: Mapping[str, Any]) -> Fields:
    """Return the fields of the follow-up form, a row for each of `callers`. Raises MemberError."""
    callers = document.get("callers") or []
    fields = parse_members({k: v for k, v in document.items() if k != "callers"}, FOLLOWUP)
    if not isinstance(callers, list) or len(callers) > MAX_ITEMS:
        raise MemberError("/callers")
    for place, caller in enumerate(callers):
        if not isinstance(caller, dict):
            raise MemberError(f"/callers/{place}")
        row = parse_members(caller, CALLER, f"/callers/{place}")
        for name in CALLER:
            fields.appendlist(f"leg_{name}", row.get(name, ""))
    return _split_date(fields)


def parse_members(
    document: Mapping[str, Any], members: Mapping[str, Member], within: str = ""
) -> Fields:
    """Return the texts of the members by name; one that is null is not there. Raises MemberError."""
    fields = Fields()
    for name, value in document.items():
        if value is None and name in members:
            continue
        texts = members[name](value) if name in members else None
        pointer = f"{within}/{sanitize_text(name).replace('~', '~0').replace('/', '~1')}"
        if texts is None:
            raise MemberError(pointer)
        _require_codes(name, texts, pointer, is_list=isinstance(value, list))
        fields.setlist(name, list(map(sanitize_text, texts)))
    return fields


def _require_codes(name: str, texts: list[str], pointer: str, *, is_list: bool) -> None:
    """Raise MemberError for a text that is none of the member's codes; "" alone is no answer."""
    for place, text in enumerate(texts if name in CODES else ()):
        if text not in CODES[name] and (is_list or text):
            raise MemberError(f"{pointer}/{place}" if is_list else pointer)


def _split_date(fields: Fields) -> Fields:
    """Return the fields with `called_on` as the form asks for it; no ISO date is a time as typed."""
    typed = fields.get("called_on", "")
    fields.pop("called_on", None)
    if date := ISO_DATE.fullmatch(typed.strip()):
        fields.update({f"called_{part}": digits for part, digits in date.groupdict().items()})
    elif typed.strip():
        fields["called_time"] = " ".join(filter(None, [typed, fields.get("called_time", "")]))
    return fields
