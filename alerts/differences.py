"""What a text in review changes in the edition that was issued, field by field and word by word."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils import timezone

from alerts import publishing
from alerts.models import Alert, Language
from alerts.models.cap_terms import Certainty, ResponseType, Severity, Urgency
from alerts.models.content import MessageHeader
from alerts.public_words import NOT_WRITTEN, field_label
from reports.campaigns.campaign_stats import code_label

_CODES = {"urgency": Urgency, "severity": Severity, "certainty": Certainty, "response_type": ResponseType}  # fmt: skip
MAX_COMPARED = 40_000  # pairs of words that are all looked at
_WORDS = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True)
class Part:
    text: str
    is_changed: bool


@dataclass(frozen=True)
class FieldDifference:
    label: str
    old: list[Part]
    new: list[Part]


def list_differences(alert: Alert) -> list[FieldDifference]:
    """Return the fields that differ from the issued edition, [] where none was issued."""
    if alert.current is None:
        return []
    issued, next_one = alert.current.frozen_content, publishing.preview(alert).frozen_content
    old, new = issued.as_json(), next_one.as_json()
    names = [name for name in new if name not in NOT_WRITTEN]
    texts = [(name, _format(name, old[name]), _format(name, new[name])) for name in names]
    texts.append(("expires", _format_time(issued.message), _format_time(next_one.message)))
    return [
        FieldDifference(field_label(name), *_compare(before, after))
        for name, before, after in texts
        if before != after
    ]


def _format(name: str, value: Any) -> str:
    """Return a value of a message as an officer reads it, each part on its line."""
    if isinstance(value, list):
        return "\n".join(_format(name, each) for each in value)
    if isinstance(value, dict) and "sha256" in value:
        return f"[tệp tiếng {value['seconds']} giây, mã {value['sha256'][:12]}]"
    if isinstance(value, dict):
        shown = {"name": value["name"]} if "codename" in value else value
        return "\n".join(
            filter(
                None,
                (_format(key if key == "language" else "", each) for key, each in shown.items()),
            )
        )
    if name == "language":
        return f"{Language(value).label}:"
    if name == "scenario" and value:
        return code_label(value)
    return str(_CODES[name](value).label) if name in _CODES else str(value or "")


def _format_time(message: MessageHeader) -> str:
    return f"{timezone.localtime(message.expires):%H:%M, %d/%m/%Y}" if message.expires else ""


def _compare(old: str, new: str) -> tuple[list[Part], list[Part]]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    is_long = len(before) * len(after) > MAX_COMPARED  # words that are frequent join nothing there
    blocks = SequenceMatcher(None, before, after, autojunk=is_long).get_opcodes()
    return (
        _join((before[a:b], kind != "equal") for kind, a, b, _, _ in blocks),
        _join((after[a:b], kind != "equal") for kind, _, _, a, b in blocks),
    )


def _join(runs: Iterable[tuple[list[str], bool]]) -> list[Part]:
    return [Part("".join(words), is_changed) for words, is_changed in runs if words]
