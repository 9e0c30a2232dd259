"""Signed tokens of links: each lets its holder do one thing, some until a time."""

import hmac
import time

from core.keys import FieldKey, field_keys, newest_key

_MAC_LENGTH = 32  # hex digits


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
