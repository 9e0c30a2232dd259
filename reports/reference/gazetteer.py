"""Where somebody lives, as they write it: the name of today, a name of before 2025, a district
that is no more, with or without marks. The same old name in two places is never settled here.
Pure but for `communes`, which reads the table, and `forget`.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.db import Error as DatabaseTrouble

from core.text import normalize
from reports.models import Commune

UNKNOWN = "commune_unknown"
AMBIGUOUS = "commune_ambiguous"
MAX_LENGTH = 200  # signs; a place is no story
_CACHE_SECONDS = 300  # seconds; communes change by law, and a report should not wait for their list
_PAUSE = 10  # seconds until a database that was away is asked again

_COMMUNE_TYPES = ("thi tran", "phuong", "xa", "tt", "p", "x")
_DISTRICT_TYPES = ("thanh pho", "thi xa", "huyen", "quan", "tp", "tx", "h")
_OLDER = {"Thị xã Nghi Sơn": "Huyện Tĩnh Gia"}  # as it was called until 2020, and is still
_PROVINCE = ("tinh thanh hoa", "thanh hoa")


@dataclass(frozen=True, eq=False)  # told apart by identity: the hash of a list costs nothing
class CommunePlace:
    """A commune of today with the names that it took over."""

    codename: str
    name: str
    former_districts: tuple[str, ...]
    former_communes: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name, and in brackets the old district that tells it from its namesakes."""
        return f"{self.name} ({self.former_district})" if self.former_districts else self.name

    @property
    def former_district(self) -> str:
        """The first old district without its type, "" for none: Thọ Xuân."""
        return _bare(self.former_districts[0]) if self.former_districts else ""


@dataclass(frozen=True)
class PlaceMatch:
    """The one commune that is meant, or the flag that says why none was taken. Of several,
    `name` is what was typed as the table writes it, "" where it writes it in no one way.
    """

    codename: str | None = None
    flag: str = ""
    candidates: tuple[str, ...] = ()
    name: str = ""
    is_district: bool = False


@dataclass
class _Table:
    """The communes as they were last read, and when they are to be read again (monotonic)."""

    places: tuple[CommunePlace, ...] = ()
    due: float = 0.0

    def load(self) -> None:
        rows = Commune.objects.values_list(
            "codename", "name", "former_districts", "former_communes"
        )
        self.places = tuple(
            CommunePlace(code, name, tuple(old), tuple(older)) for code, name, old, older in rows
        )
        self.due = time.monotonic() + (_CACHE_SECONDS if self.places else 0)


_table = _Table()


def communes() -> tuple[CommunePlace, ...]:
    """All communes of the table, read anew every five minutes; an empty table at each call.
    While the database is away those that were read last. Raises django.db.Error without any.
    """
    if time.monotonic() >= _table.due:
        try:
            _table.load()
        except DatabaseTrouble:
            if not _table.places:
                raise
            _table.due = time.monotonic() + _PAUSE
    return _table.places


def commune_name(codename: str | None) -> str:
    """The name of a commune of the table, "" for none."""
    if codename is None:
        return ""
    return next((place.name for place in communes() if place.codename == codename), "")


def clear_cache() -> None:
    """Read the communes anew at the next call."""
    _table.due, _table.places = 0.0, ()


def match_place(typed: str, places: tuple[CommunePlace, ...]) -> PlaceMatch:
    """The commune that somebody typed or chose: a codename, a label of the page's list, or
    names as people write them.
    """
    typed = typed.strip()
    if not typed:
        return PlaceMatch()
    gazetteer = _gazetteer(places)
    if typed in gazetteer.exact:
        return PlaceMatch(gazetteer.exact[typed])
    if len(typed) > MAX_LENGTH:
        return PlaceMatch(flag=UNKNOWN)
    folded = normalize(typed).removesuffix(" cu")
    codenames = tuple(sorted(_meant(folded, gazetteer)))
    if not codenames:
        return PlaceMatch(flag=UNKNOWN)
    return (
        PlaceMatch(codenames[0]) if len(codenames) == 1 else _several(folded, codenames, gazetteer)
    )


def _several(folded: str, codenames: tuple[str, ...], gazetteer: "_Gazetteer") -> PlaceMatch:
    spelled, bare = _spelled(folded, _DISTRICT_TYPES), _without_type(folded)
    if bare in gazetteer.districts and bare not in gazetteer.communes:
        spelled = bare  # "xã Quảng Xương"
    if spelled in gazetteer.districts:
        return PlaceMatch(None, AMBIGUOUS, codenames, gazetteer.written[spelled], is_district=True)
    return PlaceMatch(None, AMBIGUOUS, codenames, gazetteer.written.get(_without_type(folded), ""))


@dataclass(frozen=True)
class _Gazetteer:
    exact: dict[str, str]  # codename or label of the page's list -> codename
    communes: dict[str, frozenset[str]]  # folded name, with and without its type
    districts: dict[str, frozenset[str]]
    written: dict[str, str]  # folded name -> as it is written, a district with its type


@lru_cache(maxsize=2)
def _gazetteer(places: tuple[CommunePlace, ...]) -> _Gazetteer:
    return _Gazetteer(
        {exact: place.codename for place in places for exact in (place.label, place.codename)},
        _index(
            (name, place.codename)
            for place in places
            for name in (place.name, *place.former_communes)
        ),
        _index((name, place.codename) for place in places for name in _districts(place)),
        _written(places),
    )


def _districts(place: CommunePlace) -> Iterator[str]:
    """Its old districts by all their names."""
    for name in place.former_districts:
        yield from filter(None, (name, _OLDER.get(name)))


def _written(places: tuple[CommunePlace, ...]) -> dict[str, str]:
    """Communes without their type; names that differ by their marks alone in one line."""
    written: dict[str, dict[str, None]] = {}
    for place in places:
        for name in (place.name, *place.former_communes):
            bare = _bare(name, _COMMUNE_TYPES)
            written.setdefault(normalize(bare), {})[bare] = None
    lines = {folded: " / ".join(names) for folded, names in written.items()}
    districts = {name for place in places for name in _districts(place)}
    forms = ((form, name) for name in districts for form in _forms(normalize(name)))
    return lines | dict(forms)


def _index(names: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    index: dict[str, set[str]] = {}
    for name, codename in names:
        for form in _forms(normalize(name)):
            index.setdefault(form, set()).add(codename)
    return {form: frozenset(codenames) for form, codenames in index.items()}


def _forms(folded: str) -> set[str]:
    return {folded, _without_type(folded)}


def _meant(typed: str, gazetteer: _Gazetteer) -> frozenset[str]:
    """All communes that the folded words may mean: the longest name at their head decides,
    what follows it may be an old district, which narrows, or the province, which does not.
    """
    for head, rest in _splits(typed):
        named = _named(head, gazetteer)
        if named and (not rest or rest in _PROVINCE):
            return named
        district = _district(rest, gazetteer)
        if named and district:
            return named & district or named | district
    return frozenset()


def _district(words: str, gazetteer: _Gazetteer) -> frozenset[str]:
    """The communes of an old district, the province's name behind it or not."""
    for end in ("", *_PROVINCE):
        known = gazetteer.districts.get(_spelled(words.removesuffix(f" {end}"), _DISTRICT_TYPES))
        if known:
            return known
    return frozenset()


def _splits(words: str) -> Iterator[tuple[str, str]]:
    parts = words.split()
    for cut in range(len(parts), 0, -1):
        yield " ".join(parts[:cut]), " ".join(parts[cut:])


def _named(head: str, gazetteer: _Gazetteer) -> frozenset[str]:
    if _type_of(head, _DISTRICT_TYPES):
        return _district(head, gazetteer)
    nothing: frozenset[str] = frozenset()
    commune = gazetteer.communes.get(_spelled(head, _COMMUNE_TYPES), nothing)
    if _type_of(head, _COMMUNE_TYPES):
        # People keep the old type of a place that is a ward now, and call a district a commune.
        bare = _without_type(head)
        return commune or gazetteer.communes.get(bare) or gazetteer.districts.get(bare, nothing)
    return commune | gazetteer.districts.get(head, nothing)


_SHORT = {
    "tt": "thi tran",
    "p": "phuong",
    "x": "xa",
    "tp": "thanh pho",
    "tx": "thi xa",
    "h": "huyen",
}


def _type_of(words: str, types: tuple[str, ...]) -> str:
    if not words.startswith(types):  # most are a bare name
        return ""
    return next((kind for kind in types if words.startswith(f"{kind} ")), "")


def _spelled(words: str, types: tuple[str, ...]) -> str:
    """The same words with the type written out."""
    kind = _type_of(words, types)
    return _SHORT[kind] + words.removeprefix(kind) if kind in _SHORT else words


def _without_type(words: str) -> str:
    kind = _type_of(words, _COMMUNE_TYPES) or _type_of(words, _DISTRICT_TYPES)
    return words.removeprefix(f"{kind} ") if kind else words


def _bare(name: str, types: tuple[str, ...] = _DISTRICT_TYPES) -> str:
    """A written name without its type, marks kept: Huyện Thọ Xuân gives Thọ Xuân."""
    kind = _type_of(normalize(name), types)
    return " ".join(name.split()[len(kind.split()) :])
