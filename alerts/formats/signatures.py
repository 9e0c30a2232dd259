"""Signatures of revisions: Ed25519 over the canonical content, XML-DSig in the CAP message. Both keys
are configured or neither. Rows never change, so old signatures survive a change of keys.
"""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from alerts.formats import cap
from alerts.formats.cap_signer import CapSigner, cap_signer
from alerts.models import AlertRevision, PublicKey, RevisionSignature
from alerts.models.content import canonical
from core.keys import Signer, signer
from core.province import province

KIND = f"{province.slug}/warning/1"  # part of what is signed: a signature serves one purpose


class SigningError(Exception):
    """A revision could not be signed and must not be issued."""


def signing_input(revision: AlertRevision) -> bytes:
    """Return the bytes that Ed25519 signs: canonical JSON of the kind and the content."""
    return canonical({"kind": KIND, "warning": revision.content})


def signature_header(signature: RevisionSignature) -> str:
    key = f'keyid="{signature.content_key_id}", algorithm="Ed25519"'
    return f'{key}, signature="{signature.text_signature}"'


def sign_revision(revision: AlertRevision) -> None:
    """Sign a new revision in the transaction that issues it, if there are keys. Raises SigningError."""
    try:
        if signers := _load_signers():
            _save_signature(revision, *signers)
    except (ImproperlyConfigured, OSError, ValueError) as error:
        raise SigningError(type(error).__name__) from error


def _load_signers() -> tuple[Signer, CapSigner] | None:
    text, message = signer(), settings.CAP_KEY
    if bool(text) != bool(message):
        raise ImproperlyConfigured("SIGNING_KEY and CAP_KEY: both or neither.")
    return (text, cap_signer(message)) if text else None


def _save_signature(revision: AlertRevision, text: Signer, message: CapSigner) -> None:
    RevisionSignature(
        revision=revision,
        content_key=_ensure_public_key(text.id, PublicKey.Kind.TEXT, text.public_pem),
        text_signature=text.sign(signing_input(revision)),
        cap_key=_ensure_public_key(message.id, PublicKey.Kind.CAP, message.certificate),
        cap_message=message.sign(cap.render_cap_message(revision)),
    ).save(force_insert=True)


def _ensure_public_key(name: str, kind: PublicKey.Kind, pem: str) -> PublicKey:
    return PublicKey.objects.get_or_create(name=name, defaults={"kind": kind, "pem": pem})[0]
