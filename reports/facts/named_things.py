"""What officers put right of the numbers, accounts, links and people that a report names.

The value of the correction "named": {"added": [row], "removed": [row]}, each row an indicator as it
is or was stored, so that what is taken off can be put back. Triage applies it to what it finds.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from core.errors import CodedError
from core.province import province
from core.text import to_ascii_digits
from reports.extraction.bank_accounts_and_links import CHAINS, is_card
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.facts import followup_facts
from reports.models import Indicator

MAX_ADDED = 50
MAX_PERSON_CHARS = 80
_OFFICER, _KINDS = Indicator.IndicatorSource.OFFICER, Indicator.Kind
_STORED = ("kind", "source", "raw", "key", "number_kind", "bank", "holder", "flags")
_SEVERAL = ";"  # between two things of one field
Row = dict[str, Any]


class NamedThingError(CodedError):
    """What was typed is no number, account, link or name: `code` is its kind, card, or hotline."""


def identify(row: Indicator) -> str:
    """Return by what an indicator is the same thing as another of its report, in few characters."""
    raw = row.raw[:MAX_NUMBER_CHARS_READ].encode("utf-8", "surrogatepass")
    return f"{row.kind} {row.bank} {row.key or blake2b(raw, digest_size=8).hexdigest()}"


def to_row(indicator: Indicator) -> Row:
    row = {name: getattr(indicator, name) for name in _STORED}
    return row | {"raw": indicator.raw[:MAX_NUMBER_CHARS_READ]}


def is_row(value: object) -> bool:
    """Return whether a value is a stored indicator."""
    if not isinstance(value, dict) or value.keys() != set(_STORED):
        return False
    is_text = all(isinstance(value[name], str) for name in _STORED[:-1])
    return is_text and isinstance(value["flags"], list) and value["kind"] in _KINDS.values


@dataclass(frozen=True)
class NamedChanges:
    """What officers added and took off."""

    added: tuple[Indicator, ...] = ()
    removed: tuple[Indicator, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Iterable[Row]] | None) -> "NamedChanges":
        rows = value or {}
        return cls(
            *(
                tuple(Indicator(**row) for row in rows.get(name, ()))
                for name in ("added", "removed")
            )
        )

    def to_json(self) -> dict[str, list[Row]]:
        return {"added": list(map(to_row, self.added)), "removed": list(map(to_row, self.removed))}

    def apply(self, found: Sequence[Indicator]) -> list[Indicator]:
        """Return what was found without what is taken off, and with what is added."""
        gone, present = set(map(identify, self.removed)), set(map(identify, found))
        kept = [each for each in found if identify(each) not in gone]
        return [*kept, *(each for each in self.added if identify(each) not in present)]

    def change(
        self, present: Iterable[Indicator], dropped: Collection[str], added: Sequence[Indicator]
    ) -> "NamedChanges":
        """Return the changes with the `dropped` of the indicators present taken off, and others added."""
        new, gone = set(map(identify, added)), set(map(identify, self.removed))
        stays = tuple(each for each in self.added if identify(each) not in dropped)
        fresh = tuple(each for each in added if identify(each) not in gone)
        taken = (each for each in present if each.source != _OFFICER and identify(each) in dropped)
        return NamedChanges(
            (*stays, *fresh),
            (*(each for each in self.removed if identify(each) not in new), *taken),
        )


def parse_typed(kind: str, typed: str) -> Iterator[Indicator]:
    """Yield what an officer typed, as intake reads it, several with ";" between them. Raises
    NamedThingError.
    """
    for line in filter(None, map(str.strip, typed.split(_SEVERAL))):
        if any(
            is_card("".join(filter(str.isdecimal, each[0])))
            for each in CHAINS.finditer(to_ascii_digits(line))
        ):
            raise NamedThingError("card")
        rows = list(_PARSERS[kind](line))
        if not rows or not all(each.key or kind == _KINDS.PERSON for each in rows):
            raise NamedThingError(kind)
        if any(each.key == province.hotline_key for each in rows):
            raise NamedThingError("hotline")
        yield from rows


def _parse_link(line: str) -> Iterator[Indicator]:
    """Yield the link, also one that was defanged, or written without its scheme."""
    link = line.replace("[.]", ".")
    scheme = "" if "://" in link else "https://"
    yield followup_facts.mentioned_link(scheme + link, _OFFICER)


def _parse_person(line: str) -> Iterator[Indicator]:
    if any(map(str.isalpha, line)) and len(line) <= MAX_PERSON_CHARS:
        yield followup_facts.person(line, _OFFICER)


_PARSERS: Mapping[str, Callable[[str], Iterable[Indicator]]] = {
    _KINDS.NUMBER: lambda line: followup_facts.mentioned_callers(
        line, _OFFICER, is_corrected=False
    ),
    _KINDS.ACCOUNT: lambda line: [followup_facts.mentioned_account(line, _OFFICER)],
    _KINDS.LINK: _parse_link,
    _KINDS.PERSON: _parse_person,
}
