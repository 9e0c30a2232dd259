"""The residents' books notice what they are kept for."""

from email.message import Message
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from core.models import OutboxItem
from core.outbox import queue
from core.province import province
from reports.models import Receipt
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from reports.triage import report_triage
from tests.support.processes import ROOT
from tools import client_journal
from tools.client_journal import (
    BROKEN,
    FRONT,
    RECEIPT,
    REFUSED,
    WRONG,
    Answer,
    ClientJournal,
    JournalEntry,
    classify_response,
    find_longest_gap,
)

STORY = "Họ nói “anh & tôi” <đừng> kể ai."


def judged(status: int, page: str, **headers: str) -> str:
    head = Message()
    for name, value in headers.items():
        head[name.replace("_", "-")] = value
    answer: Any = SimpleNamespace(status=status, headers=head)
    return classify_response(answer, page, STORY, 0.0).kind


ERROR_PAGE = (ROOT / "docker" / "error.html").read_text().replace("{HOTLINE}", province.hotline)
THERE, COOKIE = {"Location": "/bao-cao/da-nhan/"}, {"Set_Cookie": "receipt=x; Path=/"}


@pytest.mark.parametrize(
    ("kind", "status", "page", "headers"),
    [
        (RECEIPT, 303, "", THERE | COOKIE),
        (WRONG, 303, "", THERE),
        (WRONG, 303, "", COOKIE | {"Location": "/"}),
        (FRONT, 503, ERROR_PAGE, {}),
        (WRONG, 503, ERROR_PAGE.replace("tel:113", "tel:0"), {}),
        *(
            (WRONG, status, page, {})
            for page in ("", "<h1>Server Error (500)</h1>", "Chưa gửi được")
            for status in (500, 200)
        ),
    ],
)
def test_a_receipt_is_a_way_to_it_with_its_cookie_and_an_error_page_has_the_text_or_two_numbers(
    kind: str, status: int, page: str, headers: dict[str, str]
) -> None:
    assert judged(status, page, **headers) == kind


@pytest.mark.django_db
def test_the_portals_own_pages_are_read_as_they_are_meant(client: Client) -> None:
    stale = client.post("/bao-cao/", {"story": STORY, "form_token": "stale"})
    assert judged(stale.status_code, stale.content.decode()) == REFUSED


def test_a_gap_lasts_from_the_first_failure_to_the_next_answer() -> None:
    kinds = [(RECEIPT, 0), (BROKEN, 1), (FRONT, 2), (RECEIPT, 4), (BROKEN, 5)]
    assert find_longest_gap([Answer(kind, 0, at, 0.0) for kind, at in kinds]) == 3.0


# --- beside the rows


@pytest.fixture
def journal(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> ClientJournal:
    """The books of residents of a portal that serves."""
    monkeypatch.setattr(client_journal, "fetch_form_token", lambda _: "")
    return ClientJournal([urlsplit(live_server.url).port or 0])


def with_receipt(journal: ClientJournal, *, read: bool = True) -> JournalEntry:
    """A report that is in the database and, with `read`, triaged; its code is in the book."""
    entry = journal.write()
    entry.answers.append(Answer(RECEIPT, 303, 0.0, 0.1))
    accepted = intake.submit_report(ReportSubmission(story=entry.story), entry.key)
    entry.codes.add(str(accepted.code))
    if read:
        report_triage.process_items([OutboxItem.objects.get(key=str(accepted.report.pk)).pk])
    return entry


def compared(journal: ClientJournal) -> list[str]:
    here = connection.get_connection_params()
    address = f"postgresql://{here['user']}@/{here['dbname']}?host={here['host']}"
    return journal.reconcile(address).breaches()


def test_books_that_agree_are_in_order_and_a_receipt_without_a_row_is_a_loss(
    journal: ClientJournal,
) -> None:
    with_receipt(journal)
    assert compared(journal) == []
    journal.write().answers.append(Answer(RECEIPT, 303, 0.0, 0.1))
    assert compared(journal) == ["lost: 1"]


def test_other_words_under_the_key_are_a_loss_too(journal: ClientJournal) -> None:
    entry = with_receipt(journal)
    entry.story += " Thêm."
    about = "codes that open nothing or another report: 1"
    assert compared(journal) == ["lost: 1", "altered: 1", about]


def test_two_rows_of_one_key_are_a_duplicate(journal: ClientJournal) -> None:
    entry = with_receipt(journal)
    intake.submit_report(ReportSubmission(story=entry.story, channel="number"), entry.key)
    for item in OutboxItem.objects.filter(done_at=None):
        report_triage.process_items([item.pk])
    assert compared(journal) == ["duplicated: 1"]


def test_a_report_that_was_not_read_or_owed_twice_is_told(journal: ClientJournal) -> None:
    with_receipt(journal, read=False)
    assert compared(journal) == ["not triaged exactly once: 1"]
    item = OutboxItem.objects.get()
    report_triage.process_items([item.pk])
    queue.enqueue(item.task, item.key)
    assert compared(journal) == ["not triaged exactly once: 1"]


def test_a_code_that_opens_another_report_or_nothing_is_told(journal: ClientJournal) -> None:
    one, other = with_receipt(journal), with_receipt(journal)
    one.codes, other.codes = other.codes, one.codes
    assert compared(journal) == ["codes that open nothing or another report: 2"]
    one.codes, other.codes = other.codes, one.codes
    Receipt.objects.filter(report__story=one.story).update(code_hash=bytes(32))
    assert compared(journal) == ["codes that open nothing or another report: 1"]


def test_no_receipt_two_codes_and_slow_answers_are_told(journal: ClientJournal) -> None:
    journal.write().answers.append(Answer(WRONG, 500, 0.0, 7.5))
    with_receipt(journal).codes.add("a second")
    assert compared(journal) == [
        "without a receipt: 1",
        "with two codes: 1",
        "codes that open nothing or another report: 1",
        "wrong or silent answers: 1",
        "slowest answer: 7.5 s",
    ]
