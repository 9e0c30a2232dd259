"""The province that the portal serves, as `province.toml` of its folder says. Without Django. What is
missing or malformed is left empty; the system check in portal/checks.py refuses to start.
"""

import json
import os
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

DEFAULT_FOLDER = Path(__file__).resolve().parents[1] / "province"
FILE = "province.toml"
_PATTERNS = {
    "code": r"[0-9]{2}",
    "office": r"[A-Z0-9]+",
    "hotline": r"[0-9]+([. ]?[0-9]+)*",
    "warning_code": r"[A-Z0-9]+(-[A-Z0-9]+)*",
    "slip_code": r"[A-Z0-9]+(-[A-Z0-9]+)*",
    "letter_code": r"[A-Z0-9]+(-[A-Z0-9]+)*",
    "agency_url_example": r"https://[a-z0-9.-]+",
}
# Names stand in HTML, XML and a sed script as they are.
_WORDS = r"[^<>&\"'\\|]+"


@dataclass(frozen=True)
class Province:
    folder: Path
    name: str = ""
    area: str = ""
    area_en: str = ""
    code: str = ""
    police: str = ""
    police_en: str = ""
    police_short_en: str = ""
    office: str = ""
    office_name: str = ""
    hotline: str = ""
    warning_code: str = ""
    slip_code: str = ""
    letter_code: str = ""
    signature: str = ""
    agency_url_example: str = ""
    hotline_look_alikes: tuple[str, ...] = ()
    older_districts: Mapping[str, str] = field(default_factory=dict)
    holidays: Mapping[date, str] = field(default_factory=dict)

    @property
    def hotline_dial(self) -> str:
        """Return the hotline as a telephone dials it."""
        return _list_digits(self.hotline)

    @property
    def hotline_key(self) -> str:
        """Return the hotline in E.164."""
        return f"+84{self.hotline_dial.removeprefix('0')}"

    @property
    def slug(self) -> str:
        """Return the name in small ASCII letters with hyphens."""
        return strip_marks(self.name).lower().replace(" ", "-")

    def load_json(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / name).read_text("utf-8"))
        return content


def strip_marks(text: str) -> str:
    """Return Vietnamese text in ASCII letters, as a text message has it."""
    plain = text.replace("đ", "d").replace("Đ", "D")
    return "".join(
        sign for sign in unicodedata.normalize("NFD", plain) if not unicodedata.combining(sign)
    )


def load_province(folder: Path) -> tuple[Province, tuple[str, ...]]:
    """Return the province of a folder, and what is wrong with its file, one sentence each."""
    try:
        values = tomllib.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return Province(folder), (f"{FILE} cannot be read: {reason}.",)
    problems = tuple(_list_problems(values))
    fitting = {name: value for name, value in values.items() if type(value) is _TYPES.get(name)}
    look_alikes = fitting.pop("hotline_look_alikes", [])
    holidays = fitting.pop("holidays", {})
    return Province(
        folder,
        **fitting,
        hotline_look_alikes=tuple(_list_digits(str(number)) for number in look_alikes),
        holidays={day: name for text, name in holidays.items() if (day := _parse_day(text))},
    ), problems


def _list_problems(values: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in _TYPES.items():
        value = values.get(name, kind() if kind is not str else None)
        if type(value) is not kind:
            yield f"{FILE}: {name} is missing or is no {kind.__name__}."
        elif kind is str and not re.fullmatch(pattern := _PATTERNS.get(name, _WORDS), value):
            yield f'{FILE}: {name} = "{value}" does not match {pattern}.'
        elif name == "older_districts" and set(map(type, values.get(name, {}).values())) - {str}:
            yield f"{FILE}: a name under [{name}] is no text."
        elif name == "holidays":
            for day in value:
                if not _parse_day(day):
                    yield f'{FILE}: "{day}" under [{name}] is no day such as 2027-05-08.'
    for name in sorted(values.keys() - _TYPES):
        yield f"{FILE}: {name} is unknown."


def _parse_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _list_digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


_TYPES = {each.name: str for each in fields(Province) if each.type is str} | {
    "hotline_look_alikes": list,
    "older_districts": dict,
    "holidays": dict,
}

province, _ = load_province(Path(os.environ.get("PROVINCE_DIR") or DEFAULT_FOLDER).absolute())
