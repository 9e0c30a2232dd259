"""The words of a warning that anybody reads, each under the name that an officer knows it by."""

from collections.abc import Iterator
from typing import Any

from alerts.models import Alert, Language
from alerts.models.content import Content
from reports.numbers.publishable_texts import find_faults

_LABELS = {
    "steps": "họ lừa thế nào", "document": "văn bản gốc", "english": "bản tiếng Anh",
    "translations": "bản đọc, bản các thứ tiếng", "communes": "xã, phường", "offices": "cơ quan bị giả danh",
}  # fmt: skip
NOT_WRITTEN = ("slug", "message")  # of the message itself, which no officer words


def field_label(name: str) -> str:
    return _LABELS.get(name) or str(Alert._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # noqa: SLF001


def find_strangers(content: Content) -> list[str]:
    """Return a sentence for each number, account or link that a warning must not carry, whatever its
    field and language.
    """
    values = content.as_json()
    texts = [
        (label[:1].upper() + label[1:], "\n".join(_iter_words(part)))
        for name, value in values.items()
        if name not in NOT_WRITTEN
        for label, part in _iter_parts(name, value)
    ]
    return find_faults(texts)


def _iter_parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield label and value of a field, of steps and translations each."""
    if name == "steps":
        yield from ((f"bước {number}", step) for number, step in enumerate(value, 1))
    elif name == "translations":
        for each in value:
            language = str(Language(each["language"]).label)
            words = {part: text for part, text in each.items() if part != "sound"}
            yield f"bản {language[:1].lower()}{language[1:]}", words
    else:
        yield field_label(name), value


def _iter_words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _iter_words(each)
