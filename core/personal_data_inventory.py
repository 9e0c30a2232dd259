"""Inventory of personal data: each field of each model is classified in `personal.py` or `models.py`
of its app, or in portal/personal_data_third_party.py. A test finds one that is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FieldClassification:
    """The fields of one model, in lists of names: `nothing` is about nobody; `ties` joins rows of one
    person; `sealed` is encrypted under FIELD_ENCRYPTION_KEYS; `clear` is personal in the clear,
    with the reason.
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
        return {name for names in (self.sealed, *self.clear) for name in names.split()}


Declared = Mapping[str, FieldClassification]

HEAD = """| table | sealed under `FIELD_ENCRYPTION_KEYS` | ties together | in clear, and why |
|---|---|---|---|"""


def render_inventory(declared: Declared) -> str:
    """Return the table of docs/personal.md, without the models about nobody."""
    listed = {name: each for name, each in declared.items() if each.ties or each.personal_fields()}
    return "\n".join([HEAD, *(_row(name, each) for name, each in sorted(listed.items()))])


def _row(name: str, fields: FieldClassification) -> str:
    clear = "; ".join(f"{_code(names)}: {why}" for names, why in fields.clear.items())
    cells = (f"`{name}`", _code(fields.sealed), _code(fields.ties), clear or "–")
    return f"| {' | '.join(cells)} |"


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split()) or "–"
