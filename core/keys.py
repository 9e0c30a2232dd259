"""Keys and what is made with them: field keys, keyed hashes, tokens of forms and links, signatures,
BACKUP_KEY.

Each purpose has a key derived from one of `FIELD_ENCRYPTION_KEYS` (newest first). A key is named by
eight hex digits that reveal nothing of it.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from functools import lru_cache

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core import signing
from django.core.exceptions import ImproperlyConfigured

FORM_TOKEN_SALT = "form-token"  # noqa: S105  # nosec B105
FORM_TOKEN_HOURS = 24
_LINK_MAC_LENGTH = 32  # hex digits


@dataclass(frozen=True)
class FieldKey:
    """One of the FIELD_ENCRYPTION_KEYS: its public name and its secret."""

    id: str
    secret: bytes = field(repr=False)

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose alone."""
        return _derive(self.secret, purpose)

    def mac(self, purpose: str, message: bytes) -> bytes:
        """Return the HMAC-SHA-256 of a message, 32 bytes."""
        return hmac.digest(self.derive(purpose), message, "sha256")


@lru_cache(maxsize=64)
def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDFExpand(algorithm=SHA256(), length=32, info=purpose.encode()).derive(secret)


@lru_cache(maxsize=4)
def _parse_keys(configured: tuple[str, ...]) -> tuple[FieldKey, ...]:
    secrets = [text.encode() for text in configured]
    names = [hashlib.sha256(b"key name:" + secret).hexdigest()[:8] for secret in secrets]
    return tuple(map(FieldKey, names, secrets))


def field_keys() -> tuple[FieldKey, ...]:
    """Return all keys, newest first. Raises ImproperlyConfigured when there is none."""
    if not (configured := settings.FIELD_ENCRYPTION_KEYS):
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: nothing can be encrypted.")
    return _parse_keys(configured)


def newest_key() -> FieldKey:
    return field_keys()[0]


def key_by_id(key_id: str) -> FieldKey | None:
    """Return the key of that name, or None when it has been removed."""
    return next((key for key in field_keys() if key.id == key_id), None)


def content_digests(purpose: str, submission_key: str, content: object) -> list[bytes]:
    """Return the digest of what was sent under each key, the newest first. Keyed: a bare hash would
    let the holder of a dump try telephone numbers against it.
    """
    message = json.dumps([submission_key, content], ensure_ascii=False, sort_keys=True).encode()
    return [key.mac(purpose, message) for key in field_keys()]


def form_token() -> str:
    """Return a signed time for a form without cookies: when this server offered the page."""
    return _form_signer(settings.SECRET_KEY).sign("f")


@lru_cache(maxsize=2)
def _form_signer(secret: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(key=secret, salt=FORM_TOKEN_SALT)


def token_age(token: str) -> float | None:
    """Return the seconds since the form was offered; None when the signature is invalid or old. The
    signer's own check would derive its key again each time.
    """
    if not token.isascii():
        return None
    signed, _, signature = token.rpartition(":")
    expected = hmac.digest(_form_key(settings.SECRET_KEY), signed.encode(), "sha256")
    if not hmac.compare_digest(signature.encode(), signing.b64_encode(expected)):
        return None
    age = time.time() - signing.b62_decode(signed.rpartition(":")[2])
    return max(0.0, age) if age <= FORM_TOKEN_HOURS * 3600 else None


@lru_cache(maxsize=2)
def _form_key(secret: str) -> bytes:
    return hashlib.sha256(f"{FORM_TOKEN_SALT}signer{secret}".encode()).digest()


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
    return key.mac(purpose, text.encode()).hex()[:_LINK_MAC_LENGTH]


@dataclass(frozen=True)
class Signer:
    """Signs with SIGNING_KEY (Ed25519), for programs of others."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def id(self) -> str:
        """Return sixteen hex digits that name the public key."""
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()[:16]

    @property
    def public_pem(self) -> str:
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, message: bytes) -> str:
        return base64.b64encode(self.private.sign(message)).decode()


def signer() -> Signer | None:
    """Return the signer; None without a SIGNING_KEY. Raises ImproperlyConfigured where it is no key."""
    return parse_signer(settings.SIGNING_KEY) if settings.SIGNING_KEY else None


@lru_cache(maxsize=2)
def parse_signer(configured: str) -> Signer:
    """Return the signer of 32 bytes in base64, usual or url-safe. Raises ImproperlyConfigured."""
    try:
        secret = base64.b64decode(configured.replace("-", "+").replace("_", "/"), validate=True)
        return Signer(Ed25519PrivateKey.from_private_bytes(secret))
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured("SIGNING_KEY is not 32 bytes in base64.") from error


def generate_backup_key() -> str:
    """Return a fresh BACKUP_KEY: an age identity, as `age-keygen` makes them too."""
    return str(pyrage.x25519.Identity.generate())


def parse_backup_key(key: str) -> pyrage.x25519.Identity | None:
    """Return the age identity that `key` spells, or None when it is none."""
    try:
        return pyrage.x25519.Identity.from_str(key)
    except pyrage.IdentityError:
        return None
