"""What is read out to somebody who calls about a scam, by kind (reports/data/caller_advice.json)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.text import lower_initial
from reports.data import loader
from reports.models import Office

_FILE = "caller_advice.json"
ANY_KIND = ""


@dataclass(frozen=True)
class CallKind:
    """`claimed_office`: the choice of the report form that it is; `offices`: whose sentence is read."""

    code: str
    label: str
    claimed_office: str
    offices: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class SpokenAdvice:
    code: str
    lines: list[str]


@cache
def kinds_by_code() -> Mapping[str, CallKind]:
    """Return the kinds in the order of the form, and what is read without one under ANY_KIND last."""
    data = loader.load_json(_FILE)
    nothing = {"code": ANY_KIND, "label": "", "claimed_office": ""}
    rows = [*data["kinds"], nothing | data["any"]]
    kinds = [
        CallKind(**row | {"offices": tuple(row["offices"]), "lines": tuple(row["lines"])})
        for row in rows
    ]
    return {kind.code: kind for kind in kinds}


def load_sentence(name: str) -> str:
    """Return a line that is read whatever the kind: danger, calm, lost or transfer."""
    sentence: str = loader.load_json(_FILE)[name]
    return sentence


def load_advice() -> list[SpokenAdvice]:
    """Return what is read out by kind, what the real office never does first. One statement."""
    kinds = kinds_by_code().values()
    wanted = {codename for kind in kinds for codename in kind.offices}
    offices = Office.objects.in_bulk(wanted)
    return [
        SpokenAdvice(
            kind.code,
            [_never(offices[each]) for each in kind.offices if each in offices] + [*kind.lines],
        )
        for kind in kinds
    ]


def _never(office: Office) -> str:
    return f"{office.name}: {lower_initial(office.never_by_phone)}"
