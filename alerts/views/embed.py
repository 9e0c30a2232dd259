"""For agencies: a line for their site, feeds, whether a code is ours, the keys. Nothing is changed
by any form here, so none needs a token; another site's forms are refused all the same.
"""

from csp.decorators import csp_update
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.embed import snippets
from alerts.embed.forms import CodeForm, EmbedForm
from alerts.formats.html import template_context
from alerts.models import AlertRevision, PublicKey
from core.same_origin import is_same_origin


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"frame-src": ["'self'"]})
def for_agencies(request: HttpRequest) -> HttpResponse:
    """The page; posted, with the chosen line or the answer about a code."""
    if request.method == "POST" and not is_same_origin(request):
        raise PermissionDenied
    asks_code = request.method == "POST" and "code" in request.POST
    chooses = request.method == "POST" and not asks_code
    choosing = EmbedForm(request.POST if chooses else None, auto_id="embed_%s")
    asking = CodeForm(request.POST if asks_code else None, auto_id="ask_%s")
    choice = choosing.choice
    context = {
        "choosing": choosing,
        "asking": asking,
        "choice": choice,
        "frame_line": snippets.iframe_snippet(choice, settings.PORTAL_URL),
        "script_line": snippets.script_snippet(choice, settings.PORTAL_URL),
        "portal": settings.PORTAL_URL,
        "narrowed": settings.FRAME_ANCESTORS,
        "keys": PublicKey.objects.all(),
    } | _genuine(asking)
    status = 422 if choosing.errors or asking.errors else 200
    page = render(request, "alerts/for_agencies.html", context, status=status, using="public")
    page["Cache-Control"] = "no-store" if request.method == "POST" else "public, max-age=30"
    return page


def _genuine(asking: CodeForm) -> dict[str, object]:
    """What is known of a code: whose it is, whether that word still stands, what came after it."""
    if not (asking.is_bound and asking.is_valid()):
        return {}
    code = asking.cleaned_data["code"]
    revision = AlertRevision.objects.effective_ever().filter(identifier=code).first()
    if revision is None:
        return {"asked": code, "misshapen": asking.is_malformed}
    newest = AlertRevision.objects.current().filter(alert=revision.alert_id).first() or revision
    facts = template_context(newest, timezone.now())
    return {"asked": code, "found": revision, "newest": newest, "newest_facts": facts}
