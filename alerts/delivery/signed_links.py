"""Signed links: each lets its holder do one thing, some until a time."""

import hmac
import time
from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from alerts.models import AlertRevision, PartnerAgency, Subscriber
from core.keys import FieldKey, field_keys, newest_key

DEPLOYED, JOIN, LEAVE, CHANGE = "link deployed", "link join", "link leave", "link change"
FILTERS = ("communes", "scenarios", "offices")
DEPLOYED_VALIDITY = timedelta(days=14)
JOIN_VALIDITY = timedelta(hours=48)
_MAC_LENGTH = 32  # hex digits


def confirmation_url(partner: PartnerAgency, revision: AlertRevision) -> str:
    """Return where an agency confirms that it uses a revision."""
    token = sign_token(DEPLOYED, _expiry(DEPLOYED_VALIDITY), str(partner.pk), revision.identifier)
    return _build_url("alerts:partner_confirmation", token)


def opt_in_url(subscriber: Subscriber) -> str:
    """Return where the owner of an address confirms what was last requested."""
    filters = [",".join(subscriber.filters.get(name, ())) for name in FILTERS]
    token = sign_token(JOIN, _expiry(JOIN_VALIDITY), str(subscriber.pk), *filters)
    return _build_url("subscriptions:subscription_join", token)


def unsubscribe_url(subscriber: Subscriber) -> str:
    """Return where the owner of an address unsubscribes, at any time."""
    return _build_url("subscriptions:subscription_leave", sign_token(LEAVE, "", str(subscriber.pk)))


def change_url(subscriber: Subscriber) -> str:
    """Return where the owner of an address chooses anew which warnings come, at any time."""
    token = sign_token(CHANGE, "", str(subscriber.pk))
    return _build_url("subscriptions:subscription_change", token)


def read_token(purpose: str, token: str) -> list[str] | None:
    """Return the parts after the expiry; None when the signature is invalid, of another purpose or expired."""
    text, _, signature = token.rpartition(".")
    until, *parts = text.split(".")
    macs = (_compute_mac(key, purpose, text) for key in field_keys())
    is_genuine = any(hmac.compare_digest(mac.encode(), signature.encode()) for mac in macs)
    if not is_genuine or (until and int(until) < time.time()):
        return None
    return parts


def sign_token(purpose: str, *parts: str) -> str:
    """Return a token of those parts, the first its expiry in epoch seconds or ""."""
    text = ".".join(parts)
    return f"{text}.{_compute_mac(newest_key(), purpose, text)}"


def _compute_mac(key: FieldKey, purpose: str, text: str) -> str:
    return key.mac(purpose, text.encode()).hex()[:_MAC_LENGTH]


def _expiry(validity: timedelta) -> str:
    return str(int(time.time() + validity.total_seconds()))


def _build_url(name: str, token: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, args=[token])}"
