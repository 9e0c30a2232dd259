"""One row that fails, or never ends, stops no other: it is counted, comes last, and an alarm tells."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import officer_accounts
from alerts import sounds
from alerts import tasks as alert_tasks
from alerts.delivery import deliveries, subscriptions
from alerts.models import Delivery
from alerts.static_pages import generator
from alerts.static_pages.generator import StaticPageError
from core.audit import chain, chain_verification, events
from core.models import OutboxItem
from core.outbox import sweeps
from desk.models import SavedSearch
from desk.reports import saved_searches
from ops import key_rotation
from reports import tasks
from reports.calendar import deadline_rules
from reports.campaigns import bursts
from reports.cases import deadlines, routing, workflow
from reports.models import Alarm, Case, Deadline, DeadlineNotification, Report, RoutingRule
from reports.monitoring import alarms, daily_counts, queue_stats
from reports.public import statistics
from reports.retention import erasure, erasure_log, purge
from tests.support import report_factories
from tests.support.alert_factories import issued, partner
from tests.support.officers import create_officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data_folder")]
LONG_AGO = Now() - timedelta(days=400)
FAILED = OutboxItem.objects.filter(failed_at__isnull=False)
REPORTS = key_rotation.EncryptedTextFields(Report)


class Sweep(NamedTuple):
    """What makes rows, what works on them, which wait, and the function that meets the poison."""

    create: Callable[[Settings], object]
    run: Callable[[], object]
    waiting: Callable[[], QuerySet[Any, Any]]
    owner: Any
    function: str


def create_cases(_: object = None) -> list[Case]:
    create_officer("chi.huy", "lead")
    return [report_factories.case(f"Họ gọi lần {n}.", contact="0992 000 118") for n in range(3)]


def create_junk(_: Settings) -> None:
    other = create_officer("thu.hai", "duty")
    for case in create_cases():
        report_factories.decide("junk", case, User.objects.get(username="chi.huy"))
        report_factories.decide("second", case, other)
    Case.objects.update(changed_at=LONG_AGO)


def create_listed(_: Settings) -> None:
    erasure_log._write([("whole", case.pk) for case in create_cases()])


def create_fresh(_: Settings) -> None:
    RoutingRule.objects.create(unit=report_factories.unit(), is_active=True)
    for case in create_cases():
        report_factories.add_facts(case.report)


def create_late(_: Settings) -> None:
    create_cases()
    deadlines.start_for_new_reports()
    Deadline.objects.update(started_at=LONG_AGO, due_at=LONG_AGO + timedelta(days=1))


def create_searches(_: Settings) -> None:
    owner = create_officer("truc", "duty")
    for name in "abc":
        SavedSearch.objects.create(owner=owner, name=name, query="kieu=bank")


def create_idle(settings: Settings) -> None:
    settings.ACCOUNT_IDLE_DAYS = 40
    for name in ("chi.huy", "mot", "hai", "ba"):
        create_officer(name, "lead" if name == "chi.huy" else "duty")
    User.objects.exclude(username="chi.huy").update(last_login=LONG_AGO, date_joined=LONG_AGO)


def create_lost(_: Settings) -> None:
    for name in ("mot", "hai", "ba"):
        partner(name)
    issued()
    Delivery.objects.update(attempts=deliveries.MAX_TRIES, next_attempt_at=LONG_AGO)


def create_sealed(settings: Settings) -> None:
    create_cases()
    key = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (key, *settings.FIELD_ENCRYPTION_KEYS)


def find_unnotified() -> QuerySet[Any, Any]:
    done = DeadlineNotification.objects.values("deadline")
    return Deadline.objects.exclude(pk__in=done).values_list("report_id", flat=True)


def keys(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return rows.order_by("pk").values_list("pk", flat=True)


SWEEPS = {
    "purge": Sweep(
        create_junk, lambda: purge.run_until(purge.start_run(), 60),
        lambda: keys(Report.objects.filter(erased_at=None)), erasure, "erase",
    ),
    "erasures after a restore": Sweep(
        create_listed, purge.reapply_erasures,
        lambda: keys(Report.objects.filter(erased_at=None)), erasure, "erase",
    ),
    "routing": Sweep(
        create_fresh, routing.route_untriaged_cases,
        lambda: keys(Case.objects.unrouted()), workflow, "route",
    ),
    "deadlines": Sweep(
        create_cases, deadlines.start_for_new_reports,
        lambda: keys(Case.objects.filter(due_at=None)), deadlines, "_build_deadline",
    ),
    "reminders": Sweep(
        create_late, deadlines.send_due_reminders, find_unnotified, events, "log_event"
    ),
    "saved searches": Sweep(
        create_searches, saved_searches.count_all,
        lambda: keys(SavedSearch.objects.filter(counted_at=None)), saved_searches, "matching_reports",
    ),
    "idle accounts": Sweep(
        create_idle, officer_accounts.close_idle_accounts,
        lambda: keys(User.objects.filter(is_active=True).exclude(username="chi.huy")),
        officer_accounts, "deactivate",
    ),
    "lost deliveries": Sweep(
        create_lost, deliveries.dispatch_due,
        lambda: keys(Delivery.objects.filter(state="waiting")), deliveries, "_record",
    ),
    "change of keys": Sweep(
        create_sealed, lambda: list(key_rotation.run(REPORTS)),
        lambda: keys(REPORTS.rows()), key_rotation.EncryptedTextFields, "reencrypt",
    ),
}  # fmt: skip
JOBS = [
    (tasks.detect_bursts, bursts, "detect_and_store"),
    (tasks.update_public_statistics, statistics, "update_statistics"),
    (tasks.count_queue, queue_stats, "store_queue_balance"),
    (tasks.update_daily_counts, daily_counts, "update_daily_counts"),
    (tasks.extend_audit_chain, chain, "extend_chain"),
    (tasks.verify_audit_chain, chain_verification, "verify_next_batch"),
    (tasks.route_new_cases, routing, "route_untriaged_cases"),
    (tasks.send_deadline_reminders, deadlines, "start_for_new_reports"),
    (tasks.purge, purge, "_find_or_start_run"),
    (alert_tasks.refresh_static_pages, generator, "refresh_if_needed"),
    (alert_tasks.dispatch_due_deliveries, deliveries, "dispatch_due"),
    (alert_tasks.purge_unconfirmed_subscribers, subscriptions, "purge"),
    (alert_tasks.purge_unused_sounds, sounds, "purge_unused"),
]


def poison(
    patched: pytest.MonkeyPatch, owner: Any, function: str, key: object, error: type[Exception]
) -> None:
    """Let a function raise an error when it meets the row of that key."""
    original = getattr(owner, function)

    def meet(*args: Any, **named: Any) -> Any:
        if str(key) in {str(getattr(each, "pk", each)) for each in args}:
            raise error
        return original(*args, **named)

    patched.setattr(owner, function, meet)


def count_skipped() -> int:
    """Return how many rows the alarm tells of, when what failed has stood for half an hour."""
    FAILED.update(created_at=LONG_AGO)
    alarms.check_alarms()
    return sum(Alarm.objects.filter(kind="skipped").values_list("count", flat=True))


@pytest.mark.parametrize("name", SWEEPS)
def test_a_poisoned_row_stops_no_other_is_told_and_done_once_it_can_be(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in one half of them, in the other a row that never ends."""
    sweep = SWEEPS[name]
    error = SoftTimeLimitExceeded if [*SWEEPS].index(name) % 2 else OperationalError
    sweep.create(settings)
    first = sweep.waiting()[0]
    assert len(set(sweep.waiting())) == 3
    with monkeypatch.context() as patched:
        poison(patched, sweep.owner, sweep.function, first, error)
        sweep.run()
        sweep.run()
    assert set(sweep.waiting()) == {first}
    assert [item.error for item in FAILED.all()] == [error.__name__]
    assert count_skipped() == 1
    FAILED.update(due_at=LONG_AGO)
    sweep.run()
    assert not sweep.waiting()
    assert count_skipped() == 0


@pytest.mark.parametrize(("task", "owner", "function"), JOBS, ids=[job[2] for job in JOBS])
def test_a_job_that_breaks_off_is_told_until_it_is_done(
    task: Callable[[], None], owner: Any, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(owner, function, lambda *_: 1 / 0)
        task()
        task()
    assert [item.error for item in FAILED.all()] == ["ZeroDivisionError"]
    assert count_skipped() == 1
    task()
    assert count_skipped() == 0


def test_a_count_that_fails_keeps_no_other_alarm_from_being_raised(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deadline_rules, "years_without_data", lambda: 1 / 0)
    alarms.check_alarms()
    assert "test_poisoned_rows.py:" in caplog.text
    assert [item.key for item in FAILED.all()] == ["calendar"]
    assert count_skipped() == 1


def test_a_page_that_fails_is_left_out_and_the_others_are_fresh(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    issued("mot"), issued("hai")
    kept = settings.DATA_DIR / "static-pages" / "pages" / "canh-bao"
    with monkeypatch.context() as patched:
        poison(patched, generator, "render_internally", "/canh-bao/mot/", StaticPageError)
        generator.rebuild()
        assert not (kept / "mot" / "index.html").exists()
        assert (kept / "hai" / "index.html").exists()
    assert count_skipped() == 1
    generator.rebuild()
    assert (kept / "mot" / "index.html").exists()
    assert count_skipped() == 0


def test_where_no_page_can_be_rendered_the_old_ones_stay(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    generator.rebuild()
    page = settings.DATA_DIR / "static-pages" / "pages" / "canh-bao" / "index.html"
    before = page.stat().st_ino
    monkeypatch.setattr(generator, "_render_page", lambda _: b"")
    with pytest.raises(StaticPageError):
        generator.rebuild(anew=True)
    assert page.stat().st_ino == before


def test_a_row_counts_before_its_work_so_that_a_killed_worker_passes_it_by() -> None:
    seen: list[str] = []
    sweeps.for_each("tests.kill", ["a"], lambda _: seen.extend(item.error for item in FAILED.all()))
    assert seen == ["WorkerLost"]
    assert not FAILED.exists()
    OutboxItem.objects.create(task="tests.kill", key="a", failed_at=Now(), due_at=LONG_AGO)
    sweeps.for_each("tests.kill", ["a", "b", "c"], seen.append)
    assert seen[1:] == ["b", "c", "a"]


def test_an_item_of_the_outbox_that_used_up_its_attempts_is_told_too() -> None:
    OutboxItem.objects.create(task=deliveries.DELIVER_TASK, key="1", failed_at=Now())
    assert count_skipped() == 1
    OutboxItem.objects.create(task=deliveries.DELIVER_TASK, key="1")
    assert count_skipped() == 0


def count_statements(report: Report) -> int:
    with CaptureQueriesContext(connection) as queries:
        erasure.erase(report.pk, cause="asked")
    return len(queries)


def test_to_erase_many_contacts_asks_no_more_than_for_one() -> None:
    one, many = report_factories.report(contact="a@mau.example"), report_factories.report()
    report_factories.add_followup(one, contact="a@mau.example b@mau.example c@mau.example")
    for n in range(9):
        report_factories.add_followup(
            many, contact=f"a{n}@mau.example b{n}@mau.example 0992 000 11{n}"
        )
    assert count_statements(many) == count_statements(one)
