"""Which addresses are also kept as files: one row a kind of page. Whoever adds a public page of a
warning adds a row here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.urls import reverse

from alerts.embed import frames
from alerts.formats import print_cache
from alerts.formats.localization import urls_by_language
from alerts.formats.registry import LIST_FORMATS
from alerts.models import AlertRevision, CancelReason, PublicKey, State, selectors
from reports.models import Commune, Office

_READ = ("warnings:detail", "warnings:history", "warnings:plain")
_OF_A_WARNING = ("alerts:print", "alerts:alert_frame", "alerts:live_alert_frame")
_OF_A_WORD = ("cap_message", "content")
_LISTS = ("frame", "live_frame", *(each.name for each in LIST_FORMATS), "cap_index", "script")
_OF_REPORTS = ("reports:home", "reports:now", "reports:offices")
_Draw = Callable[[AlertRevision], bytes]


@dataclass(frozen=True)
class StaticPage:
    """One address.

    `made_of` names all that its text depends on, so that it is not rendered again; empty where
    that is not known. Doors that are `alike` have the same text. At `until` (epoch seconds) a
    warning in it ends: `drops` says that nothing of it may stand then, else its twin does.
    """

    path: str
    made_of: str = ""
    alike: str = ""
    until: int | None = None
    drops: bool = False
    drawn: Callable[[], bytes] | None = None


def list_static_pages(now: datetime) -> list[StaticPage]:
    """All addresses as things stand at `now`; some twenty statements."""
    in_force, ended = selectors.in_force(), selectors.ended()
    ends = _first_end(in_force)
    found = [StaticPage(reverse(f"alerts:{name}"), until=ends) for name in _LISTS]
    found += [StaticPage(path, until=ends) for path in urls_by_language("warnings:list").values()]
    found += _of_reports(ends)
    for revision in (*in_force, *ended):
        found += _of_warning(revision, now)
    words = AlertRevision.objects.effective_ever().order_by("pk")
    for identifier, seal in words.values_list("identifier", "signature"):
        found += _of_word(identifier, is_signed=seal is not None)
    found += [
        StaticPage(reverse("alerts:public_key", args=[key.pk])) for key in PublicKey.objects.all()
    ]
    found += _frames(in_force)
    return found


def _of_reports(ends: int | None) -> Iterator[StaticPage]:
    """Pages of the other room, in both languages; they show what is in force, or a number to ring."""
    offices = Office.objects.order_by("pk").values_list("pk", flat=True)
    pages = [(name,) for name in _OF_REPORTS] + [("reports:office", pk) for pk in offices]
    for page in pages:
        yield from (StaticPage(path, until=ends) for path in urls_by_language(*page).values())


def _of_warning(revision: AlertRevision, now: datetime) -> Iterator[StaticPage]:
    state = revision.state(now)
    made_of = f"{revision.identifier} {state}"
    until = _epoch(revision.expires) if state is State.IN_FORCE else None
    slug = revision.frozen_content.slug
    paths = [path for name in _READ for path in urls_by_language(name, slug).values()]
    for path in (*paths, *(reverse(name, args=[slug]) for name in _OF_A_WARNING)):
        yield StaticPage(path, made_of, until=until, drops=True)
    for name, draw in _drawings(revision, state):
        path = reverse(f"alerts:{name}", args=[slug])
        yield StaticPage(path, made_of, until=until, drops=True, drawn=partial(draw, revision))


def _drawings(revision: AlertRevision, state: State) -> Iterator[tuple[str, _Draw]]:
    """What is over is printed by nobody; what was withdrawn has no picture either."""
    if revision.frozen_content.message.ending != CancelReason.ERROR:
        yield "picture", print_cache.picture
    if state is State.IN_FORCE:
        yield from (("poster", print_cache.poster), ("pack", print_cache.pack))


def _of_word(identifier: str, *, is_signed: bool) -> Iterator[StaticPage]:
    for name in (*_OF_A_WORD, *(["signature"] if is_signed else [])):
        yield StaticPage(reverse(f"alerts:{name}", args=[identifier]), identifier)


def _frames(in_force: list[AlertRevision]) -> Iterator[StaticPage]:
    """By place and by office. Most show the same few warnings, and are written once."""
    for codename in Commune.objects.order_by("pk").values_list("pk", flat=True):
        shown = frames.filter_by_commune(in_force, codename)
        yield from _both(shown, "commune_frame", codename)
    for codename in Office.objects.order_by("pk").values_list("pk", flat=True):
        shown = frames.filter_by_office(in_force, codename)
        yield from _both(shown, "office_frame", codename)


def _both(shown: Iterable[AlertRevision], name: str, codename: str) -> Iterator[StaticPage]:
    revisions = list(shown)
    same = " ".join(revision.identifier for revision in revisions)
    for manner in (name, f"live_{name}"):
        path = reverse(f"alerts:{manner}", args=[codename])
        alike = f"{'live' if manner != name else 'plain'} {same}"
        yield StaticPage(path, alike, alike, _first_end(revisions))


def _first_end(revisions: Iterable[AlertRevision]) -> int | None:
    ends = [revision.expires for revision in revisions if revision.expires]
    return _epoch(min(ends)) if ends else None


def _epoch(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None
