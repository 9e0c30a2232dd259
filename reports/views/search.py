"""Search. What is typed may be a telephone number or a name: it travels in the body alone, and no
log, address or cache holds it.
"""

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.same_origin import is_same_origin
from reports.public import site_search
from reports.views.form_errors import parse_body


@csrf_exempt  # it changes nothing, and a visitor has no cookie
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def search(request: HttpRequest) -> HttpResponse:
    """What our pages, the offices and the warnings have about some words; without a database our
    pages alone. What could not be read is asked for anew.
    """
    if request.method != "POST":
        return _page(request, {})
    if not is_same_origin(request):
        return _page(request, {}, 403)
    data, trouble = parse_body(request)
    typed = data.get("q", "").strip()
    query = typed[: site_search.MAX_LENGTH]
    context = {
        "typed": typed,
        "query": query,
        "cut": len(typed) > len(query),
        "pages": site_search.search_pages(query),
        "is_number": site_search.is_number(query),
        "doors": site_search.fallback_pages(),
        "asked": True,
    }
    status = trouble.status if trouble else 200
    try:
        context |= {"offices": site_search.search_offices(query), "with_warnings": True}
        return _page(request, context, status)
    except DatabaseTrouble:
        context |= {"offices": [], "with_warnings": False, "away": True}
        return _page(request, context, max(status, 503))


def _page(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    return render(request, "reports/search.html", context, status=status, using="public")
