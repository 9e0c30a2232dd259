"""What programs read: feeds, CAP, signatures, oEmbed. Readable from every origin, for all of it is public."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.embed import oembed
from alerts.formats import cap, feeds, signatures
from alerts.formats.registry import ListFormat
from alerts.models import AlertRevision, PublicKey, RevisionSignature, selectors
from alerts.responses import allow_cross_origin, conditional_response

_NOT_OFFERED = 501  # as the standard wants it for a format that a provider does not have
_MAX_DIGITS = 6


@require_safe
def list_format(request: HttpRequest, chosen: ListFormat) -> HttpResponse:
    """Return the newest warnings in one of the formats that list them."""
    revisions = selectors.list_latest(feeds.MAX_COUNT)
    text = chosen.render(revisions, timezone.now(), settings.PORTAL_URL)
    return allow_cross_origin(conditional_response(request, text, chosen.content_type))


@require_safe
def cap_index(request: HttpRequest) -> HttpResponse:
    """The messages that stand, cancels among them, so that a program learns of the end."""
    index = cap.render_cap_index(selectors.list_latest(feeds.MAX_COUNT), settings.PORTAL_URL)
    return allow_cross_origin(
        conditional_response(request, index, "application/atom+xml; charset=utf-8")
    )


@require_safe
def cap_message(request: HttpRequest, identifier: str) -> HttpResponse:
    """One message as it was sent, for good: later messages refer to it."""
    revision = _get_revision_or_404(identifier)
    signature = _signature_of(revision)
    message = signature.cap_message.encode() if signature else cap.render_cap_message(revision)
    return allow_cross_origin(
        conditional_response(request, message, f"{cap.MEDIA_TYPE}; charset=utf-8")
    )


@require_safe
def content(request: HttpRequest, identifier: str) -> HttpResponse:
    """What was said, byte for byte as it was signed; the signature is in a header."""
    revision = _get_revision_or_404(identifier)
    response = conditional_response(request, signatures.signing_input(revision), "application/json")
    if signature := _signature_of(revision):
        response["X-Content-Signature"] = signatures.signature_header(signature)
        response["Access-Control-Expose-Headers"] = "X-Content-Signature"
    return allow_cross_origin(response)


@require_safe
def signature(request: HttpRequest, identifier: str) -> HttpResponse:
    """The signature of that content by itself; 404 where there is none."""
    signature = _signature_of(_get_revision_or_404(identifier))
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
    return allow_cross_origin(conditional_response(request, json.dumps(values), "application/json"))


@require_safe
def public_key(request: HttpRequest, name: str) -> HttpResponse:
    """A key that has signed warnings, today or before: PEM."""
    key = get_object_or_404(PublicKey, pk=name)
    return allow_cross_origin(conditional_response(request, key.pem, "application/x-pem-file"))


def _get_revision_or_404(identifier: str) -> AlertRevision:
    said_so_far = AlertRevision.objects.effective_ever().select_related("signature")
    return get_object_or_404(said_so_far, identifier=identifier)


def _signature_of(revision: AlertRevision) -> RevisionSignature | None:
    signature: RevisionSignature | None = getattr(revision, "signature", None)
    return signature


@require_safe
def embed(request: HttpRequest) -> HttpResponse:
    """OEmbed for an address of ours; JSON alone, as the standard lets a provider choose."""
    if request.GET.get("format", "json") != "json":
        return allow_cross_origin(
            HttpResponse("JSON alone is offered here.\n", "text/plain", _NOT_OFFERED)
        )
    width, height = (_size(request.GET.get(name)) for name in ("maxwidth", "maxheight"))
    if not (width and height):
        return allow_cross_origin(
            HttpResponseBadRequest("maxwidth and maxheight are whole numbers.\n")
        )
    wanted = oembed.resolve_url(request.GET.get("url", ""), settings.PORTAL_URL)
    if wanted is None:
        raise Http404
    if wanted.slug:
        selectors.get_current_or_404(wanted.slug)
    text = oembed.oembed_response(wanted.frame, settings.PORTAL_URL, width, height)
    return allow_cross_origin(conditional_response(request, text, "application/json"))


def _size(text: str | None) -> int:
    """How much room is offered; more than anybody has where nothing is said, 0 for nonsense."""
    if not text:
        return 100_000
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS else 0
