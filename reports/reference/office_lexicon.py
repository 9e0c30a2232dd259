"""The officers' table of impersonated institutions, ready to be recognised in stories: read once a
minute, or from the data files where there is to be no database.
"""

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

_CACHE_SECONDS = 60  # seconds
_PAUSE = 10  # seconds until a database that was away, or an empty table, is asked again
_MAX_ROWS = 1000
_MAX_MEANT = 20  # communes that a name may mean


@dataclass
class _Table:
    """The names as they were last read, and when they are to be read again (monotonic)."""

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
        self.due = time.monotonic() + (_CACHE_SECONDS if rows and communes else _PAUSE)


_table = _Table()


def office_lexicon() -> OfficeLexicon:
    """The names of today's table, read anew each minute; while the database is away those that
    were read last. Raises django.db.Error where none were.
    """
    return _load_names().names or build_lexicon((), _locate(()))


def label(code: str) -> str:
    """The name of an office or of a wider name; an unknown code stands for itself."""
    named = {row: name for row, name, _ in _load_names().rows}
    return named.get(code) or claim_table().labels.get(code, code)


def codes() -> list[str]:
    """Whom a caller can have claimed to be: the rows of the table, then the wider names."""
    return [*(row for row, _, _ in _load_names().rows), *claim_table().labels]


def commune(codename: str) -> str:
    """The name of a commune with the old district that tells it from its namesakes."""
    return next(
        (place.label for place in _load_names().communes if place.codename == codename), codename
    )


def _load_names() -> _Table:
    if time.monotonic() >= _table.due:
        try:
            _table.load()
        except DatabaseTrouble:
            if _table.names is None:
                raise
            _table.due = time.monotonic() + _PAUSE
    return _table


def clear_cache() -> None:
    """Read the table anew at the next call."""
    _table.names, _table.due = None, 0.0


@lru_cache(maxsize=1)
def bundled_lexicon() -> OfficeLexicon:
    """The names as the data files have them, for the doors, which ask no database."""
    offices = loader.load_offices()["offices"]
    rows: list[Row] = [(row["codename"], (row["name"], *row["other_names"])) for row in offices]
    return build_lexicon(rows, _locate(_shipped_communes()))


def _shipped_communes() -> tuple[CommunePlace, ...]:
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
    return partial(_meant, communes)


def _meant(communes: tuple[CommunePlace, ...], typed: str) -> tuple[str, ...]:
    """The codenames that words may mean; () for none."""
    found = gazetteer.match_place(typed, communes)
    return (found.codename,) if found.codename else found.candidates[:_MAX_MEANT]
