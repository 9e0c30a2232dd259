"""The key that signs CAP messages: ECDSA on P-256 with a certificate, as XML-DSig wants it."""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_VALIDITY, _WARNING = timedelta(days=3653), timedelta(days=30)


@dataclass(frozen=True)
class CapSigner:
    """The private key of CAP_KEY and its certificate, PEM."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: str

    @property
    def id(self) -> str:
        """Return sixteen hex digits that name the public key."""
        public = self.private.public_key()
        raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(raw).hexdigest()[:16]

    def sign(self, message: bytes) -> str:
        from lxml import etree  # noqa: PLC0415 - some ten megabytes that only issuing needs
        from signxml.algorithms import CanonicalizationMethod  # noqa: PLC0415
        from signxml.signer import XMLSigner  # noqa: PLC0415

        method = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
        writer = XMLSigner(signature_algorithm="ecdsa-sha256", c14n_algorithm=method)
        root = etree.fromstring(message, etree.XMLParser(resolve_entities=False))
        signed = writer.sign(root, key=self.private, cert=self.certificate)
        text: bytes = etree.tostring(signed, encoding="UTF-8", xml_declaration=True)
        return text.decode()


@lru_cache(maxsize=2)
def cap_signer(configured: str) -> CapSigner:
    """Return the signer of a PEM with key and certificate, or of its base64. Raises ImproperlyConfigured."""
    try:
        pem = configured if "-----BEGIN" in configured else _decode_base64(configured)
        private = load_pem_private_key(pem.encode(), None)
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise ImproperlyConfigured("CAP_KEY is no PEM with a key and its certificate.") from error
    if not (
        isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1)
    ):
        raise ImproperlyConfigured("CAP_KEY is not a key on the curve P-256.")
    if certificate.public_key() != private.public_key():
        raise ImproperlyConfigured("CAP_KEY: the certificate is another key's.")
    return CapSigner(private, certificate.public_bytes(Encoding.PEM).decode())


def is_certificate_ending() -> bool:
    """Return whether the certificate of CAP_KEY ends soon, has ended or cannot be read."""
    try:
        pem = cap_signer(settings.CAP_KEY).certificate if settings.CAP_KEY else ""
    except ImproperlyConfigured:
        return True
    soon = datetime.now(UTC) + _WARNING
    return bool(pem) and x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc < soon


def _decode_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("neither PEM nor base64") from error


def generate_key(name: str) -> str:
    """Return a new key with a self-signed certificate for that host: PEM in base64 on one line."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder(subject, subject, private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + _VALIDITY)
        .sign(private, SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(pem + certificate.public_bytes(Encoding.PEM)).decode()
