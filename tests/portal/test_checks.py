"""A production start is refused, with a hint, for each thing that would hurt people."""

import base64
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from django.core.checks import ERROR, WARNING, CheckMessage, Tags, run_checks
from pytest_django import Settings

from alerts.formats.cap_signer import generate_key
from core.keys import generate_backup_key
from portal import checks
from tests.support.data_files import read_cases
from tests.support.object_store import OPEN, ObjectStore
from tests.support.public_urls import public_paths

pytestmark = pytest.mark.django_db
GOOD = {
    "SECRET_KEY": "k3Zr-" * 12,
    "FIELD_ENCRYPTION_KEYS": (Fernet.generate_key().decode(),),
    "BACKUP_KEY": generate_backup_key(),
    "CAP_KEY": generate_key("portal.example"),
    "SIGNING_KEY": base64.b64encode(bytes(32)).decode(),
    "DEBUG": False,
    "HTTPS": True,
    "ALLOWED_HOSTS": ["portal.example"],
    "REDIS_URL": "redis://valkey/0",
    "EMAIL_URL": "smtp+tls://portal:p%40ss@mail.example:587",
    "ALARM_EMAILS": ("ky-thuat@portal.example",),
    "METRICS_TOKEN": "m" * 32,
    "TRACES_URL": "",
    "CLAMD_URL": "tcp://clamd:3310",
    "EVIDENCE_URL": "",
    "ZALO_URL": "https://1:s@openapi.zalo.me/?webhook_secret=w&refresh_token=r",
    "EVIDENCE_STORE": "folder",
    "RATE_LIMITS": "enforce",
    "FRAME_ANCESTORS": ("https://xa.example.vn", "https://so.example.vn:8443"),
    "TRUSTED_PROXIES": 1,
    "PARTNER_MAX_FAILURES": 3,
    "PARTNER_TEST_HOSTS": (),
    "ADMIN_PATH": "truc-ban-7k4m",
    "ADMIN_NETWORKS": ("10.20.0.0/16", "2001:db8:7::/48"),
    "OIDC_ISSUER": "https://tai-khoan.example",
    "OIDC_CLIENT_ID": "portal",
    "OIDC_CLIENT_SECRET": "from the provider",
    "DATABASES": {"default": {"HOST": "db"}},
}
BAD = [
    *read_cases("unsafe_settings.json", "errors"),
    ("portal.E002", "FIELD_ENCRYPTION_KEYS", (*GOOD["FIELD_ENCRYPTION_KEYS"], "")),  # type: ignore[misc]
    # With a name of its own: a random key in it would differ between two processes of xdist.
    pytest.param("portal.E008", "BACKUP_KEY", GOOD["FIELD_ENCRYPTION_KEYS"][0], id="a field key"),  # type: ignore[index]
]


def check_settings(monkeypatch: pytest.MonkeyPatch, **changes: object) -> dict[str, CheckMessage]:
    monkeypatch.setattr(checks, "settings", SimpleNamespace(**{**GOOD, **changes}))
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return {str(message.id): message for message in messages if "portal." in str(message.id)}


def test_a_sound_production_environment_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_settings(monkeypatch) == {}


@pytest.mark.parametrize(("identifier", "name", "value"), BAD)
def test_each_danger_is_refused_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, identifier: str, name: str, value: object
) -> None:
    messages = check_settings(monkeypatch, **{name: value})
    assert list(messages) == [identifier]
    assert messages[identifier].level == ERROR
    assert messages[identifier].hint


@pytest.mark.parametrize(
    ("changes", "identifiers"),
    [
        ({"PARTNER_TEST_HOSTS": ("may-thu.example",)}, ["portal.W006"]),
        ({"EMAIL_URL": ""}, ["portal.W001"]),
        ({"CLAMD_URL": ""}, ["portal.W002"]),
        ({"TRUSTED_PROXIES": 0, "ADMIN_NETWORKS": ()}, ["portal.W003"]),
        ({"SIGNING_KEY": "", "CAP_KEY": ""}, ["portal.W004", "portal.W005"]),
    ],
    ids=["hosts of a trial", "alarms to nobody", "no scan", "one address for all", "no bundle"],
)
def test_what_a_portal_may_start_without_is_warned_of_with_a_hint(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], identifiers: list[str]
) -> None:
    messages = check_settings(monkeypatch, **changes)
    assert sorted(messages) == identifiers
    for message in messages.values():
        assert message.level == WARNING
        assert message.hint


def test_a_bucket_is_tried_and_only_one_that_everybody_reads_stops_a_start(
    monkeypatch: pytest.MonkeyPatch, object_store: ObjectStore
) -> None:
    urls = {
        object_store.url(object_store.make_bucket()): [],
        object_store.url(object_store.make_bucket(OPEN)): ["portal.E027"],
        object_store.url("not-there"): ["portal.W007"],
        object_store.url(OPEN, "wrong"): ["portal.W007"],
    }
    for url, identifiers in urls.items():
        messages = check_settings(monkeypatch, EVIDENCE_URL=url, EVIDENCE_STORE="bucket")
        assert list(messages) == identifiers
    with object_store.away("killed"):
        assert list(check_settings(monkeypatch, EVIDENCE_URL=url)) == ["portal.W007"]


def test_a_first_look_is_not_asked_for_production_things(settings: Settings) -> None:
    settings.DEBUG = True
    assert not [one for one in run_checks() if "portal." in str(one.id)]


def test_a_portal_without_mail_and_metrics_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_settings(monkeypatch, EMAIL_URL="", ALARM_EMAILS=(), METRICS_TOKEN="") == {}


def test_networks_of_the_desk_need_to_know_who_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = check_settings(monkeypatch, TRUSTED_PROXIES=0)
    assert sorted(messages) == ["portal.E023", "portal.W003"]
    assert messages["portal.E023"].hint


def test_no_own_address_is_left_for_the_desk() -> None:
    begins = {path.split("/")[1] for path in public_paths()} - {""}
    assert begins <= checks.TAKEN
