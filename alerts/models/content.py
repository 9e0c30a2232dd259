"""All that one message says, as plain values: what renderers read and what is hashed. No Django."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Self
from urllib.parse import urlsplit

_PLANES = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_NO_CHARACTERS = re.compile(f"[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")


@dataclass(frozen=True)
class Step:
    """One step of how the trick runs, with words that callers might use."""

    title: str
    text: str
    quote: str = ""


@dataclass(frozen=True)
class Document:
    """The official paper that a warning carries further."""

    number: str = ""
    dated: date | None = None
    office: str = ""
    subject: str = ""
    recipients: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Place:
    """A commune or ward that a warning is for; `code` is the five digits of the statistics office."""

    codename: str
    code: str
    name: str


@dataclass(frozen=True)
class ImpersonatedOffice:
    """An office that the callers pretend to be."""

    codename: str
    name: str


@dataclass(frozen=True)
class EnglishContent:
    """What the warning says in English; empty where nobody has written it."""

    title: str = ""
    summary: str = ""
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class MessageHeader:
    """The name and time of one message, in CAP's terms; `ending` and `reason` of a Cancel."""

    identifier: str
    sender: str
    sent: datetime
    msg_type: str
    version: int
    references: tuple[str, ...]
    effective: datetime
    expires: datetime | None
    web: str
    ending: str = ""
    reason: str = ""

    @property
    def web_in_english(self) -> str:
        """The same page for who reads English."""
        web = urlsplit(self.web)
        return web._replace(path=f"/en{web.path}").geturl()


@dataclass(frozen=True)
class Content:
    """One message whole. A field added later needs a default: older messages lack it."""

    slug: str
    title: str
    short_title: str
    summary: str
    advice: tuple[str, ...]
    steps: tuple[Step, ...]
    sms: str
    sms_share: str
    loudspeaker: str
    audience: str
    scenario: str
    urgency: str
    severity: str
    certainty: str
    response_type: tuple[str, ...]
    reviewed_on: date | None
    document: Document
    message: MessageHeader
    communes: tuple[Place, ...] = ()
    offices: tuple[ImpersonatedOffice, ...] = ()
    english: EnglishContent = EnglishContent()
    sms_marked: str = ""

    @property
    def quotes_callers(self) -> bool:
        return any(step.quote for step in self.steps)

    @property
    def speaks_english(self) -> bool:
        """Two languages with one text would say that one of them is a lie."""
        english = self.english
        is_other = english.title != self.title and english.summary != self.summary
        return bool(english.title) and is_other

    def as_json(self) -> dict[str, Any]:
        """Strings, whole numbers, lists and objects only; times with their offset."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_iso))
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What was said, without signs that no page can hold: those stand in the signed text alone."""
        known = _fit(values)
        return cls(
            **known
            | {
                "advice": tuple(known["advice"]),
                "steps": tuple(Step(**step) for step in known["steps"]),
                "response_type": tuple(known["response_type"]),
                "reviewed_on": _day(known["reviewed_on"]),
                "document": _document(known["document"]),
                "message": _message(known["message"]),
                "communes": tuple(Place(**place) for place in known.get("communes", ())),
                "offices": tuple(
                    ImpersonatedOffice(**office) for office in known.get("offices", ())
                ),
                "english": _english(known.get("english", {})),
            }
        )


def canonical(values: dict[str, Any]) -> bytes:
    """One byte string for one content: RFC 8785, which for strings, whole numbers and ASCII
    keys is what json writes with sorted keys and no spaces.
    """
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(values: dict[str, Any]) -> str:
    """SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(canonical(values)).hexdigest()


def nonblank_lines(text: str) -> tuple[str, ...]:
    """The lines of a text that say something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _iso(value: object) -> str:
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a message")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _document(values: dict[str, Any]) -> Document:
    parts = {"dated": _day(values["dated"]), "recipients": tuple(values["recipients"])}
    return Document(**values | parts)


def _english(values: dict[str, Any]) -> EnglishContent:
    return EnglishContent(**values | {"advice": tuple(values.get("advice", ()))})


def _message(values: dict[str, Any]) -> MessageHeader:
    times = {name: _time(values[name]) for name in ("sent", "effective", "expires")}
    return MessageHeader(**values | times | {"references": tuple(values["references"])})


def _fit(value: Any) -> Any:
    """The same JSON, its texts without control signs and points that are no characters (HTML, 13.2.3.5)."""
    if isinstance(value, str):
        return _NO_CHARACTERS.sub("", value)
    if isinstance(value, dict):
        return {key: _fit(each) for key, each in value.items()}
    return [_fit(each) for each in value] if isinstance(value, list) else value
