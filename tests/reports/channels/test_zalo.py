"""Who writes to the Official Account has reported, once, and is answered with code and link alone."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from core import encryption, zalo
from core.models import OutboxItem, ZaloToken
from reports.channels import dispatch
from reports.models import NoticeAddress, Report
from reports.notices import addresses
from reports.submission import intake, receipt_codes
from tests.support.fake_zalo import WEBHOOK, Zalo, fake_zalo, tell, text_event

pytestmark = pytest.mark.django_db
STORY = "Họ xưng công an, đòi chuyển tiền."


@pytest.fixture
def account(settings: Settings) -> Iterator[Zalo]:
    with fake_zalo() as server:
        settings.ZALO_URL = server.url
        yield server


def work(**later: float) -> None:
    """Do what beat, relay and worker do, so much later."""
    past = {name: F(name) - timedelta(**later) for name in ("owed_at", "next_attempt_at")}
    NoticeAddress.objects.update(**past)
    dispatch.dispatch_due()
    items = OutboxItem.objects.filter(task=dispatch.SEND_TASK, done_at=None, failed_at=None)
    dispatch.process_items(list(items.values_list("pk", flat=True)))


def test_a_message_is_a_report_and_its_writer_gets_code_and_link_alone(
    account: Zalo, client: Client, settings: Settings
) -> None:
    assert tell(client, text_event(STORY)).status_code == 200
    report = Report.objects.get()
    assert (report.source, report.story) == ("zalo", STORY)
    assert OutboxItem.objects.filter(task=intake.TRIAGE_TASK, key=str(report.pk)).exists()
    assert account.sent == []
    work()
    [(user, text)] = account.sent
    code = text.partition("(giữ kín): ")[2][:19]
    assert receipt_codes.report_for_code(code.replace(" ", "")) == report
    page = f"{settings.PORTAL_URL}/theo-doi/"
    assert text == f"Đã nhận. Mã tin báo (giữ kín): {code}\nXem tin, kể thêm: {page}"
    assert user == "u-77"
    assert not NoticeAddress.objects.exists()


def test_what_is_told_twice_is_one_report_with_one_answer(account: Zalo, client: Client) -> None:
    for _ in range(2):
        assert tell(client, text_event(STORY)).status_code == 200
        work()
    assert Report.objects.count() == len(account.sent) == 1
    tell(client, text_event(STORY, "m-2"))
    work()
    assert Report.objects.count() == len(account.sent) == 2


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({}, 200),  # by which Zalo tries the address
        ({"event_name": "follow", "follower": {"id": "u"}}, 200),
        (text_event(" "), 200),
        (text_event(STORY) | {"sender": "u"}, 200),
        (text_event(STORY) | {"message": {"text": [], "msg_id": "m"}}, 200),
        (b"[]", 400),
        (b"{", 400),
        (b"[" * 60_000, 400),
        (b"x" * 70_000, 413),
    ],
    ids=lambda each: str(each)[:24],
)
def test_what_is_no_text_of_a_user_is_no_report(
    account: Zalo, client: Client, event: object, status: int
) -> None:
    assert tell(client, event).status_code == status
    assert not Report.objects.exists()


def test_what_zalo_did_not_sign_is_refused(account: Zalo, client: Client) -> None:
    forged = (
        tell(client, text_event(STORY), secret="x"),
        tell(client, text_event(STORY), **{"X-ZEvent-Signature": ""}),
        tell(client, text_event(STORY), **{"X-ZEvent-Signature": "mac=ổ"}),
        tell(client, text_event(STORY), **{"X-ZEvent-Timestamp": "1764637200001"}),
    )
    assert [answer.status_code for answer in forged] == [403] * 4
    odd = (b'{"timestamp": "\\ud800"}', b'{"timestamp": [1]}')
    answers = [client.post(WEBHOOK, body, content_type="application/json") for body in odd]
    assert [answer.status_code for answer in answers] == [403] * 2
    assert client.get(WEBHOOK).status_code == 405
    assert not Report.objects.exists()


@pytest.mark.parametrize("url", ["", "https://zalo.example"])
def test_without_an_account_nothing_listens(client: Client, settings: Settings, url: str) -> None:
    settings.ZALO_URL = url
    assert tell(client, text_event(STORY)).status_code == 404


def test_while_nothing_can_be_written_zalo_is_asked_to_come_again(
    account: Zalo, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(dispatch, "owe_answer", Mock(side_effect=OperationalError))
        assert tell(client, text_event(STORY)).status_code == 503
    assert not Report.objects.exists()
    assert tell(client, text_event(STORY)).status_code == 200


def test_an_outage_of_zalo_makes_the_answer_late_and_loses_it_not(
    account: Zalo, client: Client
) -> None:
    account.is_out = True
    tell(client, text_event(STORY))
    work()
    work(minutes=1)
    assert Report.objects.exists()
    account.is_out = False
    work(minutes=60)
    assert len(account.sent) == 1


def test_an_answer_that_nobody_takes_is_given_up_and_its_address_forgotten(
    account: Zalo, client: Client
) -> None:
    account.is_out = True
    tell(client, text_event(STORY))
    for _ in range(dispatch.MAX_TRIES + 1):
        work(hours=20)
    assert not NoticeAddress.objects.exists()


def test_a_mailbox_given_before_zalo_has_answered_us_is_kept(
    account: Zalo, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(client, text_event(STORY))

    def read_and_register(row: NoticeAddress, _address: str) -> None:
        addresses.register(row.report_id, "me@example.vn")

    monkeypatch.setattr(dispatch.CHANNELS["zalo"], "send", read_and_register)
    work()
    row = NoticeAddress.objects.get()
    assert (row.channel, addresses.load_usable_address(row)) == ("mail", "me@example.vn")


def test_a_user_is_one_network_for_a_number(account: Zalo, client: Client) -> None:
    for number, user in enumerate(("u-1", "u-1", "u-2")):
        tell(client, text_event(STORY, f"m-{number}", user))
    origins = [each.flood_sample.origin_digests for each in Report.objects.order_by("received_at")]
    assert origins[0] == origins[1] != origins[2]


# --- tokens


def test_a_token_is_asked_for_once_and_again_before_its_end(account: Zalo) -> None:
    send()
    send()
    assert account.tokens == 1
    ZaloToken.objects.update(expires_at=F("expires_at") - timedelta(hours=25))
    send()
    assert (account.tokens, len(account.sent)) == (2, 3)


def test_a_token_that_is_refused_is_replaced_at_once(account: Zalo) -> None:
    send()
    account.access = "revoked at Zalo"
    send()
    assert (account.tokens, len(account.sent)) == (2, 2)


def test_tokens_are_sealed(account: Zalo) -> None:
    send()
    row = ZaloToken.objects.get()
    assert encryption.decrypt_field(row, "refresh") == account.refresh
    assert account.refresh.encode() not in bytes(row.refresh_sealed or b"")


def test_another_refresh_token_in_the_setting_begins_anew(
    account: Zalo, settings: Settings
) -> None:
    send()
    account.refresh, account.access = "from-the-console", ""
    with pytest.raises(zalo.ZaloError):
        send()
    settings.ZALO_URL = account.url.replace("refresh-0", "from-the-console")
    send()
    assert len(account.sent) == 2


@pytest.mark.parametrize("expires_in", ["soon", None, 10**30])
def test_a_token_whose_end_is_unknown_is_none(account: Zalo, expires_in: object) -> None:
    account.expires_in = expires_in
    with pytest.raises(zalo.ZaloError):
        send()


def send() -> None:
    account = zalo.load_account()
    assert account
    zalo.send_text(account, "u-77", "Đã nhận.")
