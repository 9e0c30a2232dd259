"""Links that carry their own right: signed, some until a time. Whoever holds one may do the one
thing that it is for.
"""

import hmac
import time
from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from alerts.models import AlertRevision, PartnerAgency, Subscriber
from core.keys import FieldKey, field_keys, newest_key

DEPLOYED, JOIN, LEAVE = "link deployed", "link join", "link leave"
DEPLOYED_FOR = timedelta(days=14)
JOIN_FOR = timedelta(hours=48)
_SIGNS = 32  # hex digits of the signature


def confirmation_url(partner: PartnerAgency, revision: AlertRevision) -> str:
    """Where an agency says that it put a version to use."""
    token = _signed(DEPLOYED, _until(DEPLOYED_FOR), str(partner.pk), revision.identifier)
    return _address("alerts:partner_confirmation", token)


def opt_in_url(subscriber: Subscriber) -> str:
    """Where the owner of an address says yes to what was asked for last."""
    choices = [subscriber.filters.get(name, "") for name in ("commune", "scenario", "office")]
    token = _signed(JOIN, _until(JOIN_FOR), str(subscriber.pk), *choices)
    return _address("subscriptions:subscription_join", token)


def unsubscribe_url(subscriber: Subscriber) -> str:
    """Where the owner of an address leaves: at any time."""
    return _address("subscriptions:subscription_leave", _signed(LEAVE, "", str(subscriber.pk)))


def read_token(purpose: str, token: str) -> list[str] | None:
    """What the link says, or None when it is not ours, of another purpose or too old."""
    text, _, given = token.rpartition(".")
    until, *parts = text.split(".")
    ours = any(_same(_mac(key, purpose, text), given) for key in field_keys())
    if not ours or (until and int(until) < time.time()):
        return None
    return parts


def _same(mac: str, given: str) -> bool:
    return hmac.compare_digest(mac.encode(), given.encode())


def _signed(purpose: str, *parts: str) -> str:
    text = ".".join(parts)
    return f"{text}.{_mac(newest_key(), purpose, text)}"


def _mac(key: FieldKey, purpose: str, text: str) -> str:
    return key.mac(purpose, text.encode()).hex()[:_SIGNS]


def _until(span: timedelta) -> str:
    return str(int(time.time() + span.total_seconds()))


def _address(name: str, token: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, args=[token])}"
