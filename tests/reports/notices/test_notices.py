"""A reporter who gave an address is told that there is something new, and nothing else, and not too often."""

import re
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from alerts.delivery import deliveries
from core.models import OutboxItem
from ops import key_rotation
from reports.channels import dispatch, mails
from reports.models import NoticeAddress, Report
from reports.notices import addresses
from reports.retention import erasure, purge
from reports.tracking import status_timeline
from tests.support import alert_factories, report_factories
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.concurrency import in_parallel
from tests.support.database_contents import words_in_tables
from tests.support.deliveries import NOWHERE
from tests.support.desk_pages import page_of
from tests.support.officers import Person
from tests.support.report_factories import decide
from tests.support.resident_pages import RECEIPT, Resident, create_resident, send, words

pytestmark = pytest.mark.django_db
ME, SOMEBODY = "dan@mau.example", "nguoi.khac@mau.example"
TIMES = ("owed_at", "next_attempt_at", "sent_at", "seen_at", "added_at")
KEEP, STOP = "/theo-doi/email/", "/theo-doi/thoi-email/"


@pytest.fixture
def reporter(client: Client) -> Resident:
    """A reporter who gave an address with the report."""
    return create_resident(client, story="Họ gọi.", email=ME)


def list_items(task: str) -> list[int]:
    items = OutboxItem.objects.filter(task=task, done_at=None, failed_at=None)
    return list(items.values_list("pk", flat=True))


def work(**later: float) -> list[EmailMessage]:
    """Do what beat, relay and worker do, so much later; return the mails that were sent by it."""
    before = len(mail.outbox)
    # PostgreSQL's clock goes on: what is compared with it goes back instead.
    NoticeAddress.objects.update(**{name: F(name) - timedelta(**later) for name in TIMES})
    deliveries.owe_notices(list_items(deliveries.OWE_NOTICES_TASK))
    dispatch.dispatch_due()
    dispatch.process_items(list_items(dispatch.SEND_TASK))
    return list(mail.outbox[before:])


def test_nothing_is_sent_before_something_happens(reporter: Resident, duty: Person) -> None:
    assert work() == []
    decide("take", reporter.report, duty)
    assert work() == []
    decide("ask", reporter.report, duty)
    assert [each.to for each in work()] == [[ME]]


@pytest.mark.parametrize(
    ("verb", "is_told"),
    [
        ("ask", True), ("message", True), ("close", True), ("act", True), ("hand_over", True),
        ("withdraw", True), ("junk", False), ("note", False), ("take", False), ("contact", False),
    ],
)  # fmt: skip
def test_what_is_told_is_what_the_reporter_would_read(
    reporter: Resident, lead: Person, verb: str, is_told: bool
) -> None:
    decide(verb, reporter.report, lead)
    assert bool(work()) is is_told


def test_a_report_that_comes_back_is_told(reporter: Resident, lead: Person) -> None:
    decide("close", reporter.report, lead)
    work()
    reporter.read_status()
    decide("reopen", reporter.report, lead)
    assert len(work(hours=5)) == 1


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_mail_says_nothing_of_the_report_and_has_no_link(
    client: Client, duty: Person, language: str
) -> None:
    reporter = create_resident(client, story="Họ gọi.", email=ME, language=language)
    decide("ask", reporter.report, duty, reason="Số tài khoản nhận là gì?")
    (letter,) = work()
    text = f"{letter.subject}\n{letter.body}"
    assert ("Có lời mới" in text) is (language == "vi")
    assert "127.0.0.1:8000" in text
    assert "http" not in text.lower()
    secrets = (reporter.code, reporter.report.public_number, "tài khoản nhận", "Họ gọi", ME)
    assert [each for each in secrets if each in text] == []
    assert not re.search(r"lừa|công an hỏi|scam|report", letter.subject, re.IGNORECASE)


def test_many_things_are_one_mail_until_it_is_followed(reporter: Resident, duty: Person) -> None:
    decide("ask", reporter.report, duty)
    decide("message", reporter.report, duty)
    assert len(work()) == 1
    decide("message", reporter.report, duty)
    assert work(hours=5) == []
    assert len(work(days=7)) == 1


def test_who_has_looked_hears_of_the_next_thing_after_some_hours(
    reporter: Resident, duty: Person
) -> None:
    decide("ask", reporter.report, duty)
    work()
    reporter.read_status()
    decide("message", reporter.report, duty)
    assert work(hours=1) == []
    assert len(work(hours=4)) == 1


def test_who_has_looked_already_is_not_told(reporter: Resident, duty: Person) -> None:
    decide("ask", reporter.report, duty)
    reporter.read_status()
    assert work() == []


def test_a_mailbox_is_no_target_whoever_gives_it_for_how_many_reports(
    client: Client, lead: Person
) -> None:
    spellings = (ME, ME.upper(), "dan+1@mau.example", f" {ME}", ME, ME, ME)
    reports = [
        report_factories.report(f"Chuyện {each}", email=to) for each, to in enumerate(spellings)
    ]
    assert NoticeAddress.objects.count() == addresses.MAX_REPORTS_A_DAY
    for each in reports:
        decide("close", each, lead)
    assert len(work()) == 1
    assert work(hours=3) == []


@pytest.mark.django_db(transaction=True)
def test_many_reports_at_once_do_not_fill_a_mailbox_beyond_its_day() -> None:
    many = [report_factories.report(f"Chuyện {each}") for each in range(7)]
    taken = in_parallel([lambda pk=each.pk: addresses.register(pk, ME) for each in many])
    assert sum(taken) == addresses.MAX_REPORTS_A_DAY


def test_a_server_that_refuses_is_asked_again_and_then_let_be(
    reporter: Resident, duty: Person, settings: Settings
) -> None:
    decide("ask", reporter.report, duty)
    failure = patch.object(EmailMessage, "send", side_effect=SMTPServerDisconnected)
    with failure:
        work()
        assert NoticeAddress.objects.get().owed_at
    assert len(work(minutes=10)) == 1
    reporter.read_status()
    decide("message", reporter.report, duty)
    with failure:
        for _ in range(dispatch.MAX_TRIES + 1):
            work(days=1)
    assert NoticeAddress.objects.get().owed_at is None
    assert not OutboxItem.objects.filter(failed_at__isnull=False).exists()


def test_an_attempt_that_dies_is_not_doubled(reporter: Resident, duty: Person) -> None:
    decide("ask", reporter.report, duty)
    with patch.object(mails.mail, "send", side_effect=SystemExit), pytest.raises(SystemExit):
        work()
    OutboxItem.objects.update(leased_until=None)
    assert work() == []
    assert NoticeAddress.objects.get().owed_at


@pytest.mark.parametrize("typed", ["dan@", "0992000111", "a@mau.example, b@mau.example", "x" * 300])
def test_a_wrong_address_loses_nothing_and_its_owner_is_told(
    client: Client, duty: Person, typed: str, settings: Settings
) -> None:
    send(client, story="Họ gọi.", contact_email=typed)
    assert "Email bạn ghi chưa đúng" in words(client.get(RECEIPT).content)
    decide("ask", Report.objects.get(), duty)
    assert work() == []
    assert NoticeAddress.objects.get().owed_at is None


def test_the_address_comes_with_the_report_and_is_shown_nowhere(client: Client) -> None:
    send(client, story="Họ gọi.", contact_email=ME)
    page = client.get(RECEIPT).content
    assert "Có lời mới thì trang gửi một email" in words(page)
    assert ME.encode() not in page
    row = NoticeAddress.objects.get()
    assert b"mau" not in bytes(row.address_sealed) + bytes(row.address_index)


def test_a_report_sent_twice_is_one_whatever_the_address(client: Client) -> None:
    first = create_resident(client, story="Họ gọi.", email=ME)
    again = create_resident(client, story="Họ gọi.", email=SOMEBODY)
    assert first.report == again.report
    assert addresses.load_address(first.report) == ME


def test_an_address_is_given_changed_and_taken_back_later(resident: Resident) -> None:
    assert "Báo cho tôi" in resident.read_status()
    answer = resident.post(KEEP, email=f" {ME} ")
    assert "Đã ghi email" in words(answer.content)
    assert ME.encode() not in answer.content
    resident.post(KEEP, email=SOMEBODY)
    assert addresses.load_address(resident.report) == SOMEBODY
    assert "Đã thôi" in words(resident.post(STOP).content)
    assert not NoticeAddress.objects.exists()
    assert "Đã thôi" in words(resident.post(STOP).content)


def test_a_mistyped_address_is_given_back_with_the_reason(resident: Resident) -> None:
    answer = resident.post(KEEP, email="dan@mau")
    assert answer.status_code == 422
    assert "Email này chưa đúng" in words(answer.content)
    assert b'value="dan@mau"' in answer.content
    assert not NoticeAddress.objects.exists()


@pytest.mark.parametrize("path", [KEEP, STOP])
def test_nobody_without_the_code_changes_it(reporter: Resident, path: str) -> None:
    reporter.client.post(path, {"code": "", "email": SOMEBODY})
    foreign = {"Origin": "https://ke.example"}
    reporter.client.post(path, {"code": reporter.code, "email": SOMEBODY}, headers=foreign)
    assert addresses.load_address(reporter.report) == ME


def leave_path(letter: EmailMessage) -> str:
    link = letter.extra_headers["List-Unsubscribe"].strip("<>")
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return str(link).removeprefix("http://127.0.0.1:8000")


def test_one_press_in_the_mail_program_ends_all_mails_to_the_mailbox(
    reporter: Resident, duty: Person, client: Client
) -> None:
    other = report_factories.report("Chuyện khác", email=ME.upper())
    decide("ask", reporter.report, duty)
    (letter,) = work()
    path = leave_path(letter)
    page = client.get(path)
    assert "<button" in page.content.decode()
    assert NoticeAddress.objects.count() == 2  # a mail program may open links by itself
    assert str(reporter.report.public_number) not in page.content.decode()
    assert "Đã thôi" in words(client.post(path, {"List-Unsubscribe": "One-Click"}).content)
    assert not NoticeAddress.objects.exists()
    assert client.post(path).status_code == 200
    decide("ask", other, duty)
    assert work() == []


@pytest.mark.usefixtures("own_data_folder")
@pytest.mark.parametrize("way", ["page", "mail"])
def test_an_archive_brings_no_mails_back_to_who_ended_them(
    reporter: Resident, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, way: str
) -> None:
    row = NoticeAddress.objects.get()
    path = STOP if way == "page" else f"{STOP}{addresses.sign_end_token(row)}/"
    with django_capture_on_commit_callbacks(execute=True):
        reporter.post(path)
    assert not NoticeAddress.objects.exists()
    row.save(force_insert=True)
    assert purge.reapply_erasures() == {"done": 1}
    assert not NoticeAddress.objects.exists()


@pytest.mark.parametrize("token", ["x", f".{'0' * 36}.{'0' * 32}", "ố.ồ"])
def test_a_forged_link_ends_nothing(reporter: Resident, client: Client, token: str) -> None:
    assert client.post(f"{STOP}{token}/").status_code == 404
    assert NoticeAddress.objects.exists()


def test_a_warning_that_came_of_it_is_told_once_it_is_in_force(
    reporter: Resident, duty: Person
) -> None:
    wave = campaign("Đ-26-K4M")
    junk = report_factories.report("Rác", email=SOMEBODY)
    for each in (reporter.report, junk):
        add_to_campaign(each, wave)
    decide("junk", junk, duty)
    later = timezone.now() + timedelta(hours=2)
    alert_factories.issued(campaign=wave, effective=later)
    assert work() == []
    item = OutboxItem.objects.get(done_at=None, task=deliveries.OWE_NOTICES_TASK)
    assert item.due_at >= later.replace(microsecond=0)
    reporter.read_status()  # too early to read of it
    with time_machine.travel(later):
        assert [each.to for each in work(hours=3)] == [[ME]]


def test_a_warning_that_is_to_come_holds_no_question_up_and_withdrawn_is_told_to_nobody(
    reporter: Resident, duty: Person
) -> None:
    wave, later = campaign("Đ-26-K4M"), timezone.now() + timedelta(days=3)
    add_to_campaign(reporter.report, wave)
    revision = alert_factories.issued(campaign=wave, effective=later)
    assert work() == []
    decide("ask", reporter.report, duty)
    assert [each.to for each in work()] == [[ME]]
    reporter.read_status()
    alert_factories.cancelled(revision)
    with time_machine.travel(later):
        assert work(days=8) == list_items(deliveries.OWE_NOTICES_TASK) == []


def test_what_comes_while_the_page_is_read_is_still_told(reporter: Resident, duty: Person) -> None:
    read = status_timeline.conversation

    def ask_behind(report: Report) -> object:
        found = read(report)
        decide("ask", report, duty)
        return found

    with patch.object(status_timeline, "conversation", ask_behind):
        reporter.read_status()
    assert [each.to for each in work()] == [[ME]]


@pytest.mark.parametrize("part", ["whole", "names"])
def test_it_is_forgotten_with_the_contact(reporter: Resident, part: str) -> None:
    kept = erasure.reports_with_scope(erasure.ErasureScope(part))
    assert reporter.report in kept
    erasure.erase(reporter.report.pk, erasure.ErasureScope(part), cause="asked")
    assert not NoticeAddress.objects.exists()
    assert not addresses.register(reporter.report.pk, ME) or part == "names"
    NoticeAddress.objects.all().delete()
    assert words_in_tables(ME) == set()


def test_the_copy_of_own_data_has_it(reporter: Resident) -> None:
    assert ME in reporter.post("/theo-doi/ban-sao/").content.decode()


def test_it_is_sealed_anew_and_still_found(reporter: Resident, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = (
        "another-key-of-forty-characters-or-more!",
        *settings.FIELD_ENCRYPTION_KEYS,
    )
    before = bytes(NoticeAddress.objects.get().address_sealed)
    list(key_rotation.run(key_rotation.EncryptedTextFields(NoticeAddress, addresses.compute_index)))
    row = NoticeAddress.objects.get()
    assert bytes(row.address_sealed) != before
    assert addresses.load_usable_address(row) == ME
    assert bytes(row.address_index) == addresses.compute_index(ME)


def test_a_portal_without_mail_offers_a_calendar_alone(
    resident: Resident, client: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    addresses.register(resident.report.pk, ME)
    page = resident.read_status()
    assert "trang gửi một email" not in page
    assert "Báo cho tôi" not in page
    assert "Ghi vào lịch" in page
    assert "contact_email" not in client.get("/bao-cao/").content.decode()


@pytest.mark.parametrize(("email", "word"), [(ME, "có ghi email"), ("", "không ghi email")])
def test_an_officer_who_asks_reads_whether_the_reporter_will_hear(
    duty: Person, email: str, word: str
) -> None:
    report = report_factories.report(email=email)
    page = duty.client.post(page_of(report, "compose/ask"), {"version": "1"}).content.decode()
    assert f"Người báo {word}" in page
    assert ME not in page


def test_an_officer_files_the_address_of_a_caller(duty: Person) -> None:
    typed = {"source": "phone", "submission_key": "k" * 24, "story": "Họ gọi.", "contact_email": ME}
    assert duty.client.post("/admin/reports/report/file/", typed).status_code == 200
    assert addresses.load_address(Report.objects.get()) == ME


def test_the_calendar_file_has_the_day_and_neither_code_nor_report(resident: Resident) -> None:
    page = resident.client.post("/theo-doi/", {"code": resident.code}).content.decode()
    (path,) = re.findall(r'href="(/theo-doi/lich/[0-9-]+/xem-lai\.ics)"', page)
    answer = resident.client.get(path)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    text = answer.content.decode()
    assert f"DTSTART:{path.split('/')[3].replace('-', '')}T080000" in text
    assert "SUMMARY:Xem lại tin báo" in text
    assert resident.code not in text
    assert resident.report.public_number not in text


@pytest.mark.parametrize("day", ["2020-01-01", "2099-01-01", "2026-02-31", "mai"])
def test_there_is_no_calendar_file_of_another_day(client: Client, day: str) -> None:
    with time_machine.travel("2026-12-01T03:00:00Z"):
        assert client.get(f"/theo-doi/lich/{day}/xem-lai.ics").status_code == 404
