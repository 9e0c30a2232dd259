"""What programs read: feeds, CAP, signatures, oEmbed. All of it is public, for every origin."""

import json
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseGone
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from alerts.formats import cap, feeds, frames, signatures
from alerts.formats.feeds import ListFormat
from alerts.formats.validators import describe_states
from alerts.formats.wording import SOUND_TYPE
from alerts.models import AlertRevision, CancelReason, PublicKey, RevisionSignature
from alerts.responses import conditional_response
from alerts.views.pages import get_current_or_404
from core.responses import allow_cross_origin

_NOT_OFFERED = 501  # as the standard wants it for a format that a provider does not have
_MAX_DIGITS = 6
_UNLIMITED = 100_000


@require_safe
def list_format(request: HttpRequest, chosen: ListFormat) -> HttpResponse:
    """Return the newest warnings, in force or over, in one of the formats that list them."""
    revisions = list(AlertRevision.objects.current()[: feeds.MAX_COUNT])
    now = timezone.now()
    render = partial(chosen.render, revisions, now, settings.PORTAL_URL)
    return _public_response(request, describe_states(revisions, now), render, chosen.content_type)


@require_safe
def cap_message(request: HttpRequest, identifier: str) -> HttpResponse:
    """Return a message as it was sent, for good: later messages refer to it."""
    revision = _get_revision_or_404(identifier)

    def render() -> bytes:
        signature = _get_signature(revision)
        return signature.cap_message.encode() if signature else cap.render_cap_message(revision)

    return _public_response(
        request, revision.content_hash, render, f"{cap.MEDIA_TYPE}; charset=utf-8"
    )


@require_safe
def sound(request: HttpRequest, identifier: str, language: str) -> HttpResponse:
    """Return a recording as it was issued, for good; 410 once its warning was withdrawn."""
    revision = _get_revision_or_404(identifier)
    files = {each.language: each.sound for each in revision.frozen_content.translations}
    if not (file := files.get(language)):
        raise Http404
    latest = revision.alert.current
    if latest and latest.frozen_content.message.is_withdrawn:
        return HttpResponseGone(f"{CancelReason.ERROR.label}\n", "text/plain; charset=utf-8")
    digest = file.sha256
    response = _public_response(request, digest, lambda: revision.sounds[digest], SOUND_TYPE)
    patch_cache_control(response, no_transform=True)  # packed, it could not be asked for in parts
    return response


@require_safe
def content(request: HttpRequest, identifier: str) -> HttpResponse:
    """Return the content byte for byte as it was signed; the signature is in a header."""
    revision = _get_revision_or_404(identifier)
    response = _public_response(
        request,
        revision.content_hash,
        lambda: signatures.signing_input(revision),
        "application/json",
    )
    if signature := _get_signature(revision):
        response["X-Content-Signature"] = signatures.signature_header(signature)
        response["Access-Control-Expose-Headers"] = "X-Content-Signature"
    return response


@require_safe
def signature(request: HttpRequest, identifier: str) -> HttpResponse:
    """Return the signature of that content by itself; 404 where there is none."""
    signature = _get_signature(_get_revision_or_404(identifier))
    if signature is None:
        raise Http404
    values = {
        "algorithm": "Ed25519",
        "key_id": signature.content_key_id,
        "kind": signatures.KIND,
        "signature": signature.text_signature,
        "content": reverse("alerts:content", args=[identifier]),
        "public_key": reverse("alerts:public_key", args=[signature.content_key_id]),
    }
    text = json.dumps(values)
    return _public_response(request, text, lambda: text, "application/json")


@require_safe
def public_key(request: HttpRequest, name: str) -> HttpResponse:
    """Return a key that has signed warnings, today or before: PEM."""
    key = get_object_or_404(PublicKey, pk=name)
    return _public_response(request, key.pem, lambda: key.pem, "application/x-pem-file")


@require_safe
def embed(request: HttpRequest) -> HttpResponse:
    """Return oEmbed for an address of the portal; JSON alone, as the standard allows."""
    if request.GET.get("format", "json") != "json":
        refusal = HttpResponse("JSON alone is offered here.\n", "text/plain", _NOT_OFFERED)
        return allow_cross_origin(refusal)
    width, height = (_parse_size(request.GET.get(name)) for name in ("maxwidth", "maxheight"))
    if not (width and height):
        refusal = HttpResponseBadRequest("maxwidth and maxheight are whole numbers.\n")
        return allow_cross_origin(refusal)
    target = frames.resolve_url(request.GET.get("url", ""), settings.PORTAL_URL)
    if target is None:
        raise Http404
    if target.slug:
        get_current_or_404(target.slug)
    text = frames.oembed_response(target.frame, settings.PORTAL_URL, width, height)
    return _public_response(request, text, lambda: text, "application/json")


def _public_response(
    request: HttpRequest, made_of: object, render: Callable[[], str | bytes], content_type: str
) -> HttpResponse:
    return allow_cross_origin(conditional_response(request, made_of, render, content_type))


def _get_revision_or_404(identifier: str) -> AlertRevision:
    issued = AlertRevision.objects.effective_ever().select_related("signature")
    return get_object_or_404(issued, identifier=identifier)


def _get_signature(revision: AlertRevision) -> RevisionSignature | None:
    signature: RevisionSignature | None = getattr(revision, "signature", None)
    return signature


def _parse_size(text: str | None) -> int:
    """Return the room that a client offers in pixels; 0 for nonsense."""
    if not text:
        return _UNLIMITED
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else 0
