"""Inventory of personal data: personal_data.toml classifies each field of each model. A test finds one
that is missing.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_suffix(".toml")
HEAD = """| table | sealed under `FIELD_ENCRYPTION_KEYS` | ties together | in clear, and why |
|---|---|---|---|"""


@dataclass(frozen=True)
class FieldClassification:
    """The fields of one model, in lists of names; `clear` has the reason beside them."""

    about_nobody: str = ""
    ties: str = ""
    sealed: str = ""
    clear: Mapping[str, str] = field(default_factory=dict)

    def personal_fields(self) -> set[str]:
        return {name for names in (self.sealed, *self.clear) for name in names.split()}


@cache
def load_classifications() -> dict[str, FieldClassification]:
    """Return the classified fields by the label of their model."""
    tables = tomllib.loads(_FILE.read_text("utf-8"))
    return {label: FieldClassification(**fields) for label, fields in tables.items()}


def render_inventory() -> str:
    """Return the table of docs/personal.md, without the models about nobody."""
    listed = {
        label: fields
        for label, fields in load_classifications().items()
        if fields.ties or fields.personal_fields()
    }
    return "\n".join([HEAD, *(_row(label, fields) for label, fields in sorted(listed.items()))])


def _row(label: str, fields: FieldClassification) -> str:
    clear = "; ".join(f"{_code(names)}: {why}" for names, why in fields.clear.items())
    cells = (f"`{label}`", _code(fields.sealed), _code(fields.ties), clear or "–")
    return f"| {' | '.join(cells)} |"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split()) or "–"
