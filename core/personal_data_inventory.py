"""Inventory of personal data: each field of each model is classified, in `personal.py` or `models.py` of
its app, and for other packages in portal/personal_data_third_party.py. A test finds one that is missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FieldClassification:
    """The fields of one model, in lists of names.

    `nothing` is about nobody. `ties` identifies nobody but joins rows of one person or report. `sealed` is
    encrypted under FIELD_ENCRYPTION_KEYS. `clear` is personal and readable in a dump, each with the reason.
    """

    nothing: str = ""
    ties: str = ""
    sealed: str = ""
    clear: Mapping[str, str] = field(default_factory=dict)

    def all_fields(self) -> list[str]:
        """Return every classified field, as often as it is named."""
        lists = (self.nothing, self.ties, self.sealed, *self.clear)
        return [name for names in lists for name in names.split()]

    def personal_fields(self) -> set[str]:
        """Return the fields that say something of a person."""
        return {name for names in (self.sealed, *self.clear) for name in names.split()}


Declared = Mapping[str, FieldClassification]

HEAD = """| table | sealed under `FIELD_ENCRYPTION_KEYS` | ties together | in clear, and why |
|---|---|---|---|"""


def render_inventory(declared: Declared) -> str:
    """Return the table of docs/personal.md, without the models about nobody."""
    rows = (_row(name, each) for name, each in sorted(declared.items()) if _is_listed(each))
    return "\n".join([HEAD, *rows])


def _is_listed(fields: FieldClassification) -> bool:
    return bool(fields.ties or fields.personal_fields())


def _row(name: str, fields: FieldClassification) -> str:
    clear = "; ".join(f"{_code(names)}: {why}" for names, why in fields.clear.items())
    cells = (f"`{name}`", _code(fields.sealed), _code(fields.ties), clear or "–")
    return f"| {' | '.join(cells)} |"


def _code(names: str) -> str:
    return _listed(f"`{name}`" for name in names.split())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"
