"""The queue: order, filters, search, and what it costs."""

import re
from collections.abc import Callable
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from core.models import OutboxItem
from desk.pages import lists
from desk.reports import queue_counts
from reports.models import Case, Deadline, QueueSnapshot, Report
from reports.monitoring import queue_stats
from tests.support import report_factories
from tests.support.alert_factories import commune
from tests.support.desk_pages import QUEUE, list_reports, statements, tree
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

STORY = "Mẹ tôi bị ép rút sổ tiết kiệm, họ xưng là công an tỉnh."


def words(client: Client, query: str = "") -> str:
    """What a person reads on the page."""
    return " ".join(tree(client.get(f"{QUEUE}{query}")).text_content().split())


def stand(report: Report, **decided: object) -> None:
    Case.objects.filter(report=report).update(**decided)


def test_the_unread_comes_first_then_the_most_urgent_then_the_oldest(duty: Person) -> None:
    low, high, unread, later = (report_factories.report(f"tin {n}") for n in range(4))
    for report, priority in ((low, 20), (high, 50), (later, 20)):
        report_factories.add_facts(report, priority=priority)
    assert list_reports(duty.client) == [unread, high, low, later]


@pytest.mark.parametrize("work", ["", "?viec=unassigned"])
def test_a_victim_of_now_stands_before_all_that_waited_longer(duty: Person, work: str) -> None:
    stale, unread, older, newer = (report_factories.report(f"tin {n}") for n in range(4))
    report_factories.add_facts(stale, priority=100)
    began = timezone.now() - timedelta(days=7)
    Deadline.objects.create(report=stale, kind="call", started_at=began, due_at=began)
    stand(stale, due_at=began)
    for report in (older, newer):
        report_factories.add_facts(report, priority=65)
    assert list_reports(duty.client, work) == [newer, older, unread, stale]


@pytest.mark.parametrize(
    ("priority", "word"),
    [(100, "Rất khẩn"), (80, "Rất khẩn"), (79, "Khẩn"), (60, "Khẩn"), (59, "Vừa"), (40, "Vừa"),
     (39, "Thấp"), (20, "Thấp"), (19, "Sau cùng"), (0, "Sau cùng")],
)  # fmt: skip
def test_a_priority_is_a_word_with_its_figure_in_the_title(
    duty: Person, priority: int, word: str
) -> None:
    report_factories.add_facts(report_factories.report(), priority=priority)
    badge = tree(duty.client.get(QUEUE)).find_class("urgent")[0]
    assert (badge.text, badge.get("title")) == (word, f"{priority} trên 100")


def test_a_row_says_what_an_officer_needs(duty: Person) -> None:
    at = commune("xa_x", "Xã Mẫu").pk
    report = report_factories.report(STORY, caller_number="0550 000 123", commune_id=at)
    report_factories.add_facts(report, priority=90, money_lost_vnd=35_500_000)
    for n in range(2):
        report_factories.number(report_factories.report(f"khác {n}"), "+84550000123")
    report_factories.number(report, "+84550000123")
    row = words(duty.client)
    for part in (report.public_number, "rút sổ tiết kiệm", "vừa xong còn", "×3", "Mới",
                 "Giả danh công an báo dính vụ án. Mất 35,5 triệu", "Xã Mẫu"):  # fmt: skip
        assert part in row
    assert "trên 100" not in row  # the figure stands in a title


def test_the_count_of_a_foreign_number_leads_to_its_reports(duty: Person) -> None:
    abroad = {report_factories.report(f"tin {n}") for n in range(2)}
    for report in abroad:
        report_factories.number(report, "+447700900123")
    tags = tree(duty.client.get(QUEUE))
    (link,) = {tag.get("href") for tag in tags.find_class("tag") if tag.get("href")}
    assert link == "?q=%2B447700900123&viec=all"
    assert set(list_reports(duty.client, link)) == abroad


FILTERS = {"": "NRWB", "open": "NRWB", "ongoing": "B", "unassigned": "NWB", "mine": "R",
           "waiting": "W", "all": "NRWBC", "nonsense": "NRWB"}  # fmt: skip


@pytest.mark.parametrize(("chosen", "expected"), FILTERS.items())
def test_the_queue_is_filtered_by_the_work_wanted(duty: Person, chosen: str, expected: str) -> None:
    reports = {letter: report_factories.report(f"tin {letter}") for letter in "NRWBC"}
    for letter, report in reports.items():
        report_factories.add_facts(report, ongoing=letter == "B")
    stand(reports["R"], status="in_review", officer=duty.user)
    stand(reports["W"], status="waiting")
    stand(reports["C"], status="closed", outcome="duplicate")
    found = set(list_reports(duty.client, f"?viec={chosen}"))
    assert found == {reports[letter] for letter in expected}


def test_who_must_be_called_comes_first_the_latest_before_all_whatever_marks_they_have(
    duty: Person,
) -> None:
    reached, old, new, stale = (report_factories.report(f"tin {n}") for n in range(4))
    lowered = report_factories.report("bị xếp dưới", flags=["too_fast"])
    for report, priority in ((reached, 99), (old, 70), (new, 70), (stale, 70), (lowered, 60)):
        report_factories.add_facts(report, ongoing=True, priority=priority)
    now = timezone.now()
    for report, since in ((old, 600), (new, 1), (stale, 1500), (lowered, 30)):
        started = now - timedelta(minutes=since)
        Deadline.objects.create(report=report, kind="call", started_at=started, due_at=now)
    Deadline.objects.create(report=reached, kind="call", started_at=now, due_at=now, met_at=now)
    assert list_reports(duty.client, "?viec=call") == [new, lowered, old]
    assert list_reports(duty.client, "?viec=ongoing")[:3] == [new, lowered, old]
    assert "Phải gọi ngay: 3 người" in words(duty.client)
    lane = tree(duty.client.get(f"{QUEUE}calls/"))
    shown = lane.xpath("//*[@class='number']/text()")
    assert shown == [str(report.public_number) for report in (new, lowered, old)]


@pytest.mark.parametrize("status", ["new", "closed"])
@pytest.mark.parametrize(
    "typed", ["rút sổ", "rut so tiet kiem", "RÚT  SỔ", "kiem rut", "công an tỉnh"]
)
def test_words_are_found_with_marks_and_without_in_closed_reports_too(
    duty: Person, typed: str, status: str
) -> None:
    report = report_factories.triaged(STORY)
    report_factories.triaged("Nhân viên điện lực gọi.")
    stand(report, status=status, outcome="duplicate" if status == "closed" else "")
    assert list_reports(duty.client, q=typed) == [report]


@pytest.mark.parametrize("dress", [str, str.lower, lambda number: number.replace("-", " ")])
def test_a_report_is_found_by_its_number(duty: Person, dress: Callable[[str], str]) -> None:
    report = report_factories.report()
    report_factories.report("khác")
    assert list_reports(duty.client, q=dress(report.public_number)) == [report]


def test_a_page_of_fifty_takes_twelve_statements_at_most(duty: Person) -> None:
    for n in range(60):
        report = report_factories.report(f"tin {n}", caller_number="0550 000 123")
        report_factories.add_facts(report)
        report_factories.number(report, "+84550000123")
    assert len(list_reports(duty.client)) == 50
    for query in ({}, {"p": "2"}, {"q": "0550 000 123", "viec": "all"}, {"kieu": "police_case"}):
        assert len(statements(duty.client, QUEUE, **query)) <= 12


def test_an_empty_list_says_so(duty: Person) -> None:
    assert "Không có tin nào ở đây." in words(duty.client)
    page = words(duty.client, "?q=khongcochunao")
    assert "Không có kết quả cho “khongcochunao”." in page
    assert "Thao tác" not in page  # there is nothing to do it with
    report_factories.report()
    assert "Không có tin nào ở đây." not in words(duty.client)


def test_open_reports_are_looked_up_by_their_keys(duty: Person) -> None:
    report = report_factories.report()
    for work in ("open", "ongoing", "overdue", "unassigned", "mine", "waiting", "answered"):
        every = statements(duty.client, QUEUE, viec=work)
        keys = [sql for sql in every if 'report"."id" AS "pk"' in sql]
        assert keys
        assert all('"reports_report"."id" = ANY(ARRAY(SELECT' in sql for sql in keys)
    assert list_reports(duty.client) == [report]


def test_nothing_counts_the_whole_table(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_PAGED_ROWS", 3)
    for n in range(5):
        report_factories.report(f"tin {n}")
    counting = [sql for sql in statements(duty.client, QUEUE, viec="all") if "COUNT(*)" in sql]
    assert [sql for sql in counting if "LIMIT 3" not in sql] == []
    assert duty.client.get(QUEUE).context["cl"].result_count == 3


@pytest.mark.parametrize("address", ["/admin/", QUEUE])
def test_strip_and_banner_share_one_statement_and_no_count(duty: Person, address: str) -> None:
    report_factories.report()
    OutboxItem.objects.update(created_at=Now() - timedelta(minutes=12))
    every = statements(duty.client, address)
    counting = re.compile(r"count\(\*\) FROM reports_report\b", re.IGNORECASE)
    assert [sql for sql in every if counting.search(sql.replace('"', ""))] == []
    assert len([sql for sql in every if "reports_queuesnapshot" in sql]) == 1


def test_the_strip_counts_what_waits_now_and_shows_the_total_with_its_time(duty: Person) -> None:
    report_factories.add_facts(report_factories.report("a"), ongoing=True)
    queue_stats.store_queue_balance()
    report_factories.report("b")
    at = timezone.localtime(QueueSnapshot.objects.get().counted_at)
    text = words(duty.client)
    for part in ("1 máy chưa đọc", "1 đang bị ép", "2 chưa phân công",
                 "2 chờ máy đọc, 0 không đọc được", f"đã nhận 1 (đếm lúc {at:%H:%M})"):  # fmt: skip
        assert part in text
    assert "Số cũ" not in text


def test_the_strip_says_how_old_and_how_true_its_count_is(duty: Person) -> None:
    assert "Chưa đếm tổng số tin" in words(duty.client)
    QueueSnapshot.objects.create(accepted=12_345, done=12_345, waiting=0, failed=0)
    assert "chờ máy đọc" not in words(duty.client)  # nothing waits: nothing to say
    QueueSnapshot.objects.update(counted_at=Now() - timedelta(days=3))
    text = words(duty.client)
    assert "đã nhận 12.345 (đếm lúc" in text
    assert "Số cũ: đã 3 ngày không đếm lại" in text
    assert re.search(r"đếm lúc \d\d:\d\d, \d\d/\d\d", text)
    report_factories.report()
    OutboxItem.objects.all().delete()
    queue_stats.store_queue_balance()
    assert "Lệch 1 tin" in words(duty.client)


@pytest.mark.parametrize("trouble", [DatabaseError, InterfaceError])
def test_the_queue_stands_without_its_count(
    trouble: type[Exception], duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_counts, "queue_state", Mock(side_effect=trouble))
    assert "Chưa đếm được" in words(duty.client)


def test_what_the_machine_gave_up_on_is_a_list_of_its_own(duty: Person) -> None:
    stuck, _ = report_factories.report("a"), report_factories.report("b")
    OutboxItem.objects.filter(key=str(stuck.pk)).update(failed_at=Now())
    stand(stuck, status="closed", outcome="duplicate")
    assert list_reports(duty.client, "?viec=stuck") == [stuck]
    assert "Máy không đọc được (1)" in words(duty.client)
