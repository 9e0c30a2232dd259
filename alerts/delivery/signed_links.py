"""Signed links: each lets its holder do one thing, some until a time."""

import time
from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from alerts.models import AlertRevision, PartnerAgency, Subscriber
from core.keys import sign_token

DEPLOYED, JOIN, LEAVE, CHANGE = "link deployed", "link join", "link leave", "link change"
FILTERS = ("communes", "scenarios", "offices")
DEPLOYED_VALIDITY = timedelta(days=14)
JOIN_VALIDITY = timedelta(hours=48)


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


def _expiry(validity: timedelta) -> str:
    return str(int(time.time() + validity.total_seconds()))


def _build_url(name: str, token: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, args=[token])}"
