"""The names of impersonated offices, from the officers' table or from the data files."""

from functools import lru_cache, partial

from core.database import CachedRead
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

_MAX_ROWS = 1000
_MAX_CANDIDATES = 20  # communes that a name may mean


def _read_offices() -> tuple[Row, ...]:
    rows = Office.objects.values_list("codename", "name", "other_names")[:_MAX_ROWS]
    return tuple((code, (name, *others)) for code, name, others in rows)


_no_offices: tuple[Row, ...] = ()
_offices = CachedRead(_read_offices, _no_offices, is_required=True)
clear_cache = _offices.invalidate


def office_lexicon() -> OfficeLexicon:
    """Return the lexicon; without a database the last one, or raise django.db.Error."""
    return _build_lexicon(_offices.get(), gazetteer.communes())


@lru_cache(maxsize=2)
def _build_lexicon(rows: tuple[Row, ...], communes: tuple[CommunePlace, ...]) -> OfficeLexicon:
    return build_lexicon(rows, partial(_match_communes, communes))


def label(code: str) -> str:
    """Return the name of an office or of a wider claim, the code itself where unknown."""
    names = {row: name for row, (name, *_) in _offices.get()}
    return names.get(code) or claim_table().labels.get(code, code)


def codes() -> list[str]:
    """Return the codes that a caller can claim: the table's rows, then the wider claims."""
    return [*(row for row, _ in _offices.get()), *claim_table().labels]


def commune(codename: str) -> str:
    labels = {place.codename: place.label for place in gazetteer.communes()}
    return labels.get(codename, codename)


@lru_cache(maxsize=1)
def bundled_lexicon() -> OfficeLexicon:
    """Return the lexicon of the data files, for commands without a database."""
    offices = loader.load_offices()["offices"]
    rows = tuple((row["codename"], (row["name"], *row["other_names"])) for row in offices)
    return _build_lexicon(rows, _load_bundled_communes())


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


def _match_communes(communes: tuple[CommunePlace, ...], typed: str) -> tuple[str, ...]:
    """Return the codenames that words may mean."""
    match = gazetteer.match_place(typed, communes)
    return (match.codename,) if match.codename else match.candidates[:_MAX_CANDIDATES]
