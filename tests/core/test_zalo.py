"""Tokens of the Official Account: asked for once, replaced when refused, sealed; where Zalo takes none it is an alarm."""

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from core import encryption, zalo
from core.models import ZaloToken
from core.outbox import queue
from reports.channels import dispatch
from reports.models import Alarm
from reports.monitoring import alarms
from tests.support.fake_zalo import Zalo

pytestmark = pytest.mark.django_db


def test_an_answer_takes_less_than_a_lease_whatever_hangs(
    zalo_account: Zalo, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_timeout = 2.0  # of portal/settings.py
    assert 3 * sum(zalo.TIMEOUT_SECONDS) + lock_timeout < queue.LEASE.total_seconds()
    assert queue.LEASE < dispatch.ANSWER_GAP
    monkeypatch.setattr(zalo, "TIMEOUT_SECONDS", (1.0, 0.1))
    zalo_account.is_hanging = True
    with pytest.raises(zalo.ZaloError, match="zalo_unreachable"):
        send()


def standing_alarms() -> set[str]:
    alarms.check_alarms()
    return set(Alarm.objects.values_list("kind", flat=True)) & {"zalo"}


def test_that_zalo_takes_no_token_is_an_alarm_until_it_does(
    zalo_account: Zalo, settings: Settings
) -> None:
    zalo_account.is_out = True
    with pytest.raises(zalo.ZaloError):
        send()
    assert standing_alarms() == set()  # that it is out is no such thing
    zalo_account.is_out, zalo_account.refresh = False, "another"
    with pytest.raises(zalo.ZaloTokenError):
        send()
    assert standing_alarms() == {"zalo"}
    settings.ZALO_URL = zalo_account.url.replace("refresh-0", "newer")
    assert standing_alarms() == set()
    settings.ZALO_URL = zalo_account.url
    assert standing_alarms() == {"zalo"}
    zalo_account.refresh = "refresh-0"
    send()
    assert standing_alarms() == set()


def test_a_token_is_asked_for_once_and_again_before_its_end(zalo_account: Zalo) -> None:
    send()
    send()
    assert zalo_account.tokens == 1
    ZaloToken.objects.update(expires_at=F("expires_at") - timedelta(hours=25))
    send()
    assert (zalo_account.tokens, len(zalo_account.sent)) == (2, 3)


def test_tokens_are_sealed(zalo_account: Zalo) -> None:
    send()
    row = ZaloToken.objects.get()
    assert encryption.decrypt_field(row, "refresh") == zalo_account.refresh
    assert zalo_account.refresh.encode() not in bytes(row.refresh_sealed or b"")


def test_another_refresh_token_in_the_setting_begins_anew(
    zalo_account: Zalo, settings: Settings
) -> None:
    send()
    zalo_account.refresh, zalo_account.access = "from-the-console", ""
    with pytest.raises(zalo.ZaloError):
        send()
    settings.ZALO_URL = zalo_account.url.replace("refresh-0", "from-the-console")
    send()
    assert len(zalo_account.sent) == 2


@pytest.mark.parametrize("expires_in", ["soon", None, 10**30])
def test_a_token_whose_end_is_unknown_is_none(zalo_account: Zalo, expires_in: object) -> None:
    zalo_account.expires_in = expires_in
    with pytest.raises(zalo.ZaloError):
        send()


def send() -> None:
    account = zalo.load_account()
    assert account
    zalo.send_text(account, "u-77", "Đã nhận.")
