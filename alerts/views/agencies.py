"""Pages for agencies: snippets, feeds, a check of codes, keys; and the link that confirms a use.

No form of the first page changes anything, so none needs a token; forms of other sites are refused.
"""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.delivery import partners
from alerts.formats import frames
from alerts.formats.html import template_context
from alerts.models import AlertRevision, PublicKey
from alerts.views.forms import CodeForm, EmbedForm
from core.form_data import is_same_origin
from core.responses import style_source


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def for_agencies(request: HttpRequest) -> HttpResponse:
    """Return the page; after a POST with the chosen snippets or the result about a code."""
    is_post = request.method == "POST"
    if is_post and not is_same_origin(request):
        raise PermissionDenied
    asks_code = is_post and "code" in request.POST
    embed_form = EmbedForm(request.POST if is_post and not asks_code else None, auto_id="embed_%s")
    code_form = CodeForm(request.POST if asks_code else None, auto_id="ask_%s")
    choice, portal = embed_form.choice, settings.PORTAL_URL
    context = {
        "embed_form": embed_form,
        "code_form": code_form,
        "choice": choice,
        "iframe_snippet": frames.iframe_snippet(portal + choice.path, choice.width, choice.height),
        "script_snippet": frames.script_snippet(choice, portal),
        "portal": portal,
        "frame_ancestors": settings.FRAME_ANCESTORS,
        "keys": PublicKey.objects.all(),
        "in_force": AlertRevision.objects.in_force(),
        "signed": _find_newest_signed(),
    } | _verify_code(code_form)
    status = 422 if embed_form.errors or code_form.errors else 200
    page = render(request, "alerts/for_agencies.html", context, status=status, using="public")
    page["Cache-Control"] = "no-store" if is_post else "public, max-age=30"
    sheet = style_source("alerts/alert.css")
    page._csp_update = {"frame-src": ["'self'"], "style-src": [sheet]}  # type: ignore[attr-defined]  # noqa: SLF001  # as csp_update sets it, which an import has no sheet for yet
    return page


def _find_newest_signed() -> AlertRevision | None:
    """Return the revision whose signatures the page's commands verify."""
    signed = AlertRevision.objects.effective_ever().exclude(signature=None)
    return signed.select_related("signature").order_by("-effective").first()


@csrf_exempt  # the link itself is the right to press, and there is no cookie to abuse
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm_deployment(request: HttpRequest, token: str) -> HttpResponse:
    """Return a page with one button, by which an agency confirms that it uses a revision."""
    confirmation = partners.open_confirmation(token)
    if confirmation and request.method == "POST":
        partners.record_confirmation(confirmation)
        confirmation = partners.open_confirmation(token)
    context, status = {"confirmation": confirmation}, 200 if confirmation else 404
    template = "alerts/partner_confirmation.html"
    return render(request, template, context, status=status, using="public")


def _verify_code(code_form: CodeForm) -> dict[str, object]:
    """Return the revision of a code, and the current one of the same warning."""
    if not (code_form.is_bound and code_form.is_valid()):
        return {}
    code = code_form.cleaned_data["code"]
    if code_form.is_malformed:
        return {"code": code, "is_malformed": True}
    # Without the last group it is the code of the warning, as CAP names an incident.
    is_code = Q(identifier=code) | Q(identifier__startswith=f"{code}-")
    revision = AlertRevision.objects.effective_ever().filter(is_code).first()
    if revision is None:
        return {"code": code}
    latest = AlertRevision.objects.current().filter(alert=revision.alert_id).first() or revision
    facts = template_context(latest, timezone.now())
    return {"code": code, "genuine": revision, "latest": latest, "latest_facts": facts}
