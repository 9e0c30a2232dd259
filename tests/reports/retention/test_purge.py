"""The nightly purge: what is over its time goes by its setting, and nothing else."""

import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from core.audit import chain, chain_verification, events
from core.models import AuditEvent
from reports.cases import legal_holds
from reports.facts import abuse_flags
from reports.management.commands import purge as command
from reports.models import (
    Alarm,
    Case,
    Dispute,
    ErasureRequest,
    FloodSample,
    Indicator,
    PurgeRun,
    Report,
)
from reports.monitoring import alarms, daily_counts, queue_stats
from reports.retention import erasure_requests, policy
from reports.retention import purge as purging
from reports.retention.policy import BY_NAME
from reports.submission import intake
from tests.support import report_factories
from tests.support.erasable_rows import sent
from tests.support.officers import Person, second

pytestmark = pytest.mark.django_db
CONTACT = "0992 000 118"


def ended(chief: User, verb: str = "close", days_ago: float = 0, **typed: Any) -> Report:
    """A report whose work ended so many days ago."""
    report = report_factories.triaged("Hắn xưng công an, dọa bắt.", contact=CONTACT, **typed)
    outcome = {"outcome": "insufficient"} if verb == "close" else {}
    report_factories.decide(verb, report, chief, **outcome)
    if verb != "close":
        report_factories.decide("second", report, second())
    Case.objects.filter(pk=report.pk).update(changed_at=timezone.now() - timedelta(days=days_ago))
    return report


def purge() -> PurgeRun:
    run = purging.start_run()
    assert purging.run_until(run, 60)
    return run


def is_erased(report: Report) -> bool:
    return Report.objects.filter(pk=report.pk, erased_at__isnull=False).exists()


SETTINGS: list[tuple[str, str, str, int, int]] = [
    ("junk", "RETENTION_JUNK_DAYS", "junk", 30, 1),
    ("withdrawn", "RETENTION_WITHDRAWN_DAYS", "withdraw", 15, 1),
    ("contact", "RETENTION_CONTACT_DAYS", "close", 90, 1),
    ("messages", "RETENTION_MESSAGES_DAYS", "close", 180, 1),
    ("story", "RETENTION_STORY_MONTHS", "close", 24, 31),
    ("files", "RETENTION_FILES_MONTHS", "close", 24, 31),
]


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row[0])
def test_each_kind_goes_by_its_setting(
    chief: User, settings: Settings, row: tuple[str, str, str, int, int]
) -> None:
    kind, setting, verb, default, unit = row
    assert getattr(settings, setting) == default
    report = ended(chief, verb)
    sent(report)
    report_factories.decide("message", report, chief)
    with time_machine.travel(timezone.now() + timedelta(days=(default + 1) * unit)):
        assert list(purging.expired_keys(BY_NAME[kind])) == [report.pk]
        setattr(settings, setting, default + 3)
        assert not purging.expired_keys(BY_NAME[kind]).exists()
        setattr(settings, setting, 0)
        assert not purging.expired_keys(BY_NAME[kind]).exists()


def test_what_was_reopened_meanwhile_stays(chief: User) -> None:
    report = ended(chief, "junk", days_ago=40)
    run = purging.start_run()
    assert list(purging.expired_keys(BY_NAME["junk"])) == [report.pk]
    report_factories.decide("reopen", report, chief)
    purging._purge_one(run, BY_NAME["junk"], report.pk)
    assert not is_erased(report)
    assert (run.counts, run.retained_counts) == ({}, 0)


def test_names_go_first_and_the_story_without_them_stays(chief: User) -> None:
    report = ended(chief, days_ago=100)
    assert purge().counts == {"contact": 1}
    report.refresh_from_db()
    assert (report.contact_sealed, report.story_sealed) == (None, None)
    assert (report.story, report.erased_at) == ("Hắn xưng công an, dọa bắt.", None)


def test_then_everything_goes_and_stays_counted(chief: User) -> None:
    report = ended(chief, days_ago=800)
    before = abuse_flags.publicly_countable().count()
    daily_counts.update_daily_counts()
    assert purge().counts["story"] == 1
    daily_counts.update_daily_counts()
    assert is_erased(report)
    assert queue_stats.queue_balance().balanced
    assert abuse_flags.publicly_countable().count() == before == 1


@pytest.mark.parametrize("loss", [{"money_lost": True}, {"money_lost_raw": "20 triệu"}])
def test_a_loss_stays_until_pv01_decides(
    chief: User, settings: Settings, loss: dict[str, Any]
) -> None:
    report = ended(chief, days_ago=4000, **loss)
    assert purge().counts == {}
    settings.RETENTION_LOSS_MONTHS = 60
    assert purge().counts == {"loss": 1}
    assert is_erased(report)


@pytest.mark.parametrize("verb", ["take", "act", "hand_over"])
def test_what_is_worked_on_or_a_case_stays(chief: User, verb: str) -> None:
    report_factories.decide(verb, report_factories.report(contact=CONTACT), chief)
    Case.objects.update(changed_at=timezone.now() - timedelta(days=4000))
    assert purge().counts == {}


@pytest.mark.parametrize("kind", [kind for kind, *_ in SETTINGS])
def test_a_hold_stops_each_kind(chief: User, kind: str) -> None:
    verb = {"junk": "junk", "withdrawn": "withdraw"}.get(kind, "close")
    report = ended(chief, verb, days_ago=4000)
    sent(report)
    legal_holds.place_hold(report.pk, by=chief, reason="Công văn 12")
    assert not purging.expired_keys(BY_NAME[kind]).exists()
    assert purge().counts == {}


def test_who_told_more_lately_is_not_forgotten(chief: User) -> None:
    report = ended(chief, days_ago=4000)
    report_factories.add_followup(report, story="Hắn lại gọi")
    assert purge().counts == {}


def test_a_hold_that_comes_in_between_is_kept(chief: User, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ended(chief, "junk", days_ago=40)
    check_due = purging._still_due

    def too_early(kind: policy.RetentionPolicy, key: Any) -> bool:
        is_due = check_due(kind, key)
        legal_holds.place_hold(report.pk, by=chief, reason="Công văn 12")
        return is_due

    monkeypatch.setattr(purging, "_still_due", too_early)
    run = purge()
    assert (run.counts, run.retained_counts) == ({}, 1)
    assert not is_erased(report)


def test_who_asked_to_be_erased_is_answered_first(chief: User) -> None:
    report = ended(chief, "junk", days_ago=40)
    erasure_requests.request_erasure(report, "Tôi sợ lộ")
    assert purge().counts == {}
    erasure_requests.refuse_erasure(report.pk, by=chief, version=3, reason="Đang cần để đối chiếu.")
    Case.objects.filter(pk=report.pk).update(changed_at=timezone.now() - timedelta(days=40))
    assert purge().counts == {"junk": 1}


def test_the_callers_number_of_what_is_held_stays(chief: User, settings: Settings) -> None:
    settings.RETENTION_NUMBERS_MONTHS = 1
    report = ended(chief, "junk", days_ago=40, caller_number="0550 000 123", channel="number")
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert purge().counts == {"junk": 1}
        legal_holds.place_hold(report.pk, by=chief, reason="Công văn 12")
    with time_machine.travel(timezone.now() + timedelta(days=90)):
        purge()
        assert Indicator.objects.filter(report=report).exists()


def test_a_promise_that_is_shown_stands_above_a_longer_setting(
    chief: User, settings: Settings
) -> None:
    settings.RETENTION_CONTACT_DAYS = 0
    report_factories.confirm_statement("keep_contact", amount=60)
    ended(chief, days_ago=70)
    assert purge().counts == {"contact": 1}


@pytest.mark.parametrize(
    ("name", "unit"),
    [("numbers", "MONTHS"), ("disputes", "DAYS"), ("events", "MONTHS"), ("attempts", "MONTHS")],
)
def test_what_lies_beside_reports_goes_by_its_setting_too(
    settings: Settings, name: str, unit: str
) -> None:
    now, setting = timezone.now(), f"RETENTION_{name.upper()}_{unit}"
    setattr(settings, setting, 0)
    assert BY_NAME[name].cutoff(now) is None
    setattr(settings, setting, 2)
    before = BY_NAME[name].cutoff(now)
    assert before
    assert (now - before > timedelta(days=58)) == (unit == "MONTHS")


def test_failed_log_ins_are_forgotten_after_a_year() -> None:
    AccessAttempt.objects.create(
        username="truc.ban", ip_address="192.0.2.1", failures_since_start=1
    )
    with time_machine.travel(timezone.now() + timedelta(days=360)):
        assert purge().counts == {}
    with time_machine.travel(timezone.now() + timedelta(days=370)):
        assert purge().counts == {"attempts": 1}
    assert not AccessAttempt.objects.exists()


def test_numbers_of_callers_go_at_their_own_time(chief: User) -> None:
    report = ended(chief, "junk", days_ago=40, caller_number="0992 000 777", channel="number")
    purge()
    assert Indicator.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=760)):
        assert purge().counts == {"numbers": 1}
    assert not Indicator.objects.filter(report=report).exists()


def test_an_answered_dispute_is_emptied(chief: User) -> None:
    sealed = {"reason_sealed": b"\x02a reason", "contact_sealed": b"\x02a contact"}
    Dispute.objects.create(
        submission_key="x", key="+84992000777", status="rejected", answer="Giữ nguyên",
        answered_at=timezone.now() - timedelta(days=100), answered_by=chief, **sealed,
    )  # fmt: skip
    assert purge().counts == {"disputes": 1}
    left = Dispute.objects.get()
    assert (left.key, left.reason_sealed, left.contact_sealed) == ("", None, None)
    assert purge().counts == {}


def test_old_words_of_officers_go_and_the_chain_holds(
    chief: User, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    events.log_event("user", chief.pk, "role_changed", by=chief, reason="Anh Tư xin")
    chain.extend_chain()
    with time_machine.travel(timezone.now() + timedelta(days=1200)):
        assert purge().counts["events"] == 1
        assert purge().counts == {}
    chain.extend_chain()
    assert chain_verification.verify().cursor.links
    assert AuditEvent.objects.get(kind="role_changed").detail == {}


def test_a_run_goes_on_where_it_stood(chief: User) -> None:
    for _ in range(3):
        ended(chief, "junk", days_ago=40)
    run = purging.start_run()
    assert not purging.run_until(run, 0)
    assert purging.start_run() == run
    assert purging.run_until(run, 60)
    assert PurgeRun.objects.get().counts == {"junk": 3}


def test_it_runs_once_a_night() -> None:
    midnight = datetime(2026, 11, 27, 0, 5, tzinfo=timezone.get_default_timezone())
    for hours, runs in ((0, 0), (1, 1), (9, 1), (26, 2)):
        moment = midnight + timedelta(hours=hours)
        with time_machine.travel(moment):
            purging.run_if_due()
            PurgeRun.objects.filter(finished_at=timezone.now()).update(started_at=moment)
        PurgeRun.objects.filter(started_at__gt=moment).update(started_at=moment)
        assert PurgeRun.objects.count() == runs


def test_when_it_has_not_run_somebody_is_told(chief: User) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    intake.submit_demo_report(intake.ReportSubmission(story="Họ gọi"), "k" * 20, long_ago)
    alarms.check_alarms()
    assert Alarm.objects.filter(kind="unpurged", count=1).exists()
    purge()
    alarms.check_alarms()
    assert not Alarm.objects.filter(kind="unpurged").exists()


def test_a_dry_run_says_what_would_go_and_the_command_takes_it(chief: User) -> None:
    report = ended(chief, "junk", days_ago=40)
    ended(chief, days_ago=40, money_lost=True)
    out = io.StringIO()
    call_command("purge", dry_run=True, stdout=out)
    results = out.getvalue()
    assert "junk: 1 (ended more than 30 days ago, RETENTION_JUNK_DAYS)" in results
    assert "loss: 0 (RETENTION_LOSS_MONTHS is 0: kept)" in results
    assert "kept: 1 closed, with a loss" in results
    assert not is_erased(report)
    call_command("purge", stdout=out)
    assert "junk: 1\n" in out.getvalue()
    assert is_erased(report)


def test_the_desk_says_what_went_and_by_which_rule(lead: Person) -> None:
    ended(lead.user, "junk", days_ago=40)
    purge()
    page = lead.client.get("/admin/reports/purgerun/").content.decode()
    assert "1 tin rác" in page
    assert "<dt>Tin rác</dt><dd>30 ngày</dd>" in page
    assert "giữ đến khi PV01 quyết định" in page


def test_a_request_that_was_reopened_waits_from_then(chief: User, lead: Person) -> None:
    first, second = report_factories.report("Họ gọi."), report_factories.report("Họ nhắn.")
    now = timezone.now()
    for report, hours in ((first, 9), (second, 2)):
        ErasureRequest.objects.create(report=report, requested_at=now - timedelta(hours=hours))
    first.erasure_requests.update(reopened_at=now, reopened_by=chief)
    page = lead.client.get("/admin/reports/purgerun/").content.decode()
    assert page.index(second.public_number) < page.index(first.public_number)
    assert page.count("xem lại từ") == 1


@pytest.mark.parametrize(
    ("done", "told"),
    [({"return_value": False}, "does not own"), ({"side_effect": OperationalError}, "is in use")],
)
def test_a_rewrite_that_was_not_whole_says_so(done: dict[str, Any], told: str) -> None:
    with mock.patch.object(command, "_rewrite_tables", **done), pytest.raises(CommandError) as text:
        call_command("purge", "--rewrite", stdout=io.StringIO())
    assert told in str(text.value)


def test_where_a_report_came_from_goes_by_day_too_while_the_relay_is_dead() -> None:
    late, fresh, marked = (report_factories.report() for _ in range(3))
    past = Now() - timedelta(minutes=11)
    FloodSample.objects.create(report=late, origin_digests=["digest"], received_at=past)
    FloodSample.objects.create(report=fresh, origin_digests=["digest"])
    FloodSample.objects.create(report=marked, flags=["flood"], received_at=past)
    purging.run_if_due()
    assert {row.report for row in FloodSample.objects.all()} == {fresh, marked}
