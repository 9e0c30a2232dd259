"""From a report to the next one, by keys and after decisions; colleagues at the same report."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from lxml import html

from accounts.models import DeskPreference
from desk.models import ReportViewer
from desk.reports import navigation
from reports.cases import workflow
from reports.models import Case, Report
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, STORY, open_page, page_of, press, words
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db: None) -> list[Report]:
    """Reports in the order of the queue."""
    reports = [report_factories.report(f"Họ gọi {n}.") for n in range(3)]
    for report, priority in zip(reports, (90, 60, 30), strict=True):
        report_factories.add_facts(report, priority=priority)
    return reports


def step(client: Client, report: Report, way: str, filters: str = "") -> str:
    answer = client.get(page_of(report, way), {"_changelist_filters": filters} if filters else {})
    assert answer.status_code == 302
    return answer.headers["Location"]


def test_next_and_previous_follow_the_queue(duty: Person, three: list[Report]) -> None:
    first, second, third = three
    assert step(duty.client, first, "next") == page_of(second)
    assert step(duty.client, third, "previous") == page_of(second)
    assert step(duty.client, third, "next") == QUEUE
    assert step(duty.client, first, "previous") == QUEUE


def test_steps_stay_in_the_list_that_the_officer_came_from(
    duty: Person, three: list[Report]
) -> None:
    first, _, third = three
    for report in (first, third):
        workflow.decide("take", report.pk, by=duty.user, version=1)
    filtered = "?_changelist_filters=viec%3Dmine"
    assert step(duty.client, first, "next", "viec=mine") == page_of(third) + filtered
    assert step(duty.client, third, "next", "viec=mine") == f"{QUEUE}?viec=mine"


@pytest.mark.parametrize(
    "filters", ["viec=x&kieu=%00", "x__y=1", "p=9999", "q=%", "e=1", "a" * 3000]
)
def test_nonsense_filters_lead_somewhere(duty: Person, three: list[Report], filters: str) -> None:
    assert step(duty.client, three[0], "next", filters).startswith(QUEUE)


def test_a_filter_cannot_lead_off_the_desk(duty: Person, three: list[Report]) -> None:
    there = step(duty.client, three[2], "next", "//evil.example/?a=b\r\nX: y")
    assert there.startswith(f"{QUEUE}?")
    assert "\n" not in there


def test_after_a_decision_the_next_report_is_there_with_a_way_back(
    duty: Person, three: list[Report]
) -> None:
    answer = press(duty.client, three[0], "junk", then="next")
    assert answer.headers["Location"] == page_of(three[1])
    after = duty.client.get(page_of(three[1]))
    assert f"Xem lại tin {three[0].public_number}" in words(after)
    assert page_of(three[0]) in after.content.decode()


def test_the_last_decision_leads_to_the_list(duty: Person, three: list[Report]) -> None:
    answer = press(duty.client, three[2], "junk", then="next")
    assert answer.headers["Location"] == QUEUE


@pytest.mark.parametrize("verb", ["take", "note", "message"])
def test_what_ends_nothing_stays(duty: Person, three: list[Report], verb: str) -> None:
    answer = press(duty.client, three[0], verb, then="next")
    assert answer.headers["Location"] == page_of(three[0])


def test_who_likes_to_stay_stays(duty: Person, three: list[Report]) -> None:
    assert open_page(duty.client, three[0]).xpath("//input[@name='then']")
    duty.client.post(page_of(three[0], "habit"), {"name": "advance_after_action", "to": "off"})
    assert not open_page(duty.client, three[0]).xpath("//input[@name='then']")
    assert press(duty.client, three[0], "junk").headers["Location"] == page_of(three[0])


def test_keys_can_be_switched_off_and_stay_off_at_the_next_log_in(
    duty: Person, three: list[Report]
) -> None:
    from tests.support.officers import log_in

    assert open_page(duty.client, three[0]).xpath("//*[@aria-keyshortcuts='n']")
    duty.client.post(page_of(three[0], "habit"), {"name": "keyboard_shortcuts", "to": "off"})
    again = log_in(duty.user)
    for page in (page_of(three[0]), QUEUE):
        assert b"aria-keyshortcuts" not in again.get(page).content
    again.post(page_of(three[0], "habit"), {"name": "keyboard_shortcuts", "to": "on"})
    assert b"aria-keyshortcuts" in again.get(QUEUE).content


def test_no_key_is_given_twice(lead: Person, three: list[Report]) -> None:
    """Keys of the page; what is pressed together acts within the form that is being typed in."""
    every = open_page(lead.client, three[0]).xpath("//@aria-keyshortcuts")
    keys = [key for key in every if "+" not in key]
    assert len(keys) == len(set(keys)) > 10
    from desk.reports.decision_forms import KEYS

    assert len(set(KEYS.values()) | {"j", "k", "?"}) == len(KEYS) + 3


def test_a_habit_that_nobody_has_is_not_found(duty: Person, three: list[Report]) -> None:
    assert duty.client.post(page_of(three[0], "habit"), {"name": "is_superuser"}).status_code == 404
    assert not DeskPreference.objects.exists()


def test_a_colleague_who_has_the_report_open_is_named(
    duty: Person, lead: Person, three: list[Report]
) -> None:
    duty.user.first_name = "<b>Dũng</b>"
    duty.user.save()
    assert "cũng đang mở" not in words(duty.client.get(page_of(three[0])))
    page = lead.client.get(page_of(three[0]))
    assert "<b>Dũng</b> cũng đang mở tin này, vừa xong." in words(page)
    assert "<b>Dũng" not in page.content.decode()
    assert "cũng đang mở" not in words(lead.client.get(page_of(three[1])))


def test_who_went_is_named_no_more(duty: Person, lead: Person, three: list[Report]) -> None:
    navigation.record_viewer(three[0].pk, duty.user)
    _age(navigation.FRESH_SECONDS + 1)
    assert "cũng đang mở" not in words(lead.client.get(page_of(three[0])))


def test_a_beat_keeps_one_row_and_tells_of_others(
    duty: Person, lead: Person, three: list[Report]
) -> None:
    for _ in range(3):
        text = duty.client.post(page_of(three[0], "here"))
    assert text.json() == {"others": []}
    assert ReportViewer.objects.count() == 1
    assert lead.client.post(page_of(three[0], "here")).json() == {
        "others": ["duty cũng đang mở tin này, vừa xong."]
    }


def test_old_presence_goes_with_the_next_look(duty: Person, three: list[Report]) -> None:
    for report in three[:2]:
        navigation.record_viewer(report.pk, duty.user)
    _age(3601)
    navigation.record_viewer(three[2].pk, duty.user)
    assert ReportViewer.objects.get().report == three[2]


def _age(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE desk_reportviewer SET last_seen_at = last_seen_at - make_interval(secs => %s)",
            [seconds],
        )


def test_being_here_is_no_decision_and_not_on_record(duty: Person, three: list[Report]) -> None:
    duty.client.post(page_of(three[0], "here"))
    assert Case.objects.get(report=three[0]).version == 1


@pytest.mark.parametrize(("way", "method"), [("next", "get"), ("here", "post"), ("habit", "post")])
def test_who_may_not_see_the_report_is_refused(
    editor: Person, three: list[Report], way: str, method: str
) -> None:
    ask: Any = getattr(editor.client, method)
    assert ask(page_of(three[0], way)).status_code == 403
    assert not ReportViewer.objects.exists()


@pytest.mark.parametrize("way", ["next", "previous", "here", "habit"])
def test_a_report_that_is_not_there_is_not_found(duty: Person, way: str) -> None:
    address = f"/admin/reports/report/00000000-0000-0000-0000-000000000000/{way}/"
    ask: Any = duty.client.post if way in {"here", "habit"} else duty.client.get
    assert ask(address).status_code == 404


def test_a_lost_race_tells_all_that_was_done_meanwhile(duty: Person, lead: Person) -> None:
    report = report_factories.triaged(STORY)
    press(lead.client, report, "take")
    press(lead.client, report, "note", reason="đã gọi lại")
    late = duty.client.post(page_of(report, "junk"), {"version": 1, "reason": "Tin quảng cáo"})
    assert late.status_code == 409
    told = html.document_fromstring(late.content.decode()).find_class("messagelist")[0]
    text = " ".join(told.text_content().split())
    assert "ghi chú; lead vừa xử lý tin này lúc" in text
    assert "nhận xử lý." in text


def test_the_forms_begin_empty_beside_what_the_report_suggests(duty: Person) -> None:
    report = report_factories.triaged("Xưng công an, dọa bắt. Chưa mất tiền.")
    tree = open_page(duty.client, report)
    suggested = {"close": "Giả danh công an", "hand_over": "thiệt hại", "junk": ""}
    for verb, words_of_it in suggested.items():
        reason = tree.get_element_by_id(f"{verb}_reason")
        assert (reason.text or "").strip() == ""
        buttons = reason.getparent().getparent().xpath(".//button[@name='suggested']/@value")
        assert [words_of_it in value for value in buttons] == [True] * bool(words_of_it)
    create_officer("ai", "duty")
