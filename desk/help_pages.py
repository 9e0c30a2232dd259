"""Help at the desk: the handbook, and a tour of five steps by permission."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe
from markdown import Extension, Markdown
from markdown.extensions.toc import TocExtension

from core.audit import events
from core.responses import HttpResponseSeeOther

_PICTURE = re.compile(r"\]\(pictures/([a-z0-9-]+\.png)\)")
DOCS = Path(__file__).resolve().parents[1] / "docs"
TOUR_SEEN = "tour_seen"
# By permission; the first that the officer has.
TOURS = {
    "reports.view_report": "admin/tour_steps.html",
    "alerts.change_alert": "admin/tour_steps_writing.html",
    "alerts.issue_alert": "admin/tour_steps_writing.html",
}
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Handbook:
    """The handbook as HTML, its chapters as (anchor, title), and its pictures' names."""

    html: SafeString
    chapters: list[tuple[str, str]]
    pictures: frozenset[str]


class NoRawHtml(Extension):
    """Escape HTML tags of the text instead of passing them through."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")


def render_handbook(text: str) -> Handbook:
    """Return the handbook without its title, which the page shows itself."""
    converter = Markdown(output_format="html", extensions=[NoRawHtml(), TocExtension(toc_depth=2)])
    html = converter.convert(text.partition("\n\n")[2]).replace("<img ", '<img loading="lazy" ')
    chapters = [(each["id"], each["name"]) for each in converter.toc_tokens]  # type: ignore[attr-defined]
    safe = SafeString(html)  # NoRawHtml escapes the tags of the text  # nosec B703 B308
    return Handbook(safe, chapters, frozenset(_PICTURE.findall(text)))


@lru_cache(maxsize=1)
def load_handbook() -> Handbook:
    """Return the handbook of this release, empty where the file is missing."""
    file = DOCS / "officers.md"
    return render_handbook(file.read_text(encoding="utf-8") if file.is_file() else "")


def urls(site: AdminSite) -> list[URLPattern]:
    def render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        return TemplateResponse(request, template, {**site.each_context(request), **context})

    @require_safe
    def book(request: HttpRequest) -> HttpResponse:
        title, handbook = "Sổ tay cán bộ", load_handbook()
        return render(request, "admin/handbook.html", title=title, handbook=handbook)

    @require_safe
    def picture(request: HttpRequest, name: str) -> HttpResponse:
        file = DOCS / "pictures" / name
        if name not in load_handbook().pictures or not file.is_file():
            raise Http404
        return HttpResponse(file.read_bytes(), content_type="image/png")

    @require_http_methods(["GET", "HEAD", "POST"])
    def tour(request: HttpRequest) -> HttpResponse:
        if request.method == "POST":
            mark_tour_seen(request)
            return HttpResponseSeeOther(reverse("admin:index"))
        steps = tour_for(request) or TOURS["reports.view_report"]
        return render(request, "admin/tour.html", title="Năm bước làm quen", steps=steps)

    views: dict[str, tuple[View, str]] = {
        "help/": (book, "handbook"),
        "help/tour/": (tour, "tour"),
        "help/pictures/<str:name>": (picture, "handbook_picture"),
    }
    return [path(route, site.admin_view(view), name=name) for route, (view, name) in views.items()]


def tour_for(request: HttpRequest) -> str:
    """Return the template of the officer's tour, or ""."""
    return next((steps for right, steps in TOURS.items() if request.user.has_perm(right)), "")


def mark_tour_seen(request: HttpRequest) -> None:
    """Record that the officer has read the tour, so that it is no longer offered."""
    if isinstance(request.user, User) and not has_seen_tour(request.user):
        events.log_event("user", request.user.pk, TOUR_SEEN, by=request.user)


def has_seen_tour(user: User) -> bool:
    return events.events_for("user", user.pk).filter(kind=TOUR_SEEN, actor=user).exists()


def has_seen_tour_cached(request: HttpRequest) -> bool:
    """Return whether this officer has seen the tour; a yes is stored in the session."""
    if not request.session.get(TOUR_SEEN):
        request.session[TOUR_SEEN] = isinstance(request.user, User) and has_seen_tour(request.user)
    return bool(request.session[TOUR_SEEN])
