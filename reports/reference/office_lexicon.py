"""The names of impersonated institutions, from the officers' table or from the data files."""

import time
from dataclasses import dataclass, field
from functools import lru_cache, partial

from django.db import Error as DatabaseTrouble

from reports.data import loader
from reports.extraction.impersonation.office_names import (
    OfficeLexicon,
    Row,
    build_lexicon,
    claim_table,
)
from reports.models import Office
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace

_CACHE_SECONDS = 60
_RETRY_SECONDS = 10  # after a database error, or an empty table
_MAX_ROWS = 1000
_MAX_CANDIDATES = 20  # communes that a name may mean


@dataclass
class _Table:
    """The rows as last loaded, their lexicon, and when to load again (monotonic)."""

    rows: list[tuple[str, str, list[str]]] = field(default_factory=list)
    communes: tuple[CommunePlace, ...] = ()
    names: OfficeLexicon | None = None
    due: float = 0.0

    def load(self) -> None:
        rows = list(Office.objects.values_list("codename", "name", "other_names")[:_MAX_ROWS])
        communes = gazetteer.communes()
        if self.names is None or (rows, communes) != (self.rows, self.communes):
            named = [(code, (name, *others)) for code, name, others in rows]
            self.names = build_lexicon(named, _locate(communes))
        self.rows, self.communes = rows, communes
        self.due = time.monotonic() + (_CACHE_SECONDS if rows and communes else _RETRY_SECONDS)


_table = _Table()


def office_lexicon() -> OfficeLexicon:
    """Return the lexicon; without a database the last one, or raise django.db.Error."""
    return _load_table().names or build_lexicon((), _locate(()))


def label(code: str) -> str:
    """Return the name of an office or of a wider claim, the code itself where unknown."""
    names = {row: name for row, name, _ in _load_table().rows}
    return names.get(code) or claim_table().labels.get(code, code)


def codes() -> list[str]:
    """Return the codes that a caller can claim: the table's rows, then the wider claims."""
    return [*(row for row, _, _ in _load_table().rows), *claim_table().labels]


def commune(codename: str) -> str:
    """Return the name of a commune with its former district."""
    return next(
        (place.label for place in _load_table().communes if place.codename == codename), codename
    )


def _load_table() -> _Table:
    if time.monotonic() >= _table.due:
        try:
            _table.load()
        except DatabaseTrouble:
            if _table.names is None:
                raise
            _table.due = time.monotonic() + _RETRY_SECONDS
    return _table


def clear_cache() -> None:
    """Read the table again at the next call."""
    _table.names, _table.due = None, 0.0


@lru_cache(maxsize=1)
def bundled_lexicon() -> OfficeLexicon:
    """Return the lexicon of the data files, for commands without a database."""
    offices = loader.load_offices()["offices"]
    rows: list[Row] = [(row["codename"], (row["name"], *row["other_names"])) for row in offices]
    return build_lexicon(rows, _locate(_load_bundled_communes()))


def _load_bundled_communes() -> tuple[CommunePlace, ...]:
    return tuple(
        CommunePlace(
            row["codename"],
            row["name"],
            tuple(row["former_districts"].split("; ")),
            tuple(row["former_communes"].split("; ")),
        )
        for row in loader.load_communes()
    )


def _locate(communes: tuple[CommunePlace, ...]) -> partial[tuple[str, ...]]:
    return partial(_match_communes, communes)


def _match_communes(communes: tuple[CommunePlace, ...], typed: str) -> tuple[str, ...]:
    """Return the codenames that words may mean."""
    match = gazetteer.match_place(typed, communes)
    return (match.codename,) if match.codename else match.candidates[:_MAX_CANDIDATES]
