"""Reports by Zalo while Zalo sends twice, hangs, fails or takes a token back, and while the database is cut off."""

from contextlib import closing
from functools import partial
from threading import Thread

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from core import zalo
from core.database import fetch_all, open_session
from core.models import OutboxItem
from reports.channels import dispatch
from reports.models import ExtractedFacts, Followup, NoticeAddress, Report, ZaloThread
from tests.faults.support.queue_processes import accept, queue_processes
from tests.support.concurrency import in_parallel
from tests.support.fake_zalo import Zalo, tell, tell_until_taken, text_event
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("zalo_account")]
CUT_WHO_WAITS = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'reports_zalothread'::regclass
"""
STORY = "Họ xưng công an, đòi chuyển tiền."


def test_one_text_ten_times_at_once_is_one_report_that_is_owed_one_answer() -> None:
    in_parallel([partial(tell_until_taken, text_event(STORY))] * 10)
    assert Report.objects.count() == NoticeAddress.objects.count() == 1
    assert OutboxItem.objects.filter(task=dispatch.SEND_TASK).count() == 1
    assert not Followup.objects.exists()


def test_eight_texts_of_one_user_at_once_are_one_report_with_seven_followups() -> None:
    events = [text_event(f"{STORY} Câu {each}.", f"m-{each}") for each in range(8)]
    in_parallel([partial(tell_until_taken, event) for event in events])
    assert (Report.objects.count(), Followup.objects.count()) == (1, 7)
    assert ZaloThread.objects.get().messages == 8


@pytest.mark.serial
@pytest.mark.parametrize("trouble", ["is_hanging", "is_out"])
def test_while_zalo_hangs_or_fails_others_are_read_and_one_answer_goes_when_it_is_back(
    zalo_account: Zalo, client: Client, trouble: str
) -> None:
    setattr(zalo_account, trouble, True)
    with queue_processes() as ours:
        ours.env |= {"ZALO_URL": zalo_account.url}
        ours.start_relay()
        ours.start_worker()
        tell_until_taken(text_event(STORY))
        assert wait_until(lambda: zalo_account.troubled > 0)
        other = accept()
        assert wait_until(lambda: ExtractedFacts.objects.filter(report=other).exists())
        deferred = NoticeAddress.objects.filter(sent_at=None, next_attempt_at__gt=Now())
        assert wait_until(deferred.exists)
        setattr(zalo_account, trouble, False)
        NoticeAddress.objects.update(next_attempt_at=Now())
        dispatch.dispatch_due()
        assert wait_until(lambda: not NoticeAddress.objects.exists())
        assert wait_until(ours.drained)
    assert len(zalo_account.sent) == 1


def test_a_token_taken_back_while_answers_are_under_way_is_replaced_once(
    zalo_account: Zalo,
) -> None:
    ours = zalo.load_account()
    assert ours
    zalo.send_text(ours, "u-77", "Đã nhận.")
    zalo_account.access = "revoked at Zalo"
    in_parallel([partial(zalo.send_text, ours, f"u-{each}", "Đã nhận.") for each in range(5)])
    assert (zalo_account.tokens, len(zalo_account.sent)) == (2, 6)


def test_a_text_that_the_database_is_cut_off_from_is_asked_for_again_and_not_half_filed(
    client: Client,
) -> None:
    statuses = list[int]()

    def send() -> None:
        statuses.append(tell(client, text_event(STORY)).status_code)
        connection.close()

    with closing(open_session("test")) as other, other.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE reports_zalothread IN EXCLUSIVE MODE")
        sending = Thread(target=send)
        sending.start()
        assert wait_until(lambda: fetch_all(CUT_WHO_WAITS) or not sending.is_alive())
        sending.join()
        cursor.execute("ROLLBACK")
    assert statuses == [503]
    left = [each.objects.count() for each in (Report, NoticeAddress, ZaloThread, OutboxItem)]
    assert left == [0, 0, 0, 0]
    tell_until_taken(text_event(STORY))
    assert Report.objects.count() == ZaloThread.objects.count() == 1


def test_while_the_database_is_away_zalo_is_asked_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        connection.close()
        patched.setitem(connection.settings_dict, "HOST", "/nowhere")
        answer = tell(client, text_event(STORY))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    connection.close()
    assert not Report.objects.exists()
