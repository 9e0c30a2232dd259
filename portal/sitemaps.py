"""sitemap.xml: the public pages in their languages, with the time of the last change where known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree.ElementTree import Element  # nosec B405

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from alerts.formats import xml
from alerts.formats.wording import ENGLISH, urls_by_language
from alerts.models import AlertRevision
from alerts.responses import conditional_response
from reports.models import Office

_PAGES = (
    "reports:home", "reports:now", "reports:report", "reports:assessment", "reports:check", "reports:scam_call",
    "reports:genuine", "reports:personal_data", "reports:accessibility", "reports:offices", "reports:statistics",
    "reports:for_programs", "subscriptions:subscribe", "warnings:list",
)  # fmt: skip
_WITH_WARNINGS = {"reports:home", "warnings:list"}
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


@dataclass(frozen=True)
class SitemapEntry:
    addresses: dict[str, str]
    changed: date | datetime | None = None


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    root = Element("urlset", {"xmlns": _SCHEMA, "xmlns:xhtml": _XHTML})
    for entry in _list_entries():
        for address in entry.addresses.values():
            _add(root, entry, address)
    text = xml.serialize(root)
    return conditional_response(request, text, lambda: text, "application/xml; charset=utf-8")


def _list_entries() -> Iterator[SitemapEntry]:
    revisions = (*AlertRevision.objects.in_force(), *AlertRevision.objects.ended())
    warnings = [each for each in revisions if not each.frozen_content.message.is_withdrawn]
    newest = AlertRevision.objects.effective_ever().aggregate(at=Max("effective"))["at"]
    for name in _PAGES:
        yield SitemapEntry(urls_by_language(name), newest if name in _WITH_WARNINGS else None)
    yield SitemapEntry({"vi": reverse("alerts:for_agencies")})
    for pk, reviewed_on in Office.objects.order_by("pk").values_list("pk", "reviewed_on"):
        yield SitemapEntry(urls_by_language("reports:office", pk), reviewed_on)
    for warning in warnings:
        addresses = urls_by_language("warnings:detail", warning.frozen_content.slug)
        if not warning.frozen_content.speaks_english:
            del addresses[ENGLISH]
        yield SitemapEntry(addresses, warning.frozen_content.message.effective)


def _add(root: Element, entry: SitemapEntry, address: str) -> None:
    url = xml.add_child(root, "url")
    xml.add_child(url, "loc", f"{settings.PORTAL_URL}{address}")
    if entry.changed:
        xml.add_child(url, "lastmod", entry.changed.isoformat())
    if len(entry.addresses) > 1:
        for language, other in entry.addresses.items():
            href = f"{settings.PORTAL_URL}{other}"
            xml.add_child(
                url,
                "xhtml:link",
                attributes={"rel": "alternate", "hreflang": language, "href": href},
            )
