"""Mail and alarms as the environment sets them; settings import whatever stands there."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from portal.email_url import parse_email_url
from tests.support.processes import ROOT
from tests.support.real_services import UNSET

NAMES = ["EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_PASSWORD", "EMAIL_TIMEOUT",
         "ALARM_EMAILS", "DEFAULT_FROM_EMAIL", "QUEUE_ALARM_AFTER_SECONDS", "METRICS_TOKEN",
         "PARTNER_TEST_HOSTS", "PARTNER_MAX_FAILURES"]  # fmt: skip
TELL = f"""
import json
from portal import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES}}}))
"""


def settings_of(**env: str) -> dict[str, Any]:
    """The settings of a process with this environment."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    told = subprocess.run(
        [sys.executable, "-c", TELL], cwd=ROOT, env=inherited | env, capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def test_nothing_set_means_no_mail_and_no_metrics() -> None:
    found = settings_of(PORTAL_URL="https://portal.example")
    assert found["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    assert (found["ALARM_EMAILS"], found["METRICS_TOKEN"], found["QUEUE_ALARM_AFTER_SECONDS"]) == (
        [],
        "",
        180,
    )
    assert found["DEFAULT_FROM_EMAIL"] == "no-reply@portal.example"


def test_a_first_look_shows_its_mails_on_the_console() -> None:
    found = settings_of(PORTAL_URL="http://127.0.0.1:8000")
    assert found["EMAIL_BACKEND"].endswith("console.EmailBackend")


def test_agencies_are_tried_out_on_named_hosts_alone() -> None:
    assert settings_of()["PARTNER_TEST_HOSTS"] == []
    found = settings_of(PARTNER_TEST_HOSTS="a.example,b.example", PARTNER_MAX_FAILURES="5")
    assert (found["PARTNER_TEST_HOSTS"], found["PARTNER_MAX_FAILURES"]) == (
        ["a.example", "b.example"],
        5,
    )


def test_each_of_them_can_be_set() -> None:
    found = settings_of(
        EMAIL_URL="smtp+tls://portal:p%40ss@mail.example:587",
        ALARM_EMAILS="a@portal.example, b@portal.example",
        DEFAULT_FROM_EMAIL="truc@portal.example",
        QUEUE_ALARM_AFTER_SECONDS="300",
        METRICS_TOKEN="token",
    )
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example", 587)
    assert found["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert found["ALARM_EMAILS"] == ["a@portal.example", "b@portal.example"]
    assert found["DEFAULT_FROM_EMAIL"] == "truc@portal.example"
    assert (found["QUEUE_ALARM_AFTER_SECONDS"], found["METRICS_TOKEN"]) == (300, "token")


def test_what_compose_leaves_empty_is_as_if_not_set() -> None:
    empty = dict.fromkeys(["EMAIL_URL", "ALARM_EMAILS", "DEFAULT_FROM_EMAIL", "METRICS_TOKEN"], "")
    assert settings_of(**empty) == settings_of()


def test_no_mail_server_is_waited_for_longer_than_ten_seconds() -> None:
    assert settings_of()["EMAIL_TIMEOUT"] == 10


@pytest.mark.parametrize("url", ["nonsense", "smtp://", "smtp://host:port", "ftp://host"])
def test_an_address_that_cannot_be_read_breaks_no_start(url: str) -> None:
    assert settings_of(EMAIL_URL=url)["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    with pytest.raises(ValueError, match=r"\w"):
        parse_email_url(url)


def test_starttls_and_tls_are_told_apart() -> None:
    assert parse_email_url("smtp+tls://mail.example")["EMAIL_USE_TLS"] is True
    assert parse_email_url("smtp+ssl://mail.example")["EMAIL_USE_SSL"] is True
