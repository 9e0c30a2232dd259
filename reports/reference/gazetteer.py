"""Match a typed place with the communes: present and former names, former districts.

Marks are ignored. A former name that several communes share stays ambiguous. Pure but for the cache
of `communes`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from django import db
from django.utils.translation import gettext

from core.database import CachedRead
from core.province import province
from core.text import normalize, normalize_with_offsets
from reports.data.loader import load_json
from reports.models import Commune

UNKNOWN = "commune_unknown"
AMBIGUOUS = "commune_ambiguous"
MAX_LENGTH = 200  # of a typed place
_CACHE_SECONDS = 300  # communes change rarely, by law

_COMMUNE_TYPES = ("thi tran", "phuong", "xa", "tt", "p", "x")
_DISTRICT_TYPES = ("thanh pho", "thi xa", "huyen", "quan", "tp", "tx", "h")
# "Tôi ở", "nhà em hiện ở tại thôn 3,": the commune follows.
_LIVES = re.compile(
    r"\b(?:toi|tui|em|minh|chau|con|nha|gia dinh|que)"
    r"(?: (?:dang|hien|nay|tam|song|thuong|tru|[0-9]{1,3} tuoi)){0,3} (?:o|tai) (?:tai )?"
    r"(?:(?:thon|xom|ban|khu|pho|to|so)(?: \w+){1,3}? (?=(?:xa|phuong|thi tran) )"
    r"|(?:(?:thon|xom|ban|khu|pho|to|so|nha|[0-9]{1,3}) ){1,4})?"
)
_WORD = re.compile(r"\S+")
_MAX_HOMES, _MAX_HOME_WORDS = 3, 7
_PROVINCE = (f"tinh {normalize(province.name)}", normalize(province.name))


@dataclass(frozen=True, eq=False)  # by identity: cheap to hash as a cache key
class CommunePlace:
    """A present commune with the names that it took over."""

    codename: str
    name: str
    former_districts: tuple[str, ...]
    former_communes: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the name, with the former district in brackets."""
        return f"{self.name} ({self.former_district})" if self.former_districts else self.name

    @property
    def former_district(self) -> str:
        """Return the first former district without its type, "" for none: Thọ Xuân."""
        return _bare(self.former_districts[0]) if self.former_districts else ""


@dataclass(frozen=True)
class PlaceMatch:
    """The matching commune, or a flag. Of several, `name` is their common spelling, "" for none."""

    codename: str | None = None
    flag: str = ""
    candidates: tuple[str, ...] = ()
    name: str = ""
    is_district: bool = False


def _read_communes() -> tuple[CommunePlace, ...]:
    rows = Commune.objects.values_list("codename", "name", "former_districts", "former_communes")
    return tuple(
        CommunePlace(code, name, tuple(old), tuple(older)) for code, name, old, older in rows
    )


_no_communes: tuple[CommunePlace, ...] = ()
_communes = CachedRead(_read_communes, _no_communes, _CACHE_SECONDS, is_required=True)
communes, clear_cache = _communes.get, _communes.invalidate


def list_communes() -> tuple[CommunePlace, ...]:
    """Return the communes by former district, which compresses better; () on an error."""
    try:
        return tuple(sorted(communes(), key=lambda place: place.former_district))
    except db.Error:
        return ()


def commune_name(codename: str | None) -> str:
    """Return the name of a commune, "" for none."""
    if codename is None:
        return ""
    return next((place.name for place in communes() if place.codename == codename), "")


def describe_present(typed: str, codename: str | None) -> str:
    """Return a former name and the commune's present one: "Hoằng Quang, nay là phường Nguyệt Viên"; ""
    where the present name was typed, or nothing is known.
    """
    name = commune_name(codename)
    if not name or normalize(_bare(name, _COMMUNE_TYPES)) in normalize(typed):
        return ""
    former = " ".join(typed[:MAX_LENGTH].split())
    return gettext("%(former)s, nay là %(name)s") % {
        "former": former,
        "name": name[:1].lower() + name[1:],
    }


def match_place(typed: str, places: tuple[CommunePlace, ...]) -> PlaceMatch:
    """Return the match of a codename, a label of the page's list, or a typed name."""
    typed = typed.strip()
    if not typed:
        return PlaceMatch()
    gazetteer = _build_gazetteer(places)
    if typed in gazetteer.exact:
        return PlaceMatch(gazetteer.exact[typed])
    if len(typed) > MAX_LENGTH:
        return PlaceMatch(flag=UNKNOWN)
    folded = normalize(typed).removesuffix(" cu")
    codenames = tuple(sorted(_find_candidates(folded, gazetteer)))
    if len(codenames) > 1:
        return _build_ambiguous_match(folded, codenames, gazetteer)
    return PlaceMatch(codenames[0]) if codenames else PlaceMatch(flag=UNKNOWN)


def _build_ambiguous_match(
    folded: str, codenames: tuple[str, ...], gazetteer: "_Gazetteer"
) -> PlaceMatch:
    spelled, bare = _spell_type(folded, _DISTRICT_TYPES), _without_type(folded)
    if bare in gazetteer.districts and bare not in gazetteer.communes:
        spelled = bare  # "xã Quảng Xương"
    if spelled in gazetteer.districts:
        return PlaceMatch(None, AMBIGUOUS, codenames, gazetteer.written[spelled], is_district=True)
    return PlaceMatch(None, AMBIGUOUS, codenames, gazetteer.written.get(_without_type(folded), ""))


@cache
def _elsewhere() -> frozenset[str]:
    """Return the folded names of other provinces."""
    return frozenset(map(normalize, load_json("claimed.json")["provinces"]))


def find_home(story: str, places: tuple[CommunePlace, ...]) -> tuple[str, str] | None:
    """Return the commune where a story's teller lives, and its words, or None if unsure. An answer
    may be the commune alone.
    """
    copy = normalize_with_offsets(story)
    if alone := match_place(copy.text.removesuffix(" a"), places).codename:
        return alone, story.strip()
    for start in [match.end() for match in islice(_LIVES.finditer(copy.text), _MAX_HOMES)]:
        words = list(islice(_WORD.finditer(copy.text, start), _MAX_HOME_WORDS))
        for last in reversed(words[1:]):
            match = match_place(copy.text[start : last.end()], places)
            if match.codename and copy.text[start : last.end()] not in _elsewhere():
                first, end = copy.original_span(start, last.end())
                return match.codename, story[first:end]
    return None


@dataclass(frozen=True)
class _Gazetteer:
    exact: dict[str, str]  # codename or label of the page's list -> codename
    communes: dict[str, frozenset[str]]  # folded name, with and without its type
    districts: dict[str, frozenset[str]]
    written: dict[str, str]  # folded name -> as it is written, a district with its type


@lru_cache(maxsize=2)
def _build_gazetteer(places: tuple[CommunePlace, ...]) -> _Gazetteer:
    return _Gazetteer(
        {exact: place.codename for place in places for exact in (place.label, place.codename)},
        _index(
            (name, place.codename)
            for place in places
            for name in (place.name, *place.former_communes)
        ),
        _index((name, place.codename) for place in places for name in _list_districts(place)),
        _build_spellings(places),
    )


def _list_districts(place: CommunePlace) -> Iterator[str]:
    """Yield the former districts by all their names."""
    for name in place.former_districts:
        yield from filter(None, (name, province.older_districts.get(name)))


def _build_spellings(places: tuple[CommunePlace, ...]) -> dict[str, str]:
    """Return the spelling of each folded name; communes without type, homographs joined."""
    written: dict[str, dict[str, None]] = {}
    for place in places:
        for name in (place.name, *place.former_communes):
            bare = _bare(name, _COMMUNE_TYPES)
            written.setdefault(normalize(bare), {})[bare] = None
    lines = {folded: " / ".join(names) for folded, names in written.items()}
    districts = {name for place in places for name in _list_districts(place)}
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


def _find_candidates(typed: str, gazetteer: _Gazetteer) -> frozenset[str]:
    """Return the communes that folded words may mean, by the longest name that they begin with.

    What follows may be the province, or a former district, which narrows the match.
    """
    for head, rest in _list_splits(typed):
        named = _find_by_name(head, gazetteer)
        if named and (not rest or rest in _PROVINCE):
            return named
        district = _find_by_district(rest, gazetteer)
        if named and district:
            return named & district or named | district
    return frozenset()


def _find_by_district(words: str, gazetteer: _Gazetteer) -> frozenset[str]:
    """Return the communes of a former district; the province may follow it."""
    for end in ("", *_PROVINCE):
        district = _spell_type(words.removesuffix(f" {end}"), _DISTRICT_TYPES)
        if district in gazetteer.districts:
            return gazetteer.districts[district]
    return frozenset()


def _list_splits(words: str) -> Iterator[tuple[str, str]]:
    parts = words.split()
    for cut in range(len(parts), 0, -1):
        yield " ".join(parts[:cut]), " ".join(parts[cut:])


def _find_by_name(head: str, gazetteer: _Gazetteer) -> frozenset[str]:
    if _type_of(head, _DISTRICT_TYPES):
        return _find_by_district(head, gazetteer)
    nothing: frozenset[str] = frozenset()
    commune = gazetteer.communes.get(_spell_type(head, _COMMUNE_TYPES), nothing)
    if _type_of(head, _COMMUNE_TYPES):
        # People use a former type, and call a district a commune.
        bare = _without_type(head)
        return commune or gazetteer.communes.get(bare) or gazetteer.districts.get(bare, nothing)
    return commune | gazetteer.districts.get(head, nothing)


_SHORT = {
    "tt": "thi tran", "p": "phuong", "x": "xa", "tp": "thanh pho", "tx": "thi xa", "h": "huyen",
}  # fmt: skip


def _type_of(words: str, types: tuple[str, ...]) -> str:
    if not words.startswith(types):  # most are a bare name
        return ""
    return next((kind for kind in types if words.startswith(f"{kind} ")), "")


def _spell_type(words: str, types: tuple[str, ...]) -> str:
    """Return the words with their type written out."""
    kind = _type_of(words, types)
    return _SHORT[kind] + words.removeprefix(kind) if kind in _SHORT else words


def _without_type(words: str) -> str:
    kind = _type_of(words, _COMMUNE_TYPES) or _type_of(words, _DISTRICT_TYPES)
    return words.removeprefix(f"{kind} ") if kind else words


def _bare(name: str, types: tuple[str, ...] = _DISTRICT_TYPES) -> str:
    """Return a name without its type, with its marks: Huyện Thọ Xuân gives Thọ Xuân."""
    kind = _type_of(normalize(name), types)
    return " ".join(name.split()[len(kind.split()) :])
