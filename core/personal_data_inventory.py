"""What is personal, said of every field of every model: in `personal.py` of each app, and for
models that are not ours in portal/personal_data_third_party.py. A test finds a field of which nothing is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FieldClassification:
    """The fields of one model, names apart by blanks. `nothing` is about nobody. `ties` says of
    nobody who they are, and ties together what is of one. `sealed` opens under FIELD_ENCRYPTION_KEYS alone.
    `clear` is personal and readable in a dump, each with why it has to be.
    """

    nothing: str = ""
    ties: str = ""
    sealed: str = ""
    clear: Mapping[str, str] = field(default_factory=dict)

    def all_fields(self) -> list[str]:
        """Every field, as often as it is named."""
        lists = (self.nothing, self.ties, self.sealed, *self.clear)
        return [name for names in lists for name in names.split()]

    def personal_fields(self) -> set[str]:
        """Those that tell something of a person to who reads them."""
        return {name for names in (self.sealed, *self.clear) for name in names.split()}


Declared = Mapping[str, FieldClassification]

HEAD = """| table | sealed under `FIELD_ENCRYPTION_KEYS` | ties together | in clear, and why |
|---|---|---|---|"""


def render_inventory(declared: Declared) -> str:
    """As docs/personal.md shows it: models about nobody are left out."""
    rows = (_row(name, each) for name, each in sorted(declared.items()) if _is_told(each))
    return "\n".join([HEAD, *rows])


def _is_told(fields: FieldClassification) -> bool:
    return bool(fields.ties or fields.personal_fields())


def _row(name: str, fields: FieldClassification) -> str:
    clear = "; ".join(f"{_code(names)}: {why}" for names, why in fields.clear.items())
    cells = (f"`{name}`", _code(fields.sealed), _code(fields.ties), clear or "–")
    return f"| {' | '.join(cells)} |"


def _code(names: str) -> str:
    return _listed(f"`{name}`" for name in names.split())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "–"
