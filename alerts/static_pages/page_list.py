"""The addresses that are also stored as files; a new public page of a warning needs a row here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.urls import reverse

from alerts.formats import frames, print_files
from alerts.formats.feeds import LIST_FORMATS
from alerts.formats.validators import describe_states
from alerts.formats.wording import sound_path, urls_by_language
from alerts.models import AlertRevision, PublicKey, State
from reports.models import Commune, Office

_LOCALIZED = ("warnings:detail", "warnings:history", "warnings:plain")
_VIETNAMESE = ("alerts:print", "alerts:alert_frame", "alerts:live_alert_frame")
_OF_A_REVISION = ("cap_message", "content")
_LISTS = ("frame", "live_frame", *(each.name for each in LIST_FORMATS), "script")
_OF_REPORTS = ("reports:home", "reports:now", "reports:offices")
_Draw = Callable[[AlertRevision], bytes]


@dataclass(frozen=True)
class StaticPage:
    """An address. `made_of` names all that its text depends on, "" if unknown. Pages that are `alike`
    have the same text. At `until` (epoch seconds) a warning in it ends: with `drops` the page goes,
    else it stays and says that it may be old.
    """

    path: str
    made_of: str = ""
    alike: str = ""
    until: int | None = None
    drops: bool = False
    drawn: Callable[[], bytes] | None = None

    @property
    def key(self) -> str:
        """Return what a failure of the page is recorded under."""
        return self.path[-64:]


def list_static_pages(now: datetime) -> list[StaticPage]:
    """Return all addresses of this moment; some twenty statements."""
    in_force, ended = list(AlertRevision.objects.in_force()), AlertRevision.objects.ended()
    ends = _first_end(in_force)
    paths = [reverse(f"alerts:{name}") for name in _LISTS]
    paths += [*urls_by_language("warnings:list").values(), *_iter_report_paths()]
    pages = [StaticPage(path, until=ends) for path in paths]
    for revision in (*in_force, *ended):
        pages += _iter_warning_pages(revision, now)
    issued = AlertRevision.objects.effective_ever().order_by("pk")
    rows = issued.values_list("identifier", "content_hash", "signature")
    for identifier, content_hash, signature in rows:
        names = [*_OF_A_REVISION, *(["signature"] if signature is not None else [])]
        pages += [
            StaticPage(reverse(f"alerts:{name}", args=[identifier]), content_hash) for name in names
        ]
    pages += _iter_sounds()
    keys = PublicKey.objects.values_list("pk", flat=True)
    pages += [StaticPage(reverse("alerts:public_key", args=[key])) for key in keys]
    pages += _iter_frames(now)
    return pages


def _iter_sounds() -> Iterator[StaticPage]:
    """Yield the recordings of every revision, but of withdrawn warnings."""
    issued = AlertRevision.objects.effective_ever().order_by("pk")
    standing = issued.exclude(alert__current__content__message__ending="error")
    rows = standing.values_list("identifier", "content__translations")
    for identifier, translations in rows:
        for each in translations or ():
            if each["sound"]:
                path = sound_path(identifier, each["language"])
                yield StaticPage(path, each["sound"]["sha256"])


def _iter_report_paths() -> Iterator[str]:
    """Yield the pages of reports that show what is in force, or a number to call."""
    offices = Office.objects.order_by("pk").values_list("pk", flat=True)
    for page in [*((name,) for name in _OF_REPORTS), *(("reports:office", pk) for pk in offices)]:
        yield from urls_by_language(*page).values()


def _iter_warning_pages(revision: AlertRevision, now: datetime) -> Iterator[StaticPage]:
    state, slug = revision.state(now), revision.frozen_content.slug
    made_of = describe_states([revision], now)
    until = _to_epoch(revision.expires) if state is State.IN_FORCE else None
    paths = [path for name in _LOCALIZED for path in urls_by_language(name, slug).values()]
    for path in (*paths, *(reverse(name, args=[slug]) for name in _VIETNAMESE)):
        yield StaticPage(path, made_of, until=until, drops=True)
    for name, draw in _iter_drawings(revision, state):
        path = reverse(f"alerts:{name}", args=[slug])
        yield StaticPage(path, made_of, until=until, drops=True, drawn=partial(draw, revision))


def _iter_drawings(revision: AlertRevision, state: State) -> Iterator[tuple[str, _Draw]]:
    """Yield each drawn file: no print file of what has ended, no picture of what was withdrawn."""
    if not revision.frozen_content.message.is_withdrawn:
        yield "picture", print_files.picture
    if state is State.IN_FORCE:
        _ = revision.sounds  # read now: what draws has no database
        yield from (("poster", print_files.poster), ("pack", print_files.pack))


def _iter_frames(now: datetime) -> Iterator[StaticPage]:
    """Yield frames by commune and by office. Most show the same few warnings."""
    shown = list(AlertRevision.objects.in_frames())
    for name, model, choose in (
        ("commune_frame", Commune, frames.filter_by_commune),
        ("office_frame", Office, frames.filter_by_office),
    ):
        for codename in model.objects.order_by("pk").values_list("pk", flat=True):
            yield from _iter_manners(choose(shown, codename), name, codename, now)


def _iter_manners(
    revisions: list[AlertRevision], name: str, codename: str, now: datetime
) -> Iterator[StaticPage]:
    """Yield the plain and the live frame."""
    for manner, prefix in (("plain", ""), ("live", "live_")):
        path = reverse(f"alerts:{prefix}{name}", args=[codename])
        alike = f"{manner} {describe_states(revisions, now)}"
        yield StaticPage(path, alike, alike, _first_end(revisions))


def _first_end(revisions: Iterable[AlertRevision]) -> int | None:
    ends = [revision.expires for revision in revisions if revision.expires]
    return _to_epoch(min(ends)) if ends else None


def _to_epoch(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None
