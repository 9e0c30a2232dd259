"""The content of one message as plain values: what renderers read and what is hashed. No Django."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Self
from urllib.parse import urlsplit

_PLANES = "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
_NO_CHARACTERS = re.compile(f"[\0-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}]")


@dataclass(frozen=True)
class Step:
    title: str
    text: str
    quote: str = ""


@dataclass(frozen=True)
class Document:
    number: str = ""
    dated: date | None = None
    office: str = ""
    subject: str = ""
    recipients: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Place:
    """A commune that a warning is for; `code` is the five digits of the statistics office."""

    codename: str
    code: str
    name: str


@dataclass(frozen=True)
class ImpersonatedOffice:
    codename: str
    name: str


@dataclass(frozen=True)
class EnglishContent:
    """The English words; empty where nobody has written them."""

    title: str = ""
    summary: str = ""
    advice: tuple[str, ...] = ()


@dataclass(frozen=True)
class SoundFile:
    """A recording that is part of what is signed: its bytes are named by their digests."""

    sha256: str
    sha1: str
    size: int
    seconds: int


@dataclass(frozen=True)
class Translation:
    """The warning in one more language, as text, sound or both; of Vietnamese and English a sound."""

    language: str
    title: str = ""
    summary: str = ""
    advice: tuple[str, ...] = ()
    loudspeaker: str = ""
    reader: str = ""
    sound: SoundFile | None = None


@dataclass(frozen=True)
class MessageHeader:
    """Identifier and times of one message, in CAP's terms; `ending` of a Cancel."""

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

    @property
    def web_in_english(self) -> str:
        web = urlsplit(self.web)
        return web._replace(path=f"/en{web.path}").geturl()

    @property
    def is_withdrawn(self) -> bool:
        """Return whether the warning was cancelled as an error: none of its words is repeated."""
        return self.ending == "error"


@dataclass(frozen=True)
class Content:
    """One whole message. A field added later needs a default: older messages lack it."""

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
    translations: tuple[Translation, ...] = ()

    @property
    def quotes_callers(self) -> bool:
        return any(step.quote for step in self.steps)

    @property
    def speaks_english(self) -> bool:
        """Return whether there are English words that are not the Vietnamese ones."""
        english = self.english
        is_other = english.title != self.title and english.summary != self.summary
        return bool(english.title) and is_other

    def as_json(self) -> dict[str, Any]:
        """Return strings, whole numbers, lists and objects only; times with their offset."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self), default=_format_date))
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the content without characters that no page can hold; the signed text has them."""
        clean = _strip_non_characters(values)
        parts = {
            "advice": tuple(clean["advice"]),
            "steps": tuple(Step(**step) for step in clean["steps"]),
            "response_type": tuple(clean["response_type"]),
            "reviewed_on": _parse_day(clean["reviewed_on"]),
            "document": _parse_document(clean["document"]),
            "message": _parse_message(clean["message"]),
            "communes": tuple(Place(**place) for place in clean.get("communes", ())),
            "offices": tuple(ImpersonatedOffice(**office) for office in clean.get("offices", ())),
            "english": _parse_english(clean.get("english", {})),
            "translations": tuple(map(_parse_translation, clean.get("translations", ()))),
        }
        return cls(**clean | parts)


def canonical(values: dict[str, Any]) -> bytes:
    """Return RFC 8785's canonical JSON: for strings, integers and ASCII keys, sorted and without spaces."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(values: dict[str, Any]) -> str:
    """Return the SHA-256 of the canonical form, 64 hex digits."""
    return hashlib.sha256(canonical(values)).hexdigest()


def nonblank_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _format_date(value: object) -> str:
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a message")


def _parse_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _parse_document(values: dict[str, Any]) -> Document:
    parts = {"dated": _parse_day(values["dated"]), "recipients": tuple(values["recipients"])}
    return Document(**values | parts)


def _parse_english(values: dict[str, Any]) -> EnglishContent:
    return EnglishContent(**values | {"advice": tuple(values.get("advice", ()))})


def _parse_translation(values: dict[str, Any]) -> Translation:
    sound = SoundFile(**values["sound"]) if values["sound"] else None
    return Translation(**values | {"advice": tuple(values["advice"]), "sound": sound})


def _parse_message(values: dict[str, Any]) -> MessageHeader:
    times = {
        name: values[name] and datetime.fromisoformat(values[name])
        for name in ("sent", "effective", "expires")
    }
    return MessageHeader(**values | times | {"references": tuple(values["references"])})


def _strip_non_characters(value: Any) -> Any:
    """Return the JSON with texts free of control characters and noncharacters (HTML, 13.2.3.5)."""
    if isinstance(value, str):
        return _NO_CHARACTERS.sub("", value)
    if isinstance(value, dict):
        return {key: _strip_non_characters(each) for key, each in value.items()}
    return [_strip_non_characters(each) for each in value] if isinstance(value, list) else value
