"""Help at the desk: a tour of five steps for who comes in first, by what they do, and the handbook."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods, require_safe

from core.audit import events

_PICTURE = re.compile(r"!\[([^\]]*)\]\(pictures/([a-z0-9-]+\.png)\)")
_ITEM = re.compile(r"(?:-|\d+\.) +")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")


@dataclass(frozen=True)
class InlineSpan:
    """Words of a line."""

    text: str
    is_bold: bool = False


@dataclass(frozen=True)
class Block:
    """One part of the page. `kind`: title, chapter, section, paragraph, points, steps or picture;
    `lines` has the pieces of each line; a picture has its file as `name`, a chapter its anchor.
    """

    kind: str
    lines: list[list[InlineSpan]] = field(default_factory=list)
    name: str = ""

    @property
    def text(self) -> str:
        return " ".join(piece.text for line in self.lines for piece in line)


def parse_markdown(text: str) -> list[Block]:
    """The handbook in order; parts are parted by empty lines."""
    parts = groupby(text.splitlines(), key=lambda line: bool(line.strip()))
    groups = [list(lines) for is_said, lines in parts if is_said]
    return [_block(lines, number) for number, lines in enumerate(groups)]


def _block(lines: list[str], number: int) -> Block:
    first = lines[0]
    if picture := _PICTURE.fullmatch(first.strip()):
        return Block("picture", [[InlineSpan(picture[1])]], picture[2])
    for sign, kind in (("### ", "section"), ("## ", "chapter"), ("# ", "title")):
        if first.startswith(sign):
            return Block(kind, [_pieces(first.removeprefix(sign))], f"c{number}")
    if _ITEM.match(first):
        kind = "points" if first.startswith("-") else "steps"
        return Block(kind, [_pieces(item) for item in _items(lines)])
    return Block("paragraph", [_pieces(" ".join(lines))])


def _items(lines: list[str]) -> Iterator[str]:
    """The items of a list, each with the lines that go on with it."""
    item = ""
    for line in lines:
        if _ITEM.match(line) and item:
            yield item
            item = ""
        item = f"{item} {_ITEM.sub('', line, count=1) if not item else line.strip()}".strip()
    yield item


def _pieces(line: str) -> list[InlineSpan]:
    parts = _BOLD.split(line)
    return [InlineSpan(part, is_bold=place % 2 == 1) for place, part in enumerate(parts) if part]


DOCS = Path(__file__).resolve().parents[1] / "docs"
SEEN = "tour_seen"
# By what somebody may do, the first that fits.
TOURS = {
    "reports.view_report": "admin/tour_steps.html",
    "alerts.change_alert": "admin/tour_steps_writing.html",
    "alerts.issue_alert": "admin/tour_steps_writing.html",
}
View = Callable[..., HttpResponseBase]


def urls(site: AdminSite) -> list[URLPattern]:
    """The pages of help, for who is at the desk."""

    def shown(request: HttpRequest, template: str, **given: Any) -> HttpResponse:
        return TemplateResponse(request, template, {**site.each_context(request), **given})

    @require_safe
    def book(request: HttpRequest) -> HttpResponse:
        parts = _book()
        chapters = [part for part in parts if part.kind == "chapter"]
        return shown(
            request, "admin/handbook.html", title="Sổ tay cán bộ", parts=parts, chapters=chapters
        )

    @require_safe
    def picture(request: HttpRequest, name: str) -> HttpResponse:
        if name not in {part.name for part in _book() if part.kind == "picture"}:
            raise Http404
        file = DOCS / "pictures" / name
        if not file.is_file():
            raise Http404
        return HttpResponse(file.read_bytes(), content_type="image/png")

    @require_http_methods(["GET", "HEAD", "POST"])
    def tour(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            mark_tour_seen(request)
            return HttpResponseRedirect(reverse("admin:index"), status=303)
        steps = tour_for(request) or TOURS["reports.view_report"]
        return shown(request, "admin/tour.html", title="Năm bước làm quen", steps=steps)

    views: dict[str, tuple[View, str]] = {
        "help/": (book, "handbook"),
        "help/tour/": (tour, "tour"),
        "help/pictures/<str:name>": (picture, "handbook_picture"),
    }
    return [path(where, site.admin_view(view), name=name) for where, (view, name) in views.items()]


def tour_for(request: HttpRequest) -> str:
    """The template of the steps; none for who neither reads reports nor writes warnings."""
    return next((steps for right, steps in TOURS.items() if request.user.has_perm(right)), "")


def mark_tour_seen(request: HttpRequest) -> None:
    """The officer has read it: it is not shown by itself again."""
    if isinstance(request.user, User) and not has_seen_tour(request.user):
        events.log_event("user", request.user.pk, SEEN, by=request.user)


def has_seen_tour(user: User) -> bool:
    """One statement."""
    return events.events_for("user", user.pk).filter(kind=SEEN, actor=user).exists()


def has_seen_tour_cached(request: HttpRequest) -> bool:
    """The same of who asks; the session keeps a yes, so that it is asked once at each log-in."""
    if not request.session.get(SEEN):
        request.session[SEEN] = isinstance(request.user, User) and has_seen_tour(request.user)
    return bool(request.session[SEEN])


@lru_cache(maxsize=1)
def _book() -> list[Block]:
    """The handbook as it came with this release; nothing where it was left out."""
    file = DOCS / "officers.md"
    return parse_markdown(file.read_text(encoding="utf-8")) if file.is_file() else []
