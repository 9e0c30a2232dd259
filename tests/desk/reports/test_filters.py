"""The lists beside the queue: what they count, how each narrows, what they make of bad input."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from desk.labels import codes, highlighting
from desk.reports import filters
from reports.facts.abuse_flags import ADDRESS_BUSY
from reports.models import Case, FloodSample, Report
from tests.support import report_factories
from tests.support.alert_factories import commune
from tests.support.desk_pages import QUEUE, list_reports, tree
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def offered(person: Person, **query: str) -> dict[str, str]:
    """What the lists offer: the words of each link, and its address."""
    links = tree(person.client.get(QUEUE, query)).xpath("//nav[@id='changelist-filter']//li/a")
    return {link.text_content(): link.get("href") for link in links}


@pytest.fixture
def varied(duty: Person) -> dict[str, Report]:
    """Two that wait and differ in everything, and one that is done."""
    here = {"commune_id": commune("xa_x", "Xã Mẫu").pk}
    of_x = report_factories.report("a", channel="hidden", flags=("masked_id",), **here)
    other, done = report_factories.report("b", channel="app"), report_factories.report("c", **here)
    bank: dict[str, Any] = {"scenario": "bank", "priority": 85}
    more = {"money_lost_vnd": 200_000_000, "offices": ["cong-an-tinh"], "ongoing": True}
    report_factories.add_facts(of_x, **bank, **more)
    report_factories.add_facts(done, **bank)
    Case.objects.filter(report=of_x).update(status="in_review", officer=duty.user)
    Case.objects.filter(report=done).update(status="closed", outcome="duplicate")
    return {"x": of_x, "other": other, "done": done}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"muc": "5"}, {"x"}), ({"muc": "0"}, {"other"}), ({"muc": "3"}, set()),
        ({"kieu": "bank"}, {"x"}), ({"kieu": "bank", "viec": "all"}, {"x", "done"}),
        ({"tien": "lost"}, {"x"}), ({"tien": "much"}, {"x"}), ({"tien": "unknown"}, set()),
        ({"xa": "xa_x"}, {"x"}), ({"xa": "none"}, {"other"}),
        ({"xung": "cong-an-tinh"}, {"x"}), ({"kenh": "app"}, {"other"}),
        ({"kenh": "hidden", "muc": "5"}, {"x"}), ({"kenh": "hidden", "muc": "0"}, set()),
        ({"nguon": "web"}, {"x", "other"}), ({"nguon": "desk"}, set()), ({"dau": "masked_id"}, {"x"}),
    ],
)  # fmt: skip
def test_each_list_narrows_the_queue(
    duty: Person, varied: dict[str, Report], query: dict[str, str], expected: set[str]
) -> None:
    assert set(list_reports(duty.client, **query)) == {varied[name] for name in expected}


def test_the_mark_of_a_flood_is_counted_and_narrows(
    duty: Person, varied: dict[str, Report]
) -> None:
    FloodSample.objects.create(report=varied["other"], flags=[ADDRESS_BUSY])
    said = highlighting.plain_line(codes.flag_label(ADDRESS_BUSY), filters.MAX_VALUE_CHARS)
    assert f"{said} (1)" in offered(duty)
    assert set(list_reports(duty.client, dau=ADDRESS_BUSY)) == {varied["other"]}


def test_only_open_cases_are_counted(duty: Person, varied: dict[str, Report]) -> None:
    links = offered(duty)
    counted = ["Rất khẩn", "máy chưa đọc", "Xã Mẫu", "cong-an-tinh", "Đang bị ép"]
    for said in counted:
        assert [words for words in links if words.startswith(f"{said} (1)")], said
    assert "Xã Mẫu (2)" not in links


def test_an_officers_cases_are_a_list_by_name(duty: Person, varied: dict[str, Report]) -> None:
    assert set(list_reports(duty.client, **{"can-bo": str(duty.user.pk)})) == {varied["x"]}
    minh = create_officer("minh", "duty")
    Case.objects.filter(report=varied["other"]).update(officer=minh)
    assert offered(duty)["minh (1)"] == f"?can-bo={minh.pk}"


def test_a_chosen_value_that_occurs_no_more_can_be_let_go(duty: Person) -> None:
    links = offered(duty, kieu="bank")
    assert [words for words in links if words.endswith("(0)")]
    assert links["Tất cả"] == "?"


@pytest.mark.parametrize("value", ["\0", "<script>", "9" * 40, "٣", "x" * 100_000])
def test_what_nobody_knows_finds_nothing_and_breaks_nothing(
    duty: Person, varied: dict[str, Report], value: str
) -> None:
    for name in (str(each.parameter_name) for each in filters.NARROWING):
        answer = duty.client.get(QUEUE, {name: value})
        assert answer.status_code == 200, name
        assert value == "\0" or not list(answer.context["cl"].result_list), name
        assert len(answer.content) < 200_000, name
        assert b"<script>" not in answer.content.replace(b"<script src", b""), name


def test_of_one_word_the_deadline_decides(duty: Person) -> None:
    late, soon, graver = (report_factories.report(name) for name in "abc")
    for report, priority, hours in ((late, 41, -2), (soon, 58, 3), (graver, 80, 50)):
        report_factories.add_facts(report, priority=priority)
        due = timezone.now() + timedelta(hours=hours)
        Case.objects.filter(report=report).update(due_at=due)
    assert list_reports(duty.client) == [graver, late, soon]
    assert set(list_reports(duty.client, viec="overdue")) == {late}
    assert "Quá hạn (1)" in offered(duty)


def test_rare_values_are_sought_among_the_newest_alone(
    duty: Person, varied: dict[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "MAX_FILTERED_ROWS", 1)
    assert set(list_reports(duty.client, viec="all", kieu="bank")) == {varied["done"]}
    today = timezone.localdate()
    for days, found in ((61, {varied["x"], varied["done"]}), (62, {varied["done"]})):
        period = f"{today - timedelta(days=days)}..{today}"
        assert set(list_reports(duty.client, viec="all", kieu="bank", ky=period)) == found


def test_days_that_are_none_find_nothing_and_usual_days_are_offered(
    duty: Person, varied: dict[str, Report]
) -> None:
    today = timezone.localdate()
    for typed in ("x", "2026-13-01..2026-13-02", f"{today}..0001-01-01", "9999-12-31..9999-12-31"):
        assert list_reports(duty.client, viec="all", ky=typed) == []
    assert len(list_reports(duty.client, viec="all", ky=f"{today}..{today}")) == len(varied)
    assert list_reports(duty.client, viec="all", **{"so-lieu": "x"}) == []
    assert "Hôm nay" in offered(duty)
