"""What is wrong with the queue stands above every page of the desk, for those who see reports."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client

from core.models import OutboxItem
from core.outbox import queue
from reports.models import Alarm, QueueSnapshot, Report
from reports.monitoring import queue_stats
from reports.submission import intake
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, banner, list_reports, page_of, statements, tree, words
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db

PAGES = ["", "reports/report/", "reports/report/{}/change/", "alerts/alert/", "password_change/"]


def late(minutes: int = 12) -> Report:
    report = report_factories.report()
    OutboxItem.objects.update(created_at=Now() - timedelta(minutes=minutes))
    return report


def test_a_quiet_desk_has_no_banner(duty: Person) -> None:
    report_factories.report()
    assert banner(duty.client) == ""


@pytest.mark.parametrize("address", PAGES)
def test_every_page_of_the_desk_tells_it_calmly(lead: Person, address: str) -> None:
    page = lead.client.get(f"/admin/{address.format(late().pk)}")
    assert "1 tin chờ máy đọc, lâu nhất 12 phút." in words(page)
    assert "Tin không mất" in words(page)
    assert [box.get("role") for box in tree(page).find_class("alarms")] == ["status"]


def test_the_banner_needs_no_watcher(duty: Person) -> None:
    late()
    assert not Alarm.objects.exists()
    assert banner(duty.client)
    OutboxItem.objects.update(done_at=Now())
    Alarm.objects.create(kind="late", count=1)
    assert banner(duty.client) == ""


@pytest.mark.parametrize(
    "kind", ["backup", "disk", "connections", "busy", "valkey", "hosts", "certificate", "zalo"]
)
def test_what_is_wrong_with_the_machine_is_told(lead: Person, kind: str) -> None:
    Alarm.objects.create(kind=kind, count=1)
    assert "Báo kỹ thuật." in banner(lead.client)


@pytest.mark.parametrize(
    "kind", ["unpurged", "breach", "skipped", "looks", "takedowns", "unreceived"]
)
def test_a_purge_or_a_breach_that_is_late_or_very_many_looks_are_told(
    lead: Person, duty: Person, kind: str
) -> None:
    Alarm.objects.create(kind=kind, count=1)
    text = {
        "unpurged": "chưa xóa xong dữ liệu hết hạn",
        "breach": "đã quá hạn báo. Mở sự cố",
        "skipped": "1 việc máy làm không xong",
        "looks": "1 cán bộ mở dữ liệu cá nhân từ 30 lần trở lên trong mười phút, trong một ngày qua. Xem ai đã xem gì",
        "unreceived": "1 công văn đề nghị chặn quá giờ chưa được xác nhận. Xem và gọi nơi chặn",
        "takedowns": "1 cán bộ muốn gỡ quá nhiều số công bố, trong một ngày qua. Xem các đề nghị",
    }
    assert text[kind] in banner(lead.client)
    assert not any(act in banner(duty.client) for act in ("Mở sự cố", "Xem ai"))
    assert banner(duty.client)
    Alarm.objects.update(count=0)  # it is over
    assert banner(lead.client) == ""


def test_what_failed_leads_to_its_reports_until_it_is_read_again(duty: Person) -> None:
    stuck = report_factories.report("a")
    OutboxItem.objects.update(failed_at=Now())
    assert "không đọc được" in banner(duty.client)
    (link,) = tree(duty.client.get("/admin/")).xpath("//*[@class='alarms']//a/@href")
    assert list_reports(duty.client, link.removeprefix(QUEUE)) == [stuck]
    queue.enqueue(intake.TRIAGE_TASK, stuck.pk)
    assert banner(duty.client) == ""


def test_an_equation_that_is_false_is_told_with_its_time(duty: Person) -> None:
    report_factories.report()
    OutboxItem.objects.all().delete()
    queue_stats.store_queue_balance()
    assert "1 tin chưa vào hàng máy đọc (đếm lúc" in banner(duty.client)


def test_a_count_that_nobody_takes_is_told(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    report_factories.report()
    with monkeypatch.context() as patched:
        patched.setattr(queue_stats, "STALE_AFTER_SECONDS", 0)
        assert "Máy chưa đếm số tin lần nào" in banner(duty.client)
    queue_stats.store_queue_balance()
    assert banner(duty.client) == ""
    QueueSnapshot.objects.update(counted_at=Now() - timedelta(minutes=16))
    assert "Đã 16 phút máy chưa đếm lại số tin" in banner(duty.client)


def test_an_editor_of_warnings_is_not_told(editor: Person) -> None:
    late()
    assert banner(editor.client) == ""
    assert not [sql for sql in statements(editor.client, "/admin/") if "outboxitem" in sql]


def test_who_has_not_given_the_second_factor_is_not_told() -> None:
    late()
    client = Client()
    client.force_login(create_officer("nửa đường", "duty"), backend="accounts.backends.DeskBackend")
    assert banner(client, "/admin/login/") == ""


def test_a_report_says_why_the_machine_has_not_read_it(duty: Person) -> None:
    report = report_factories.report()
    OutboxItem.objects.update(attempts=2, error="OperationalError")
    text = words(duty.client.get(page_of(report)))
    assert "Đã thử 2 lần, lỗi OperationalError; máy sẽ thử lại." in text
    OutboxItem.objects.update(failed_at=Now(), attempts=5, error="ValueError")
    text = words(duty.client.get(page_of(report)))
    assert "5 lần thử, lỗi ValueError. Tin này cần người đọc." in text
    assert "Thường chỉ vài giây" not in text


def test_facts_of_an_earlier_reading_stay_beside_a_failed_one(duty: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.")
    OutboxItem.objects.update(failed_at=Now(), attempts=5, error="ValueError")
    text = words(duty.client.get(page_of(report)))
    assert "Tin này cần người đọc" in text
    assert "Gợi ý của máy" in text
