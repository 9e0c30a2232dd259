"""What is read out to somebody who calls about a scam, by kind (reports/data/caller_advice.json)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from core.text import lower_initial
from reports.data import loader
from reports.models import Office
from reports.reference import confirmed_statements

_FILE = "caller_advice.json"
ANY_KIND = ""
BANKS = "ngan-hang"
OWN = "cong-an-tinh"  # who calls has rung it already


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
    """Return what is read out by kind: what the real office never does, what to do, and the confirmed
    numbers. Two statements.
    """
    kinds = kinds_by_code().values()
    codenames = {codename for kind in kinds for codename in kind.offices}
    offices = Office.objects.prefetch_related("numbers").in_bulk(codenames)
    never = {
        codename: f"{office.name}: {lower_initial(office.never_by_phone)}"
        for codename, office in offices.items()
    }
    return {
        kind.code: [
            *(never[each] for each in kind.offices if each in never),
            *kind.lines,
            *_list_numbers(
                offices[each] for each in kind.offices if each in offices.keys() - {OWN}
            ),
        ]
        for kind in kinds
    }


def _list_numbers(offices: Iterable[Office]) -> Iterator[str]:
    """Yield the confirmed numbers to ring back on; of banks, those of all."""
    for office in offices:
        numbers = [each for each in office.numbers.all() if not each.unit_id]
        for each in numbers:
            label = f" ({lower_initial(each.label)})" if each.label else ""
            yield f"Số đã đối chiếu của {office.name}{label}: {each.number}."
        if office.pk == BANKS:
            yield from list_bank_numbers()


def list_bank_numbers() -> list[str]:
    """Return the confirmed lines of the banks, one in a sentence."""
    return [
        f"Số gấp của {bank.name}: {bank.number}." for bank in confirmed_statements.bank_hotlines()
    ]
