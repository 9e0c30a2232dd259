"""/metrics: figures for a machine, to whoever holds the token, also while the database is away."""

import json
import os
import time
from pathlib import Path
from shutil import disk_usage
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.db.models.functions import Now
from django.test import Client, RequestFactory
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from core.models import OutboxItem
from core.outbox import queue
from portal import middleware
from reports.attachments import storage
from reports.models import Alarm
from reports.monitoring import alarms, queue_stats
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from tests.support.documents import list_figures
from tests.support.processes import run_script

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-more-than-thirty-two-chars"
STORY = "Chuyện riêng, số 0550 000 123."


@pytest.fixture(autouse=True)
def _token(settings: Settings, tmp_path: Path) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.DATA_DIR = tmp_path
    settings.FILES_DIR = tmp_path / "files"


def accept() -> OutboxItem:
    report = intake.submit_report(
        ReportSubmission(story=STORY), f"key-{OutboxItem.objects.count():016}"
    ).report
    return OutboxItem.objects.get(key=str(report.pk))


OPENS = {"Authorization": f"Bearer {TOKEN}"}


def scrape(client: Client) -> str:
    answer = client.get("/metrics", headers=OPENS)
    assert answer.status_code == 200
    return answer.content.decode()


def samples(client: Client) -> dict[str, float]:
    """Return every sample by its name and label values but the host, as Prometheus' own parser reads it."""
    return {
        " ".join(
            [each.name, *(each.labels[key] for key in sorted(each.labels) if key != "host")]
        ): each.value
        for family in text_string_to_metric_families(scrape(client))
        for each in family.samples
    }


def test_without_a_token_configured_there_is_no_such_page(
    client: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("header", ["", TOKEN, "Bearer", f"Bearer {TOKEN}x", "Bearer wrống",
                                   f"Basic {TOKEN}", f"bearer  {TOKEN}"])  # fmt: skip
def test_only_the_right_token_opens_it(client: Client, header: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": header})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_it_is_text_of_the_agreed_format_and_kept_nowhere(client: Client) -> None:
    answer = client.get("/metrics", headers=OPENS)
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    assert "Set-Cookie" not in answer


def test_waiting_and_failed_are_of_now_and_the_total_of_its_time(client: Client) -> None:
    assert "portal_reports_accepted" not in scrape(client)  # none is made up before the first count
    OutboxItem.objects.filter(pk=accept().pk).update(done_at=Now())
    counted_at = queue_stats.store_queue_balance().counted_at.timestamp()
    accept()
    OutboxItem.objects.filter(pk=accept().pk).update(failed_at=Now(), attempts=5)
    values = samples(client)
    assert values["portal_database_up"] == 1
    assert (values["portal_reports_waiting"], values["portal_reports_failed"]) == (1, 1)
    assert (values["portal_reports_accepted_total"], values["portal_reports_done"]) == (1, 1)
    assert values["portal_reports_unaccounted"] == 0
    assert values["portal_counted_timestamp_seconds"] == pytest.approx(counted_at, abs=0.01)
    assert 0 <= values["portal_oldest_waiting_seconds"] < 60


def test_an_alarm_is_told_with_its_count_and_since_when(client: Client) -> None:
    OutboxItem.objects.filter(pk=accept().pk).update(failed_at=Now())
    alarms.check_alarms()
    values = samples(client)
    assert values["portal_alarm_reports failed"] == 1
    assert values["portal_alarm_reports late"] == values["portal_alarm_reports unbalanced"] == 0
    assert values["portal_alarm_since_timestamp_seconds failed"] > 1_700_000_000
    Alarm.objects.create(kind=Alarm.Kind.BACKUP, count=1)  # of those that watchers alone judge
    values = samples(client)
    assert values["portal_alarm_reports backup"] == 1
    assert {f"portal_alarm_reports {kind}" for kind in Alarm.Kind.values} <= values.keys()


def test_the_outbox_is_told_by_task_and_state(client: Client) -> None:
    leased, failed, later = accept(), accept(), accept()
    assert queue.acquire_lease(leased.pk)
    OutboxItem.objects.filter(pk=failed.pk).update(failed_at=Now(), attempts=5)
    OutboxItem.objects.filter(pk=later.pk).update(due_at=Now() + queue.LEASE)
    queue.enqueue("alerts.deliver", "1")
    values = samples(client)
    for state in ("leased", "failed", "later"):
        assert values[f"portal_outbox_items {state} reports.triage"] == 1
    assert values["portal_outbox_attempts failed reports.triage"] == 5
    assert values["portal_outbox_items due alerts.deliver"] == 1


@pytest.mark.parametrize("written", ["", "[1]", "half a li"])
def test_a_broken_file_of_the_supervisor_breaks_nothing(
    client: Client, settings: Settings, written: str
) -> None:
    (settings.DATA_DIR / "supervisor.json").write_text(written)
    assert "portal_restarts" not in scrape(client)


def test_what_the_supervisor_restarted_is_told(client: Client, settings: Settings) -> None:
    tally = {"stalls": 2, "restarts": {"worker": 3, "web": 0}}
    (settings.DATA_DIR / "supervisor.json").write_text(json.dumps(tally))
    values = samples(client)
    assert values["portal_worker_stalls_total"] == 2
    assert values["portal_restarts_total worker"] == 3


def test_the_last_backup_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archive = tmp_path / "archive.tar.age"
    assert "portal_backup" not in scrape(client)
    monkeypatch.setattr(
        "portal.management.commands.backup.create_backup", lambda _: archive.touch() or []
    )
    call_command("backup", archive)
    assert samples(client)["portal_backup_timestamp_seconds"] == archive.stat().st_mtime


def ship_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if PostgreSQL shipped its log, which wants another start of it."""
    shipping = alarms._ARCHIVED_SQL.replace("<> 'off'", "= 'off'")
    monkeypatch.setattr(alarms, "_ARCHIVED_SQL", shipping)


def test_the_last_shipping_of_the_log_is_told_where_it_is_shipped(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "portal_wal_archived" not in scrape(client)
    ship_log(monkeypatch)
    assert 1_700_000_000 < samples(client)["portal_wal_archived_timestamp_seconds"] <= time.time()


def test_the_room_for_files_is_told_without_the_reserve(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.FILES_DIR = tmp_path
    free = disk_usage(tmp_path).free - storage.RESERVED_BYTES
    told = samples(client)["portal_files_free_bytes"]
    assert told == pytest.approx(free, abs=100 * 1024 * 1024)
    settings.FILES_DIR = tmp_path / "not mounted"
    assert "portal_files" not in scrape(client)


def test_requests_are_counted_and_timed_by_view_in_every_process(client: Client) -> None:
    client.get("/livez")
    client.get("/khong-co/")
    before, counts = samples(client), middleware.shared_counts()
    counts.use_row(1 + middleware.MAX_PROCESSES)  # of very many some share a row
    counts.begin()  # another process, at the home page
    counts.end("reports:home", 503, 2.5)
    counts.begin()
    during = samples(client)
    counts.use_row(1)
    counts.use_row(0)
    assert before["portal_requests_total 2xx livez"] >= 1
    assert before["portal_requests_total 4xx other"] >= 1
    failed = "portal_requests_total 5xx reports:home"
    assert during[failed] == before.get(failed, 0) + 1
    assert during["portal_request_seconds_sum reports:home"] >= 2.5
    assert during["portal_web_threads_busy"] == 2
    assert during["portal_web_threads"] == 8


def test_processes_that_a_master_forks_share_one_count() -> None:
    counts = middleware.RequestCounts(["other"])
    if not (child := os.fork()):
        counts.use_row(1)
        counts.begin()
        counts.end("other", 200, 0.5)
        os._exit(0)
    os.waitpid(child, 0)
    assert list(counts.list_views()) == [("other", 0.5, [0, 1, 0, 0, 0])]


def test_every_figure_that_rules_and_dashboard_use_is_told(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.FILES_DIR = tmp_path
    ship_log(monkeypatch)
    (tmp_path / "supervisor.json").write_text('{"stalls": 0, "restarts": {"worker": 0}}')
    (tmp_path / alarms.BACKUP_FILE).write_text('{"written_at": 1.0}')
    OutboxItem.objects.filter(pk=accept().pk).update(failed_at=Now())
    queue_stats.store_queue_balance()
    alarms.check_alarms()
    client.get("/livez")
    told = {name.partition(" ")[0] for name in samples(client)}
    assert list_figures() - told == set()
    assert {name for name in told if name.startswith("portal_")} - list_figures() == set()


def test_it_answers_while_the_database_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_stats, "queue_state", Mock(side_effect=DatabaseError))
    values = samples(client)
    assert values["portal_database_up"] == 0
    assert not [name for name in values if name.startswith(("portal_reports", "portal_outbox"))]


def test_nothing_of_a_report_is_in_it(client: Client) -> None:
    item = accept()
    OutboxItem.objects.update(failed_at=Now(), error="ValueError")
    text = scrape(client)
    assert not any(word in text for word in (*STORY.split()[:3], item.key))


def test_a_web_process_that_is_not_asked_does_not_load_the_library() -> None:
    loaded = "import portal.wsgi, django.urls, sys; django.urls.resolve('/metrics');"
    assert run_script(f"{loaded} print('prometheus_client' in sys.modules)") == "False"


def test_wrong_codes_are_counted_and_without_valkey_left_out(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    before = samples(client)["portal_wrong_codes_total"]
    receipt_codes.record_wrong_code(RequestFactory().post("/theo-doi/"))
    assert samples(client)["portal_wrong_codes_total"] == before + 1
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock?db=0"
    assert "portal_wrong_codes_total" not in samples(client)
