"""The start page: what stands on it, and what it costs."""

import re
from itertools import chain

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client

from desk.models import SavedSearch
from desk.site import MENU
from reports.campaigns import bursts
from reports.models import BurstSnapshot, Case, UnitMember
from reports.monitoring import daily_counts, queue_stats
from reports.reference import gazetteer
from tests.support import alert_factories, campaign_factories, report_factories
from tests.support.desk_pages import page_of, press, statements, tree, words
from tests.support.number_factories import proposed, submit_dispute
from tests.support.officers import Person, second

pytestmark = pytest.mark.django_db

MOST_STATEMENTS = 11
LANE = "/admin/reports/report/calls/"


@pytest.fixture
def morning(lead: Person) -> Person:
    """A lead who works at a full desk: everything that the page can show is there."""
    alert_factories.commune("xa-x", "Xã X")
    for n in range(4):
        ongoing = report_factories.report(f"đang bị ép {n}")
        report_factories.add_facts(ongoing, ongoing=True)
        report_factories.decide("hand_over", report_factories.report(), lead)
    own = report_factories.report("của tôi")
    report_factories.add_facts(own, ongoing=True)
    Case.objects.filter(report=own).update(officer=lead.user, status="waiting")
    campaign_factories.campaign("Đ-26-BBB", reports=3)
    campaign_factories.campaign("Đ-26-CCC", reports=2)
    bursts.detect_and_store()
    BurstSnapshot.objects.update(bursts=[{"unit": "commune", "key": "xa-x", "days": 1, "count": 9,
                                       "usual": 1.0, "chance": 0.0, "mostly": "police_case"}])  # fmt: skip
    proposed(Person(second(), Client()))
    submit_dispute()
    SavedSearch.objects.create(owner=second(), name="Bị ép", query="viec=ongoing", is_shared=True)
    queue_stats.store_queue_balance()
    daily_counts.update_daily_counts()
    return lead


def test_a_full_start_page_takes_twelve_statements_at_most(morning: Person) -> None:
    gazetteer.communes()  # read every five minutes
    assert len(statements(morning.client, "/admin/")) <= MOST_STATEMENTS
    morning.client.post("/admin/help/tour/")
    morning.client.get("/admin/")
    assert len(statements(morning.client, "/admin/")) < MOST_STATEMENTS


def test_a_full_start_page_tells_all_of_it(morning: Person) -> None:
    page = tree(morning.client.get("/admin/"))
    text = " ".join(page.text_content().split())
    assert page.xpath("//a[.='Xem tin đang chờ: Xã X']/@href")[0].endswith(
        "?xa=xa-x&kieu=police_case"
    )
    for part in ("5 đang bị ép", "1 chờ người báo", "1 ghi nhận chờ xác nhận", "1 đề nghị xem lại, hạn",
                 "Xã X: 9 tin trong 24 giờ qua, thường khoảng 1", "Đ-26-BBB", "+3 tin trong 7 ngày",
                 "Bị ép chưa đếm", "Xem bảng số"):  # fmt: skip
        assert part in text


def test_the_lane_says_who_calls_and_what_the_last_call_came_to(duty: Person, lead: Person) -> None:
    report = report_factories.report(happening_now=True, contact="0992 000 118")
    assert "Chưa ai gọi" in words(lead.client.get(LANE))
    duty.client.post(page_of(report, "reveal-contact"), report_factories.BECAUSE)
    assert "duty đang gọi từ" in words(lead.client.get(LANE))
    press(duty.client, report, "contact", contact=Case.Contact.WRONG_NUMBER)
    assert "Số sai lúc" in words(lead.client.get(LANE))
    press(duty.client, report, "contact", contact=Case.Contact.FAMILY)
    assert "Không có ai phải gọi" in words(lead.client.get(LANE))


def test_the_next_report_comes_first_and_the_box_of_hand_overs_can_be_asked_for_again(
    morning: Person,
) -> None:
    page = tree(morning.client.get("/admin/"))
    first = page.xpath("//div[@id='content-main']/*[.//button or .//a][1]")[0]
    assert "Nhận tin tiếp theo" in first.text_content()
    (watched,) = page.xpath("//*[@data-watch]")
    assert "Chờ xác nhận, Công an xã Yên Định" in words(
        morning.client.get(watched.get("data-watch"))
    )
    assert len(statements(morning.client, watched.get("data-watch"))) <= 7


def test_the_board_holds_the_first_of_each_list(duty: Person) -> None:
    ongoing = [report_factories.report(f"bị ép {n}") for n in range(8)]
    for n, report in enumerate(ongoing):
        report_factories.add_facts(report, ongoing=True, priority=99 - n)
    mine = report_factories.report("của tôi")
    report_factories.add_facts(mine, priority=1)
    Case.objects.filter(report__in=[ongoing[7], mine]).update(officer=duty.user)
    boxes = tree(duty.client.get("/admin/")).xpath("//div[@class='board'][1]/section")
    page = [box.xpath(".//li/a/text()") for box in boxes]
    newest_first = [report.public_number for report in reversed(ongoing)]
    assert page[0] == [*newest_first, "Mở cả danh sách phải gọi"]
    assert "8 phải gọi ngay" in " ".join(tree(duty.client.get("/admin/")).text_content().split())
    assert page[1] == [ongoing[7].public_number, mine.public_number]


def test_a_unit_sees_its_own_on_the_board(duty: Person) -> None:
    unit = report_factories.unit()
    UnitMember.objects.create(user=duty.user, unit=unit)
    own, other = report_factories.report("a"), report_factories.report("b")
    for report in (own, other):
        report_factories.add_facts(report, ongoing=True, priority=60)
    Case.objects.filter(report=own).update(assigned_unit=unit)
    page = duty.read_page("/admin/")
    assert own.public_number in page
    assert other.public_number not in page


def tables_of(sql: str) -> int:
    """How many one level of a statement joins: what stands in brackets is planned by itself, but
    for a list of keys, which is one more table.
    """
    while (flat := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = flat
    return sql.count(" JOIN ") + sql.count(" IN ") + 1


@pytest.mark.parametrize("page", ["/admin/", "/admin/reports/report/"])
def test_postgresql_may_choose_where_it_begins(morning: Person, page: str) -> None:
    """Of a statement that joins more tables than that it keeps the order in which they are written,
    which is: all reports first. At a million that is the timeout.
    """
    joined = max(map(tables_of, statements(morning.client, page)))
    assert joined > set_to("join_collapse_limit") // 2, "not counted"
    assert joined <= min(map(set_to, ["join_collapse_limit", "from_collapse_limit"]))
    assert set_to("join_collapse_limit") < set_to("geqo_threshold"), "from there on it guesses"


def set_to(name: str) -> int:
    """A number that the connection's own settings give."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return int(cursor.fetchone()[0])


def test_the_menu_on_every_page_has_four_groups_and_a_link_for_each_list_an_officer_may_see(
    lead: Person, duty: Person
) -> None:
    assert set(chain.from_iterable(MENU.values())) <= {
        model.__name__ for model in admin.site._registry
    }
    names = {}
    for person in (lead, duty):
        page = tree(person.client.get("/admin/core/proposal/"))
        groups = page.xpath("//nav[@class='menu']/details[not(@class)]")
        assert [each.findtext("summary") for each in groups] == list(MENU)[: len(groups)]
        names[person.user.username] = [link.text for each in groups for link in each.iter("a")]
        start = tree(person.client.get("/admin/"))
        assert not start.xpath("//section[starts-with(@aria-labelledby,'menu-')]")  # a short page
    assert names["lead"][0] == "Tin báo"
    assert "Đơn vị nhận tin" in names["lead"]
    assert set(names["duty"]) < set(names["lead"])
    assert duty.client.get("/admin/reports/")["Location"] == "/admin/"


def test_the_desk_says_whose_it_is() -> None:
    assert admin.site.site_title == "Trực ban tiếp nhận tin, PV01"
