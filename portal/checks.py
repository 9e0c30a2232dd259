"""What a production start refuses: `check --deploy`, which every entry point runs first."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_network
from typing import NamedTuple

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from alerts.formats.cap_signer import cap_signer
from alerts.formats.frames import PARTNERS, is_origin
from core import encryption
from core.keys import parse_backup_key, parse_signer
from core.zalo import parse_account
from portal.environment import parse_email_url
from portal.province_folder import list_problems
from reports.attachments.antivirus import parse_clamd_url

MIN_SECRET_LENGTH = 50
MIN_TOKEN_LENGTH = 32
_PATH = re.compile(r"[a-z0-9][a-z0-9-]*")
# How other addresses begin; a test looks that none is missing.
TAKEN = frozenset(
    {
        ".well-known", "ai-cung-dung-duoc", "api", "bao-cao", "can-bo", "canh-bao", "co-quan", "cong-that", "csp",
        "da-trien-khai", "dang-bi-goi", "dang-ky", "danh-cho-co-quan", "de-nghi-chan", "en", "favicon.ico",
        "kiem-tra", "livez", "manifest.webmanifest", "metrics", "nhung", "nhung.js", "oembed",
        "offline", "readyz", "rieng-tu", "robots.txt", "sitemap.xml", "static", "sw.js", "that-hay-gia",
        "taxii2", "theo-doi", "thong-ke", "tim", "tra-loi-cong-an",
    }
)  # fmt: skip
_KEYS_HINT = "Or is DATABASE_URL the address of another portal's database?"
_SIGNING_HINT = (
    "Set SIGNING_KEY or SIGNING_KEY_FILE from: openssl rand -base64 32; keep a copy elsewhere."
)
_CAP_HINT = (
    "Set SIGNING_KEY and CAP_KEY (or their _FILE) together; docs/operations/reference.md says how the key and"
    " its certificate are made."
)


_BUCKET_HINT = (
    "Give EVIDENCE_URL as s3://ID:SECRET@host/bucket: the key may put, get, list and erase in that"
    " bucket, versions too, and nobody else has access to it."
)


class Rule(NamedTuple):
    """A setting that a start refuses (E…) or warns of (W…): when, why, and what to do."""

    id: str
    is_broken: Callable[[], bool]
    message: str
    hint: str


def _is_valid(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except (ValueError, ImproperlyConfigured, ValidationError):
        return False
    return True


def _are_valid(parse: Callable[[str], object], texts: tuple[str, ...]) -> bool:
    return all(_is_valid(parse, text) for text in texts)


def _has_long_secret() -> bool:
    try:
        return len(settings.SECRET_KEY) >= MIN_SECRET_LENGTH
    except ImproperlyConfigured:
        return False


def _names_database_server() -> bool:
    database = settings.DATABASES["default"]
    return bool(database.get("HOST") or database.get("OPTIONS", {}).get("host"))


def _is_oidc_incomplete() -> bool:
    values = (settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)
    return any(values) and not all(values)


RULES = (
    Rule(
        "E001",
        lambda: not _has_long_secret(),
        f"SECRET_KEY is missing or shorter than {MIN_SECRET_LENGTH} characters.",
        "Set SECRET_KEY or SECRET_KEY_FILE, for example from: openssl rand -base64 48",
    ),
    Rule(
        "E002",
        lambda: (
            not settings.FIELD_ENCRYPTION_KEYS
            or not _are_valid(Fernet, settings.FIELD_ENCRYPTION_KEYS)
        ),
        "FIELD_ENCRYPTION_KEYS is missing or holds something that is not a Fernet key.",
        "Set FIELD_ENCRYPTION_KEYS or FIELD_ENCRYPTION_KEYS_FILE: one or more keys, newest first,"
        " with commas; each 32 random bytes in url-safe base64: openssl rand -base64 32 | tr +/ -_",
    ),
    Rule(
        "E003",
        lambda: settings.DEBUG,
        "DEBUG is on: error pages would show what people wrote.",
        "Unset DEBUG.",
    ),
    Rule(
        "E004",
        lambda: not settings.HTTPS,
        "PORTAL_URL is not an https address.",
        "Set PORTAL_URL to the public address, such as https://portal.example",
    ),
    Rule(
        "E005",
        lambda: not settings.ALLOWED_HOSTS or any("*" in each for each in settings.ALLOWED_HOSTS),
        "ALLOWED_HOSTS is empty or holds a wildcard.",
        "Set ALLOWED_HOSTS to the public host names, with commas between them.",
    ),
    Rule(
        "E006",
        lambda: not _names_database_server(),
        "DATABASE_URL is missing or names no server.",
        "Set DATABASE_URL or DATABASE_URL_FILE: postgres://user:password@host/name",
    ),
    Rule(
        "E007",
        lambda: not settings.REDIS_URL,
        "REDIS_URL is missing: accepted reports would wait for ever.",
        "Set REDIS_URL or REDIS_URL_FILE: redis://:password@host:6379/0",
    ),
    Rule(
        "E008",
        lambda: not parse_backup_key(settings.BACKUP_KEY),
        "BACKUP_KEY is missing or is not an age key: no archive could be written.",
        "Set BACKUP_KEY or BACKUP_KEY_FILE to what `manage.py backup --new-key` or age-keygen prints"
        " (AGE-SECRET-KEY-1…); none of FIELD_ENCRYPTION_KEYS will do.",
    ),
    Rule(
        "E009",
        lambda: not _is_valid(parse_email_url, settings.EMAIL_URL),
        "EMAIL_URL cannot be read: no alarm would be mailed.",
        "Set EMAIL_URL or EMAIL_URL_FILE, for example smtp+tls://user:password@host:587 (STARTTLS) or"
        " smtp+ssl://…:465; a character like @ or / in the password as %40 or %2F.",
    ),
    Rule(
        "W001",
        lambda: bool(settings.ALARM_EMAILS) and not settings.EMAIL_URL,
        "ALARM_EMAILS is set and EMAIL_URL is not: no alarm is mailed.",
        "Set EMAIL_URL too, or unset ALARM_EMAILS.",
    ),
    Rule(
        "E010",
        lambda: not _are_valid(validate_email, settings.ALARM_EMAILS),
        "ALARM_EMAILS holds something that is not a mail address.",
        "Set ALARM_EMAILS to addresses with commas between them.",
    ),
    Rule(
        "E011",
        lambda: 0 < len(settings.METRICS_TOKEN) < MIN_TOKEN_LENGTH,
        f"METRICS_TOKEN is shorter than {MIN_TOKEN_LENGTH} characters.",
        "Set METRICS_TOKEN or METRICS_TOKEN_FILE from: openssl rand -hex 32; or unset it, and there"
        " is no /metrics.",
    ),
    Rule(
        "E029",
        lambda: not re.match(r"https?://|$", settings.TRACES_URL),
        "TRACES_URL is not an http address.",
        "Set TRACES_URL to a collector's, such as http://collector:4318/v1/traces, or unset it.",
    ),
    Rule(
        "W002",
        lambda: not settings.CLAMD_URL,
        "CLAMD_URL is not set: nobody looks for harmful programs in what residents send.",
        "Install clamd and set CLAMD_URL: tcp://host:3310 or unix:///path/of/its.socket",
    ),
    Rule(
        "E012",
        lambda: bool(settings.CLAMD_URL) and not _is_valid(parse_clamd_url, settings.CLAMD_URL),
        "CLAMD_URL cannot be read: no file would be scanned.",
        "Set CLAMD_URL to tcp://host:3310 or unix:///path/of/its.socket, or unset it.",
    ),
    Rule(
        "W003",
        lambda: settings.TRUSTED_PROXIES < 1,
        "TRUSTED_PROXIES is 0: behind a front server all visitors share its address, so that"
        " whoever guesses or asks much has everybody asked to wait.",
        "Set TRUSTED_PROXIES to how many servers of ours stand in front; 1 for nginx.",
    ),
    Rule(
        "E013",
        lambda: settings.RATE_LIMITS != "enforce",
        "RATE_LIMITS is not enforce: who guesses receipt codes would not be slowed.",
        "Unset RATE_LIMITS; count is for load tests alone.",
    ),
    Rule(
        "W004",
        lambda: not settings.SIGNING_KEY,
        "SIGNING_KEY is not set: no bundle of confirmed numbers is given to other programs.",
        _SIGNING_HINT,
    ),
    Rule(
        "E014",
        lambda: bool(settings.SIGNING_KEY) and not _is_valid(parse_signer, settings.SIGNING_KEY),
        "SIGNING_KEY is not 32 bytes in base64.",
        _SIGNING_HINT,
    ),
    Rule(
        "W005",
        lambda: not settings.SIGNING_KEY and not settings.CAP_KEY,
        "CAP_KEY is not set: warnings carry no signature.",
        _CAP_HINT,
    ),
    Rule(
        "E015",
        lambda: bool(settings.SIGNING_KEY) != bool(settings.CAP_KEY),
        "SIGNING_KEY and CAP_KEY: both or neither.",
        _CAP_HINT,
    ),
    Rule(
        "W006",
        lambda: bool(settings.PARTNER_TEST_HOSTS),
        "PARTNER_TEST_HOSTS is set: warnings go to these hosts over plain http, inside our network too.",
        "Unset PARTNER_TEST_HOSTS when the trial is over.",
    ),
    Rule(
        "E017",
        lambda: not all(name == PARTNERS or is_origin(name) for name in settings.FRAME_ANCESTORS),
        "FRAME_ANCESTORS holds something that is not an origin: that site could frame nothing.",
        "Give origins with commas, in small letters, without a path, or the word partners:"
        " partners,https://xa.example.vn:8443",
    ),
    Rule(
        "E018",
        lambda: settings.PARTNER_MAX_FAILURES < 1,
        "PARTNER_MAX_FAILURES is below 1: no agency would ever be told anything.",
        "Set PARTNER_MAX_FAILURES to how many warnings in a row may fail; 3 is usual.",
    ),
    Rule(
        "E019",
        _is_oidc_incomplete,
        "Of OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET some are set and some are not.",
        "Set all three as the provider gave them (OIDC_CLIENT_SECRET_FILE will do), or none:"
        " then nobody logs in with the ministry's account.",
    ),
    Rule(
        "E020",
        lambda: bool(settings.OIDC_ISSUER) and not settings.OIDC_ISSUER.startswith("https://"),
        "OIDC_ISSUER is not an https address: who says who an officer is could be anybody.",
        "Set OIDC_ISSUER to the issuer as the provider writes it: https://…",
    ),
    Rule(
        "E021",
        lambda: not _PATH.fullmatch(settings.ADMIN_PATH) or settings.ADMIN_PATH in TAKEN,
        "ADMIN_PATH is not a path of its own: the desk could not be reached, or hid a page.",
        "Set ADMIN_PATH to small letters, digits and hyphens that begin no other address:"
        " truc-ban-7k4m; or unset it for admin.",
    ),
    Rule(
        "E022",
        lambda: not _are_valid(partial(ip_network, strict=False), settings.ADMIN_NETWORKS),
        "ADMIN_NETWORKS holds something that is not a network: each page of the desk would fail.",
        "Give networks with commas, such as 10.20.0.0/16,2001:db8:7::/48.",
    ),
    Rule(
        "E023",
        lambda: bool(settings.ADMIN_NETWORKS) and settings.TRUSTED_PROXIES < 1,
        "ADMIN_NETWORKS is set and TRUSTED_PROXIES is 0: all visitors have the front server's"
        " address, so the desk is open to everybody or to nobody.",
        "Set TRUSTED_PROXIES to how many servers of ours stand in front; 1 for nginx.",
    ),
    Rule(
        "E030",
        lambda: not _is_valid(parse_account, settings.ZALO_URL),
        "ZALO_URL cannot be read, or is no https address: the webhook would answer 404.",
        "Set ZALO_URL to https://APP_ID:APP_SECRET@openapi.zalo.me/?webhook_secret=…&refresh_token=…,"
        " what is no letter or digit as %…, or unset it.",
    ),
    Rule(
        "E028",
        lambda: (
            settings.EVIDENCE_STORE not in {"folder", "bucket" if settings.EVIDENCE_URL else ""}
        ),
        "EVIDENCE_STORE is neither folder nor bucket, or bucket without EVIDENCE_URL.",
        "Unset EVIDENCE_STORE, or set it to folder or bucket; the bucket stands in EVIDENCE_URL.",
    ),
)


def check_evidence_store() -> Iterator[CheckMessage]:
    """Try the bucket of evidence with a file that is put there and erased again. Only an open one stops
    a start: reports are taken without any.
    """
    if not settings.EVIDENCE_URL:
        return
    from core.bucket_storage import PUBLIC, BucketStorage  # noqa: PLC0415  # no other start pays for it

    try:
        problem = BucketStorage(settings.EVIDENCE_URL).find_problem()
    except (ValueError, ImproperlyConfigured) as error:
        yield Error(f"EVIDENCE_URL cannot be read: {error}.", hint=_BUCKET_HINT, id="portal.E026")
        return
    if problem:
        kind, number = (Error, "E027") if problem == PUBLIC else (Warning, "W007")
        about = f"The bucket of EVIDENCE_URL is not for evidence ({problem}); reports are taken."
        yield kind(about, hint=_BUCKET_HINT, id=f"portal.{number}")


def check_province() -> Iterator[CheckMessage]:
    """Check the province's folder at every start: every page needs its names."""
    for problem in list_problems(settings.PROVINCE_DIR):
        yield Error(
            f"The province's folder {settings.PROVINCE_DIR}: {problem}",
            hint="docs/province.md says what a province's folder holds; PROVINCE_DIR names it.",
            id="portal.E024",
        )


def check_deployment() -> Iterator[CheckMessage]:
    """Check the settings and the keys of a production start."""
    for rule in RULES:
        if rule.is_broken():
            kind = Error if rule.id.startswith("E") else Warning
            yield kind(rule.message, hint=rule.hint, id=f"portal.{rule.id}")
    if problem := encryption.find_key_problem():
        yield Error(problem, hint=_KEYS_HINT, id="portal.E025")
    yield from check_evidence_store()
    if settings.CAP_KEY:
        try:
            cap_signer(settings.CAP_KEY)
        except ImproperlyConfigured as error:
            yield Error(str(error), hint=_CAP_HINT, id="portal.E016")
