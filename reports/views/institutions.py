"""The institutions that callers claim to speak for: a list, and a page for each."""

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from reports.facts.choices import OFFICES
from reports.models import Office
from reports.public import institutions, statistics
from reports.views.pages import WITH_A_WARNING


@require_safe
@cache_control(public=True, max_age=300)
def office_list(request: HttpRequest) -> HttpResponse:
    """All institutions, under a few headings."""
    try:
        groups = [
            (
                group.name,
                [(office.pk, institutions.localized_text(office)) for office in group.offices],
            )
            for group in institutions.group_by_kind(Office.objects.all())
        ]
    except DatabaseTrouble:
        return _away(request)
    return render(request, "reports/offices.html", {"groups": groups}, using="public")


@require_safe
@WITH_A_WARNING
def office(request: HttpRequest, slug: str) -> HttpResponse:
    """What the real one never does by telephone, its numbers, what callers say now."""
    try:
        shown = get_object_or_404(Office.objects.prefetch_related("numbers"), pk=slug)
        told = institutions.office_statistics(shown)
        context = {
            "office": shown,
            "words": institutions.localized_text(shown),
            "told": told,
            "claimed": dict(OFFICES)[told.claimed] if told else "",
            "weeks": statistics.WEEKS,
            "numbers": [institutions.published(number) for number in shown.numbers.all()],
        }
        return render(request, "reports/office.html", context, using="public")
    except DatabaseTrouble:
        return _away(request)


@never_cache
def _away(request: HttpRequest) -> HttpResponse:
    return render(request, "503.html", status=503, using="public")
