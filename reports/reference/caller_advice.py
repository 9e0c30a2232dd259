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
    offices: list[str]
    lines: list[str]


@cache
def kinds_by_code() -> Mapping[str, CallKind]:
    """Return the kinds in the order of the form, and last, under ANY_KIND, what is read without one."""
    rows = loader.load_json(_FILE)["kinds"]
    return {row["code"]: CallKind(**row) for row in rows}


def sentences() -> Mapping[str, str]:
    """Return the lines that are read whatever the kind: danger, calm, lost, transfer."""
    lines: Mapping[str, str] = loader.load_json(_FILE)["sentences"]
    return lines


def load_advice() -> dict[str, list[str]]:
    """Return what is read out by kind, what the real office never does first. One statement."""
    kinds = kinds_by_code().values()
    offices = Office.objects.in_bulk({codename for kind in kinds for codename in kind.offices})
    never = {
        codename: f"{office.name}: {lower_initial(office.never_by_phone)}"
        for codename, office in offices.items()
    }
    return {
        kind.code: [*(never[each] for each in kind.offices if each in never), *kind.lines]
        for kind in kinds
    }
