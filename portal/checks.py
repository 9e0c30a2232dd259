"""What a production start refuses: `check --deploy`, which every entry point runs first."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from alerts.embed.frames import PARTNERS, is_origin
from alerts.formats.cap_signer import cap_signer
from core.keys import parse_signer
from ops.backup_key import parse_backup_key
from portal.email_url import NOWHERE, parse_email_url
from portal.province_folder import list_problems
from reports.attachments.antivirus import parse_clamd_url

MIN_SECRET_LENGTH = 50
MIN_TOKEN_LENGTH = 32
_PATH = re.compile(r"[a-z0-9][a-z0-9-]*")
# How other addresses begin; a test looks that none is missing.
TAKEN = frozenset(
    {
        ".well-known", "api", "bao-cao", "can-bo", "canh-bao", "co-quan", "cong-that", "csp",
        "da-trien-khai", "dang-bi-goi", "dang-ky", "danh-cho-co-quan", "en", "favicon.ico",
        "kiem-tra", "livez", "manifest.webmanifest", "metrics", "nhung", "nhung.js", "oembed",
        "offline", "readyz", "rieng-tu", "robots.txt", "sitemap.xml", "static", "sw.js", "that-hay-gia",
        "theo-doi", "thong-ke", "tim",
    }
)  # fmt: skip


@register()
def check_province(**_: Any) -> Iterator[CheckMessage]:
    """Every start, not production alone: nothing can be said without the province's names."""
    for problem in list_problems(settings.PROVINCE_DIR):
        yield Error(
            f"The province's folder {settings.PROVINCE_DIR}: {problem}",
            hint="docs/province.md says what a province's folder holds; PROVINCE_DIR names it.",
            id="portal.E024",
        )


@register(Tags.security, deploy=True)
def check_secret_key(**_: Any) -> Iterator[CheckMessage]:
    try:
        long_enough = len(settings.SECRET_KEY) >= MIN_SECRET_LENGTH
    except ImproperlyConfigured:
        long_enough = False
    if not long_enough:
        yield Error(
            f"SECRET_KEY is missing or shorter than {MIN_SECRET_LENGTH} signs.",
            hint="Set SECRET_KEY or SECRET_KEY_FILE, for example from: openssl rand -base64 48",
            id="portal.E001",
        )


@register(Tags.security, deploy=True)
def check_field_keys(**_: Any) -> Iterator[CheckMessage]:
    if not settings.FIELD_ENCRYPTION_KEYS or not all(
        map(_is_fernet_key, settings.FIELD_ENCRYPTION_KEYS)
    ):
        yield Error(
            "FIELD_ENCRYPTION_KEYS is missing or holds something that is not a Fernet key.",
            hint="Set FIELD_ENCRYPTION_KEYS or FIELD_ENCRYPTION_KEYS_FILE: one or more keys, newest first, with commas;"
            " each 32 random bytes in url-safe base64: openssl rand -base64 32 | tr +/ -_",
            id="portal.E002",
        )


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


@register(Tags.security, deploy=True)
def check_debug(**_: Any) -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error(
            "DEBUG is on: error pages would show what people wrote.",
            hint="Unset DEBUG.",
            id="portal.E003",
        )


@register(Tags.security, deploy=True)
def check_portal_url(**_: Any) -> Iterator[CheckMessage]:
    if not settings.HTTPS:
        yield Error(
            "PORTAL_URL is not an https address.",
            hint="Set PORTAL_URL to the public address, such as https://portal.example",
            id="portal.E004",
        )


@register(Tags.security, deploy=True)
def check_allowed_hosts(**_: Any) -> Iterator[CheckMessage]:
    hosts = settings.ALLOWED_HOSTS
    if not hosts or any("*" in host for host in hosts):
        yield Error(
            "ALLOWED_HOSTS is empty or holds a wildcard.",
            hint="Set ALLOWED_HOSTS to the public host names, with commas between them.",
            id="portal.E005",
        )


@register(Tags.security, deploy=True)
def check_database(**_: Any) -> Iterator[CheckMessage]:
    database = settings.DATABASES["default"]
    if not database.get("HOST") and not database.get("OPTIONS", {}).get("host"):
        yield Error(
            "DATABASE_URL is missing or names no server.",
            hint="Set DATABASE_URL or DATABASE_URL_FILE: postgres://user:password@host/name",
            id="portal.E006",
        )


@register(Tags.security, deploy=True)
def check_broker(**_: Any) -> Iterator[CheckMessage]:
    if not settings.REDIS_URL:
        yield Error(
            "REDIS_URL is missing: accepted reports would wait for ever.",
            hint="Set REDIS_URL or REDIS_URL_FILE: redis://:password@host:6379/0",
            id="portal.E007",
        )


@register(Tags.security, deploy=True)
def check_backup_key(**_: Any) -> Iterator[CheckMessage]:
    if not parse_backup_key(settings.BACKUP_KEY):
        yield Error(
            "BACKUP_KEY is missing or is not an age key: no archive could be written.",
            hint="Set BACKUP_KEY or BACKUP_KEY_FILE to what `manage.py backup --new-key` or"
            " age-keygen prints (AGE-SECRET-KEY-1…); none of FIELD_ENCRYPTION_KEYS will do.",
            id="portal.E008",
        )


@register(Tags.security, deploy=True)
def check_signing_key(**_: Any) -> Iterator[CheckMessage]:
    how = (
        "Set SIGNING_KEY or SIGNING_KEY_FILE from: openssl rand -base64 32; keep a copy elsewhere."
    )
    if not settings.SIGNING_KEY:
        yield Warning(
            "SIGNING_KEY is not set: no pack of confirmed numbers is given to other programs.",
            hint=how,
            id="portal.W004",
        )
        return
    try:
        parse_signer(settings.SIGNING_KEY)
    except ImproperlyConfigured:
        yield Error("SIGNING_KEY is not 32 bytes in base64.", hint=how, id="portal.E014")


@register(Tags.security, deploy=True)
def check_cap_key(**_: Any) -> Iterator[CheckMessage]:
    """A warning without a signature looks like one that somebody else wrote."""
    how = (
        "Set SIGNING_KEY and CAP_KEY (or their _FILE) together; docs/operations.md says how"
        " the key and its certificate are made."
    )
    kept = [bool(settings.SIGNING_KEY), bool(settings.CAP_KEY)]
    if not any(kept):
        yield Warning(
            "CAP_KEY is not set: warnings carry no signature.", hint=how, id="portal.W005"
        )
    elif not all(kept):
        yield Error("SIGNING_KEY and CAP_KEY: both or neither.", hint=how, id="portal.E015")
    if not settings.CAP_KEY:
        return
    try:
        cap_signer(settings.CAP_KEY)
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=how, id="portal.E016")


@register(Tags.security, deploy=True)
def check_frames(**_: Any) -> Iterator[CheckMessage]:
    if not all(name == PARTNERS or is_origin(name) for name in settings.FRAME_ANCESTORS):
        yield Error(
            "FRAME_ANCESTORS holds something that is not an origin: that site could frame nothing.",
            hint="Give origins with commas, in small letters, without a path, or the word partners:"
            " partners,https://xa.example.vn:8443",
            id="portal.E017",
        )


@register(Tags.security, deploy=True)
def check_mail(**_: Any) -> Iterator[CheckMessage]:
    """An alarm that nobody hears of is the worst of silent faults."""
    try:
        parse_email_url(settings.EMAIL_URL or NOWHERE)
    except ValueError:
        yield Error(
            "EMAIL_URL cannot be read: no alarm would be mailed.",
            hint="Set EMAIL_URL or EMAIL_URL_FILE, for example smtp+tls://user:password@host:587"
            " (STARTTLS) or smtp+ssl://…:465; a sign like @ or / in the password as %40 or %2F.",
            id="portal.E009",
        )
    if settings.ALARM_EMAILS and not settings.EMAIL_URL:
        yield Warning(
            "ALARM_EMAILS is set and EMAIL_URL is not: no alarm is mailed.",
            hint="Set EMAIL_URL too, or unset ALARM_EMAILS.",
            id="portal.W001",
        )
    if not all(map(_is_mail_address, settings.ALARM_EMAILS)):
        yield Error(
            "ALARM_EMAILS holds something that is not a mail address.",
            hint="Set ALARM_EMAILS to addresses with commas between them.",
            id="portal.E010",
        )


def _is_mail_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


@register(Tags.security, deploy=True)
def check_partner_test_hosts(**_: Any) -> Iterator[CheckMessage]:
    if settings.PARTNER_TEST_HOSTS:
        yield Warning(
            "PARTNER_TEST_HOSTS is set: warnings go to these hosts unsealed, inside our network too.",
            hint="Unset PARTNER_TEST_HOSTS when the trial is over.",
            id="portal.W006",
        )


@register(Tags.security, deploy=True)
def check_partner_failures(**_: Any) -> Iterator[CheckMessage]:
    if settings.PARTNER_MAX_FAILURES < 1:
        yield Error(
            "PARTNER_MAX_FAILURES is below 1: no agency would ever be told anything.",
            hint="Set PARTNER_MAX_FAILURES to how many warnings in a row may fail; 3 is usual.",
            id="portal.E018",
        )


@register(Tags.security, deploy=True)
def check_metrics_token(**_: Any) -> Iterator[CheckMessage]:
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < MIN_TOKEN_LENGTH:
        yield Error(
            f"METRICS_TOKEN is shorter than {MIN_TOKEN_LENGTH} signs.",
            hint="Set METRICS_TOKEN or METRICS_TOKEN_FILE from: openssl rand -hex 32; or unset it,"
            " and there is no /metrics.",
            id="portal.E011",
        )


@register(Tags.security, deploy=True)
def check_clamd(**_: Any) -> Iterator[CheckMessage]:
    if not settings.CLAMD_URL:
        yield Warning(
            "CLAMD_URL is not set: nobody looks for harmful programs in what residents send.",
            hint="Install clamd and set CLAMD_URL: tcp://host:3310 or unix:///path/of/its.socket",
            id="portal.W002",
        )
        return
    try:
        parse_clamd_url(settings.CLAMD_URL)
    except ValueError:
        yield Error(
            "CLAMD_URL cannot be read: no file would be scanned.",
            hint="Set CLAMD_URL to tcp://host:3310 or unix:///path/of/its.socket, or unset it.",
            id="portal.E012",
        )


@register(Tags.security, deploy=True)
def check_trusted_proxies(**_: Any) -> Iterator[CheckMessage]:
    if settings.TRUSTED_PROXIES < 1:
        yield Warning(
            "TRUSTED_PROXIES is 0: behind a front server all visitors share its address, so that"
            " whoever guesses or asks much has everybody asked to wait.",
            hint="Set TRUSTED_PROXIES to how many servers of ours stand in front; 1 for nginx.",
            id="portal.W003",
        )


@register(Tags.security, deploy=True)
def check_rate_limits(**_: Any) -> Iterator[CheckMessage]:
    if settings.RATE_LIMITS != "enforce":
        yield Error(
            "RATE_LIMITS is not enforce: who guesses receipt codes would not be slowed.",
            hint="Unset RATE_LIMITS; count is for load tests alone.",
            id="portal.E013",
        )


@register(Tags.security, deploy=True)
def check_oidc(**_: Any) -> Iterator[CheckMessage]:
    given = (settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)
    if any(given) and not all(given):
        yield Error(
            "Of OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET some are set and some are not.",
            hint="Set all three as the provider gave them (OIDC_CLIENT_SECRET_FILE will do), or none:"
            " then nobody logs in with the ministry's account.",
            id="portal.E019",
        )
    if settings.OIDC_ISSUER and not settings.OIDC_ISSUER.startswith("https://"):
        yield Error(
            "OIDC_ISSUER is not an https address: who says who an officer is could be anybody.",
            hint="Set OIDC_ISSUER to the issuer as the provider writes it: https://…",
            id="portal.E020",
        )


@register(Tags.security, deploy=True)
def check_admin_path(**_: Any) -> Iterator[CheckMessage]:
    if not _PATH.fullmatch(settings.ADMIN_PATH) or settings.ADMIN_PATH in TAKEN:
        yield Error(
            "ADMIN_PATH is not a path of its own: the desk could not be reached, or hid a page.",
            hint="Set ADMIN_PATH to small letters, digits and hyphens that begin no other address:"
            " truc-ban-7k4m; or unset it for admin.",
            id="portal.E021",
        )


@register(Tags.security, deploy=True)
def check_admin_networks(**_: Any) -> Iterator[CheckMessage]:
    if not all(map(_is_network, settings.ADMIN_NETWORKS)):
        yield Error(
            "ADMIN_NETWORKS holds something that is not a network: each page of the desk would fail.",
            hint="Give networks with commas, such as 10.20.0.0/16,2001:db8:7::/48.",
            id="portal.E022",
        )
    if settings.ADMIN_NETWORKS and settings.TRUSTED_PROXIES < 1:
        yield Error(
            "ADMIN_NETWORKS is set and TRUSTED_PROXIES is 0: all visitors have the front server's"
            " address, so the desk is open to everybody or to nobody.",
            hint="Set TRUSTED_PROXIES to how many servers of ours stand in front; 1 for nginx.",
            id="portal.E023",
        )


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
