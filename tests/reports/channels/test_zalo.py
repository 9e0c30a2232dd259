"""Who writes to the Official Account has reported, once, and is answered with code and link alone.

What it withstands beside real processes stands in tests/faults/test_zalo.py.
"""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from core.models import OutboxItem
from reports import tasks
from reports.calendar import deadline_rules
from reports.channels import dispatch, zalo_threads
from reports.models import Deadline, Followup, Indicator, NoticeAddress, Report, ZaloThread
from reports.notices import addresses
from reports.retention import erasure
from reports.submission import intake, receipt_codes
from reports.tracking import followups
from tests.support import report_factories
from tests.support.fake_zalo import WEBHOOK, Zalo, tell, text_event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("zalo_account")]
STORY = "Họ xưng công an, đòi chuyển tiền."


def work(**later: float) -> None:
    """Do what beat, relay and worker do, so much later."""
    times = ("owed_at", "next_attempt_at", "sent_at")
    past = {name: F(name) - timedelta(**later) for name in times}
    NoticeAddress.objects.update(**past)
    dispatch.dispatch_due()
    items = OutboxItem.objects.filter(task=dispatch.SEND_TASK, done_at=None, failed_at=None)
    dispatch.process_items(list(items.values_list("pk", flat=True)))


def test_a_message_is_a_report_and_its_writer_gets_code_and_link_alone(
    zalo_account: Zalo, client: Client, settings: Settings
) -> None:
    assert tell(client, text_event(STORY)).status_code == 200
    report = Report.objects.get()
    assert (report.source, report.story) == ("zalo", STORY)
    assert OutboxItem.objects.filter(task=intake.TRIAGE_TASK, key=str(report.pk)).exists()
    assert zalo_account.sent == []
    assert addresses.load_address(report) == ""  # who wrote is no mailbox that a page shows
    work()
    [(user, text)] = zalo_account.sent
    code = text.partition("(giữ kín): ")[2][:19]
    assert receipt_codes.report_for_code(code.replace(" ", "")) == report
    page = f"{settings.PORTAL_URL}/theo-doi/"
    assert text == f"Đã nhận. Mã tin báo (giữ kín): {code}\nXem tin, kể thêm: {page}"
    assert user == "u-77"
    assert not NoticeAddress.objects.exists()


def test_what_is_told_twice_is_one_report_with_one_answer(
    zalo_account: Zalo, client: Client
) -> None:
    for _ in range(2):
        assert tell(client, text_event(STORY)).status_code == 200
        work()
    assert Report.objects.count() == len(zalo_account.sent) == 1
    tell(client, text_event(STORY, "m-2", "u-78"))
    work()
    assert Report.objects.count() == len(zalo_account.sent) == 2


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
def test_what_is_no_text_of_a_user_is_no_report(client: Client, event: object, status: int) -> None:
    assert tell(client, event).status_code == status
    assert not Report.objects.exists()


def test_what_zalo_did_not_sign_is_refused(client: Client) -> None:
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


def test_an_answer_that_nobody_takes_is_given_up_and_its_address_forgotten(
    zalo_account: Zalo, client: Client
) -> None:
    zalo_account.is_out = True
    tell(client, text_event(STORY))
    for _ in range(dispatch.MAX_TRIES + 1):
        work(hours=20)
    assert not NoticeAddress.objects.exists()


def test_an_answer_whose_address_no_key_opens_is_given_up_with_it(client: Client) -> None:
    tell(client, text_event(STORY))
    NoticeAddress.objects.update(address_sealed=b"of a lost key")
    work()
    assert not NoticeAddress.objects.exists()


def test_an_answer_whose_attempt_died_is_made_up_for_and_not_doubled_meanwhile(
    zalo_account: Zalo, client: Client
) -> None:
    tell(client, text_event(STORY))
    NoticeAddress.objects.update(sent_at=Now())  # by a worker that was killed then, or still hangs
    work()
    assert zalo_account.sent == []
    work(minutes=2)
    assert len(zalo_account.sent) == 1


def test_a_mailbox_given_before_zalo_has_answered_us_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(client, text_event(STORY))

    def read_and_register(row: NoticeAddress, _address: str) -> None:
        addresses.register(row.report_id, "me@example.vn")

    monkeypatch.setattr(dispatch.CHANNELS["zalo"], "send", read_and_register)
    work()
    row = NoticeAddress.objects.get()
    assert (row.channel, addresses.load_usable_address(row)) == ("mail", "me@example.vn")


def test_a_user_is_one_network_for_a_number(client: Client) -> None:
    for number, user in enumerate(("u-1", "u-1", "u-2")):
        let_threads_rest(hours=1)
        tell(client, text_event(STORY, f"m-{number}", user))
    origins = [each.flood_sample.origin_digests for each in Report.objects.order_by("received_at")]
    assert origins[0] == origins[1] != origins[2]


# --- threads


def let_threads_rest(**long: float) -> None:
    """Nobody writes for so long."""
    ZaloThread.objects.update(last_message_at=F("last_message_at") - timedelta(**long))


def tell_all(client: Client, *texts: str) -> None:
    for number, text in enumerate(texts):
        assert tell(client, text_event(text, f"m-{number}")).status_code == 200


def test_a_story_in_pieces_is_one_report_whose_followups_are_read(
    zalo_account: Zalo, client: Client
) -> None:
    pieces = ("Có người gọi cho tôi.", "Xưng công an.", "Số 0992 000 118", "đòi 20 triệu")
    tell_all(client, *pieces)
    work()
    report = Report.objects.get()
    told = report.followups.order_by("received_at").values_list("story", flat=True)
    assert (report.story, *told) == pieces
    report_factories.read_all(report)
    assert Indicator.objects.filter(report=report, key="+84992000118").exists()
    assert len(zalo_account.sent) == 1


def test_a_piece_that_tells_of_danger_starts_the_call(client: Client) -> None:
    tell_all(client, "Có người gọi cho tôi.")
    calls = Deadline.objects.filter(kind=deadline_rules.CALL, met_at=None)
    assert not calls.exists()
    tell(client, text_event("Tôi vừa chuyển 90 triệu cho họ, họ vẫn đang giữ máy.", "m-9"))
    assert calls.get().report_id == Report.objects.get().pk


def test_after_a_pause_a_text_is_another_report(client: Client) -> None:
    tell_all(client, STORY)
    let_threads_rest(minutes=29)
    tell(client, text_event("Nó gọi lại.", "m-1"))
    assert Report.objects.count() == 1
    let_threads_rest(minutes=31)
    tell(client, text_event("Hôm nay có người khác gọi.", "m-2"))
    assert Report.objects.count() == 2


def test_a_piece_told_again_is_filed_once_also_when_another_report_has_begun(
    client: Client,
) -> None:
    tell_all(client, STORY, "Nó gọi lại.")
    let_threads_rest(hours=1)
    tell(client, text_event("Người khác gọi.", "m-2"))
    tell_all(client, STORY, "Nó gọi lại.", "Người khác gọi.")
    assert (Report.objects.count(), Followup.objects.count()) == (2, 1)


def test_a_report_that_takes_no_more_is_followed_by_another(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followups, "MAX_FOLLOWUPS", 1)
    tell_all(client, STORY, "Hai.", "Ba.")
    assert (Report.objects.count(), Followup.objects.count()) == (2, 1)


def test_nothing_is_added_to_an_erased_report_and_nothing_leads_to_its_user(client: Client) -> None:
    tell_all(client, STORY)
    erasure.erase(Report.objects.get().pk, cause="asked")
    assert not ZaloThread.objects.exists()
    tell_all(client, STORY, "Nó gọi lại.")
    assert (Report.objects.count(), Followup.objects.count()) == (2, 0)


def test_a_flood_of_one_user_is_bounded_told_once_and_over_a_day_later(
    zalo_account: Zalo, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zalo_threads, "MAX_MESSAGES_A_DAY", 4)
    for number in range(7):
        tell(client, text_event(f"Tin {number}.", f"m-{number}"))
        tell(client, text_event(f"Tin {number}.", f"n-{number}", f"u-{number}"))
        work()
    assert Followup.objects.count() == 3
    mine = [text for user, text in zalo_account.sent if user == "u-77"]
    assert ["không nhận thêm được nữa" in text for text in mine] == [False, True]
    assert Report.objects.count() == 8
    let_threads_rest(hours=25)
    tell(client, text_event("Hôm nay.", "m-9"))
    assert Report.objects.count() == 9


def test_of_a_user_nothing_is_kept_for_longer_than_a_day(client: Client) -> None:
    tell_all(client, STORY)
    tasks.dispatch_notices()
    assert ZaloThread.objects.exists()
    let_threads_rest(hours=25)
    tasks.dispatch_notices()
    assert not ZaloThread.objects.exists()
