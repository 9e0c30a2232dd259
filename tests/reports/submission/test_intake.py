"""Intake: one transaction, once, and nothing readable that is personal."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core import encryption
from core.audit import events
from core.models import AuditEvent, OutboxItem
from core.outbox import queue
from core.outbox.queue import Priority
from reports.models import Case, Commune, Receipt, Report
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from tests.support.concurrency import in_parallel
from tests.support.database_contents import refused_by_database, words_in_tables
from tests.support.report_factories import STORY
from tests.support.resident_pages import REPORT, hidden

pytestmark = pytest.mark.django_db

KEY = "a-key-of-the-browser"
PERSONAL = ("0550000111", "0550 000 111", "bến Sung", "012345678901")


def accept(story: str = STORY, key: str = KEY, **typed: Any) -> intake.SubmissionResult:
    return intake.submit_report(ReportSubmission(story=story, **typed), key)


def statements(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries.captured_queries]


def test_the_same_words_under_the_same_key_are_one_report_whatever_we_made_of_them() -> None:
    first, second = accept(flags=("too_fast",)), accept()
    assert (first.again, second.again) == (False, True)
    assert first.report == second.report
    assert first.code == second.code
    assert OutboxItem.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"story": STORY + "!"},
        {"caller_number": "0550"},
        {"happening_now": False},
        {"key": KEY + "2"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_anything_else_is_a_further_report_which_its_own_code_opens(other: dict[str, Any]) -> None:
    for accepted in (accept(), accept(**other)):
        assert receipt_codes.report_for_code(str(accepted.code)) == accepted.report
    assert Report.objects.count() == 2


def test_the_same_words_after_a_rotation_are_still_one_report(settings: Settings) -> None:
    before = accept()
    settings.FIELD_ENCRYPTION_KEYS = ("kEy" * 14 + "Q=", *settings.FIELD_ENCRYPTION_KEYS)
    after = accept()
    assert after.again
    assert after.code == before.code


def test_a_report_has_its_case_its_receipt_and_its_owed_triage() -> None:
    report = accept(happening_now=True).report
    case = Case.objects.get(report=report)
    item = OutboxItem.objects.get(key=str(report.pk))
    assert (case.status, case.version, case.officer) == ("new", 1, None)
    assert (item.task, item.priority) == ("reports.triage", Priority.URGENT)
    assert Receipt.objects.filter(report=report).exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_when_a_part_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "TRIAGE_TASK", "x" * 100)  # too long for the outbox
    with pytest.raises(DataError):
        accept()
    assert not Report.objects.exists()
    assert not Case.objects.exists()
    assert not Receipt.objects.exists()


def test_every_column_of_a_report_is_written_or_left_to_the_database() -> None:
    left = {"received_at", "erased_at"}
    columns = {field.column for field in Report._meta.concrete_fields} - left
    assert columns <= set(re.findall(r"%\((\w+)\)s", intake._WRITE.execute))


def test_contact_phrase_and_raw_story_are_nowhere_in_plain() -> None:
    texts = "Số tôi 0550 000 111, căn cước 012345678901, nhà ở bến Sung"
    accept(texts.replace(", nhà ở bến Sung", ""), contact="0550000111", phrase="bến Sung, 47")
    assert words_in_tables("[số người báo]")
    assert words_in_tables(*PERSONAL) == set()


def test_the_raw_story_can_be_opened_again() -> None:
    report = accept("căn cước 012345678901").report
    assert report.story == "căn cước [số giấy tờ]"
    assert encryption.decrypt_field(report, "story") == "căn cước 012345678901"
    assert "masked_id" in report.flags


@pytest.mark.parametrize(
    "field", ["claimed_office", "claimed_name", "money_lost_raw", "commune_raw"]
)
def test_what_is_masked_in_a_field_beside_the_story_is_sealed_behind_it(field: str) -> None:
    typed = "của tôi 0550.000.111 và 012345678901"
    report = accept("Họ gọi.", contact="0550 000 111", **{field: typed}).report
    assert getattr(report, field) == "của tôi [số người báo] và [số giấy tờ]"
    assert encryption.decrypt_field(report, "story") == f"Họ gọi.\n{typed}"
    assert {"masked_contact", "masked_id"} <= set(report.flags)


def test_a_sum_stays_a_sum() -> None:
    report = accept(contact="0550 000 111", money_lost_raw="150.000.000.000 đồng").report
    assert report.money_lost_raw == "150.000.000.000 đồng"
    assert encryption.decrypt_field(report, "story") == STORY


def test_the_code_is_nowhere_in_plain() -> None:
    code = accept().code
    assert code
    assert words_in_tables(code) == set()


@pytest.mark.django_db(transaction=True)
def test_a_report_costs_one_statement_which_commits_and_a_notify_after_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {**hidden(client), "story": STORY, "commune": "Lam Sơn", "contact_phone": "0550000111"}
    Commune.objects.create(
        codename="xa_lam_son", code="1", name="Xã Lam Sơn", former_districts=[], former_communes=[]
    )
    client.get(REPORT)  # the communes are known for five minutes
    accept("An earlier one of this connection, which knows the statement by now.", "k" * 16)
    monkeypatch.setattr(queue, "NOTIFY_INTERVAL_SECONDS", 0.0)
    with CaptureQueriesContext(connection) as queries:
        assert client.post(REPORT, fields).status_code == 303
    written, notified = statements(queries)
    assert written.startswith("EXECUTE take_in")
    assert "pg_notify" in notified


@pytest.mark.django_db(transaction=True)
def test_a_connection_plans_the_statement_once() -> None:
    connection.close()
    with CaptureQueriesContext(connection) as queries:
        for number in range(3):
            accept(key=f"{KEY}{number}")
    planned = [sql for sql in statements(queries) if sql.startswith("PREPARE take_in")]
    assert len(planned) == 1


@pytest.mark.django_db(transaction=True)
def test_cut_off_between_commit_and_answer_gives_the_receipt_of_the_one_report() -> None:
    cuts = []

    def cut_before_the_answer(execute: Any, sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        if sql.startswith("EXECUTE take_in") and not cuts:
            cuts.append(sql)
            connection.connection.close()
            raise OperationalError
        return done

    with connection.execute_wrapper(cut_before_the_answer):
        first = accept()
    assert (len(cuts), first.again, Report.objects.count()) == (1, True, 1)
    assert first.code == accept().code
    assert OutboxItem.objects.count() == 1


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change",
    [
        lambda: connection.connection.close(),  # noqa: PLW0108  one that is there by then
        lambda: execute("DISCARD ALL"),
        lambda: execute("DEALLOCATE ALL"),
        intake._WRITE.prepared_on.clear,
    ],
    ids=["lost in a restart", "all forgotten", "the statement forgotten", "prepared by another"],
)
def test_a_connection_that_changed_meanwhile_is_no_hindrance(change: Callable[[], None]) -> None:
    accept()
    change()
    assert not accept(key="key-of-the-second-report").again
    assert Report.objects.count() == 2
    connection.close()  # it has forgotten what other tests prepared, too


@pytest.mark.django_db(transaction=True)
def test_what_fails_on_a_sound_connection_is_not_tried_again() -> None:
    tries = []

    def too_slow(execute: Any, sql: str, *rest: Any) -> Any:
        tries.append(sql)
        raise OperationalError("canceling statement due to statement timeout")

    with connection.execute_wrapper(too_slow), pytest.raises(OperationalError):
        accept()
    assert len(tries) == 1
    assert not Report.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_a_server_there_is_no_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OperationalError

    connection.close()
    monkeypatch.setattr(connection, "connect", refused)
    with pytest.raises(OperationalError):
        accept()


@pytest.mark.django_db(transaction=True)
def test_cut_off_while_connecting_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off() -> None:
        monkeypatch.undo()
        raise OperationalError

    connection.close()
    monkeypatch.setattr(connection, "connect", cut_off)
    assert accept().code
    assert Report.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_one_key_is_one_report_and_wakes_the_relay_once() -> None:
    with CaptureQueriesContext(connection) as queries:
        codes = {accept().code for _ in range(500)}
    assert len(codes) == Report.objects.count() == OutboxItem.objects.count() == 1
    assert sum("pg_notify" in sql for sql in statements(queries)) == 1


@pytest.mark.django_db(transaction=True)
def test_neither_broker_nor_cache_is_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def touched(*_: object, **__: object) -> None:
        raise AssertionError("the request reached for the broker")

    for door in (
        "kombu.connection.Connection.ensure_connection",
        "kombu.Producer.publish",
        "redis.Redis.execute_command",
    ):
        monkeypatch.setattr(door, touched)
    assert client.post(REPORT, {**hidden(client), "story": STORY}).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_a_lost_notify_loses_no_report(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "CHANNEL", "x" * 100)  # PostgreSQL refuses so long a name
    assert client.post(REPORT, {**hidden(client), "story": STORY}).status_code == 303
    assert OutboxItem.objects.count() == 1


@pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
def test_a_connection_lost_after_commit_costs_nothing(
    monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    class Lost:
        def cursor(self) -> None:
            raise trouble

    monkeypatch.setattr(queue, "connection", Lost())
    assert accept().code


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_instant_are_one_report(client: Client) -> None:
    fields = {**hidden(client), "story": STORY}
    answers = in_parallel([lambda: Client().post(REPORT, fields)] * 2)
    assert {answer.status_code for answer in answers} <= {200, 303}
    assert Report.objects.count() == Receipt.objects.count() == OutboxItem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_four_different_reports_at_the_same_instant_are_four() -> None:
    works = [lambda n=n: accept(f"{STORY} {n}").code for n in range(4)]
    assert len(set(in_parallel(works))) == 4


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE reports_report SET story = 'khác'",
        "UPDATE reports_report SET flags = '{}'",
        "UPDATE reports_report SET erased_at = now()",
        "DELETE FROM reports_report",
        "UPDATE core_auditevent SET kind = 'x'",
        "DELETE FROM core_auditevent",
    ],
)
def test_evidence_cannot_be_changed(sql: str) -> None:
    accept(flags=("too_fast",))
    events.log_event("report", "1", "read")
    refused_by_database(sql)
    assert Report.objects.get().story == STORY
    assert AuditEvent.objects.get().kind == "read"


BLANK = """UPDATE reports_report SET story = '', claimed_name = '', commune_raw = '',
    story_sealed = NULL, contact_sealed = NULL, phrase_sealed = NULL, contact_index = NULL,
    erased_at = now()"""


def test_an_erasure_on_record_blanks_once_and_only_what_is_personal() -> None:
    report = accept(contact="0550000111", caller_number="0550 000 123").report
    refused_by_database(BLANK)  # no event says so
    events.log_event("report", report.pk, "erased")
    execute(BLANK)
    report.refresh_from_db()
    assert (report.story, report.contact_sealed) == ("", None)
    assert report.caller_number == "0550 000 123"
    refused_by_database(BLANK)


def test_an_erasure_may_not_slip_in_another_change() -> None:
    events.log_event("report", accept().report.pk, "erased")
    refused_by_database(f"{BLANK}, caller_number = 'khác'")


def test_a_commune_that_is_not_in_the_table_is_refused_by_the_database() -> None:
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError):
        accept(commune_id="xa_khong_co")
