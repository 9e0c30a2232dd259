"""Settings as the environment sets them; they import whatever stands there."""

import json
from pathlib import Path
from typing import Any

import pytest

from portal.environment import parse_email_url
from tests.support.processes import run_script

PRINT_SETTINGS = """
import json
from portal import settings
values = {name: value for name, value in vars(settings).items() if name.isupper()}
print(json.dumps(values, default=lambda value: type(value).__name__))
"""


def settings_of(**env: str) -> dict[str, Any]:
    """Return the settings of a process with this environment."""
    return dict(json.loads(run_script(PRINT_SETTINGS, **env)))


CONSOLE = "django.core.mail.backends.console.EmailBackend"
DUMMY = "django.core.mail.backends.dummy.EmailBackend"
CASES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "nothing means no mail and no metrics; under https no neighbour can set the cookies": (
        {"PORTAL_URL": "https://portal.example", "RATE_LIMITS": "", "ADMIN_NETWORKS": ""},
        {"EMAIL_BACKEND": DUMMY, "ALARM_EMAILS": [], "METRICS_TOKEN": "", "EMAIL_TIMEOUT": 10,
         "QUEUE_ALARM_AFTER_SECONDS": 180, "DEFAULT_FROM_EMAIL": "no-reply@portal.example",
         "PARTNER_TEST_HOSTS": [], "RATE_LIMITS": "enforce", "ADMIN_NETWORKS": [],
         "SESSION_COOKIE_NAME": "__Host-sessionid", "SESSION_COOKIE_PATH": "/",
         "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_NAME": "__Host-csrftoken",
         "CSRF_COOKIE_PATH": "/", "CSRF_COOKIE_SECURE": True},
    ),
    "a first look prints its mails, and its cookies are the desk's": (
        {"PORTAL_URL": "http://127.0.0.1:8000"},
        {"EMAIL_BACKEND": CONSOLE, "SESSION_COOKIE_NAME": "sessionid",
         "SESSION_COOKIE_PATH": "/admin/", "SESSION_COOKIE_SECURE": False,
         "CSRF_COOKIE_NAME": "csrftoken", "CSRF_COOKIE_PATH": "/admin/", "CSRF_COOKIE_SECURE": False},
    ),
    "everything": (
        {"EMAIL_URL": "smtp+tls://portal:p%40ss@mail.example:587",
         "ALARM_EMAILS": "a@portal.example, b@portal.example",
         "DEFAULT_FROM_EMAIL": "truc@portal.example", "QUEUE_ALARM_AFTER_SECONDS": "300",
         "METRICS_TOKEN": "token", "PARTNER_TEST_HOSTS": "a.example,b.example", "TRACES_URL": "http://a/",
         "ZALO_URL": "https://1:s@openapi.zalo.me/?webhook_secret=w&refresh_token=r",
         "PARTNER_MAX_FAILURES": "5", "MAX_TAKEDOWNS_AN_HOUR": "2", "RATE_LIMITS": "count",
         "ADMIN_NETWORKS": "10.0.0.0/8, ,::1/128"},
        {"EMAIL_HOST": "mail.example", "EMAIL_PORT": 587, "EMAIL_HOST_PASSWORD": "p@ss",
         "ALARM_EMAILS": ["a@portal.example", "b@portal.example"],
         "DEFAULT_FROM_EMAIL": "truc@portal.example", "QUEUE_ALARM_AFTER_SECONDS": 300,
         "METRICS_TOKEN": "token", "PARTNER_TEST_HOSTS": ["a.example", "b.example"], "TRACES_URL": "http://a/",
         "ZALO_URL": "https://1:s@openapi.zalo.me/?webhook_secret=w&refresh_token=r",
         "PARTNER_MAX_FAILURES": 5, "MAX_TAKEDOWNS_AN_HOUR": 2, "RATE_LIMITS": "count",
         "ADMIN_NETWORKS": ["10.0.0.0/8", "::1/128"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("env", "wanted"), CASES.values(), ids=CASES)
def test_the_environment_sets(env: dict[str, str], wanted: dict[str, Any]) -> None:
    values = settings_of(**env)
    assert {name: values[name] for name in wanted} == wanted


def test_public_pages_go_to_a_folder_or_to_the_bucket_that_is_named() -> None:
    url = "s3://portal:secret@store.example/pages"
    bucket = {"BACKEND": "core.bucket_storage.BucketStorage", "OPTIONS": {"url": url}}
    assert settings_of(PUBLISHED_URL=url)["STORAGES"]["published"] == bucket
    assert "PublishedFolder" in settings_of(PUBLISHED_URL="")["STORAGES"]["published"]["BACKEND"]


def test_what_compose_leaves_empty_is_as_if_not_set() -> None:
    empty = dict.fromkeys(["EMAIL_URL", "ALARM_EMAILS", "DEFAULT_FROM_EMAIL", "METRICS_TOKEN"], "")
    assert settings_of(**empty) == settings_of()


def test_the_provider_is_named_here_and_its_secret_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the provider\n")
    values = settings_of(
        OIDC_ISSUER="https://a.example/",
        OIDC_CLIENT_ID="portal",
        OIDC_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
        OIDC_SECOND_FACTOR_AMR="otp, mfa,",
    )
    names = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "SCOPES", "CLAIM", "SECOND_FACTOR_AMR")
    assert [values[f"OIDC_{name}"] for name in names] == [
        "https://a.example/", "portal", "from the provider", "openid", "sub", ["otp", "mfa"],
    ]  # fmt: skip


@pytest.mark.parametrize("url", ["nonsense", "smtp://", "smtp://host:port", "ftp://host"])
def test_an_address_that_cannot_be_read_breaks_no_start(url: str) -> None:
    assert settings_of(EMAIL_URL=url)["EMAIL_BACKEND"] == DUMMY
    with pytest.raises(ValueError, match=r"\w"):
        parse_email_url(url)


@pytest.mark.parametrize("kind", ["tls", "ssl"])
def test_starttls_and_tls_are_told_apart(kind: str) -> None:
    assert parse_email_url(f"smtp+{kind}://mail.example")[f"EMAIL_USE_{kind.upper()}"] is True
