"""Pages for agencies: a line for their site, feeds, whether a code is ours, the keys; and the link that confirms a use.

No form of the first page changes anything, so none needs a token; another site's forms are refused all the same.
"""

from csp.decorators import csp_update
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.delivery import partners
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
    } | _verify_code(asking)
    status = 422 if choosing.errors or asking.errors else 200
    page = render(request, "alerts/for_agencies.html", context, status=status, using="public")
    page["Cache-Control"] = "no-store" if request.method == "POST" else "public, max-age=30"
    return page


@csrf_exempt  # the link itself is the right to press, and there is no cookie to abuse
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm_deployment(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm that an agency put a version to use: a page with one button."""
    asked = partners.open_confirmation(token)
    if asked and request.method == "POST":
        partners.record_confirmation(asked)
        asked = partners.open_confirmation(token)
    context = {"asked": asked}
    status = 200 if asked else 404
    return render(
        request, "alerts/partner_confirmation.html", context, status=status, using="public"
    )


def _verify_code(asking: CodeForm) -> dict[str, object]:
    """Return what is known of a code: its revision, and the latest one of the same warning."""
    if not (asking.is_bound and asking.is_valid()):
        return {}
    code = asking.cleaned_data["code"]
    revision = AlertRevision.objects.effective_ever().filter(identifier=code).first()
    if revision is None:
        return {"asked": code, "misshapen": asking.is_malformed}
    newest = AlertRevision.objects.current().filter(alert=revision.alert_id).first() or revision
    facts = template_context(newest, timezone.now())
    return {"asked": code, "found": revision, "newest": newest, "newest_facts": facts}
