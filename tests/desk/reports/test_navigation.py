"""From a report to the next one, by keys and after decisions; colleagues at the same report."""

from functools import partial
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from accounts.models import DeskPreference
from desk.labels.decisions import SHORTCUT_KEYS
from desk.models import ReportViewer
from desk.reports import navigation
from reports.cases import workflow
from reports.models import Case, Report
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.desk_pages import QUEUE, open_page, page_of, press, words
from tests.support.officers import Person, create_officer, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db: None) -> list[Report]:
    """Reports in the order of the queue."""
    reports = [report_factories.report(f"Họ gọi {n}.") for n in range(3)]
    for report, priority in zip(reports, (90, 50, 30), strict=True):
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


def test_steps_stay_in_the_list_one_came_from(duty: Person, three: list[Report]) -> None:
    first, _, third = three
    for report in (first, third):
        workflow.decide("take", report.pk, by=duty.user, version=1)
    filtered = "?_changelist_filters=viec%3Dmine"
    assert step(duty.client, first, "next", "viec=mine") == page_of(third) + filtered
    assert step(duty.client, third, "next", "viec=mine") == f"{QUEUE}?viec=mine"


@pytest.mark.parametrize(
    "filters",
    ["viec=x&kieu=%00", "x__y=1", "p=9999", "q=%", "e=1", "a" * 3000,
     "//evil.example/?a=b\r\nX: y"],
)  # fmt: skip
def test_nonsense_filters_lead_nowhere_else(
    duty: Person, three: list[Report], filters: str
) -> None:
    for report in (three[0], three[2]):
        there = step(duty.client, report, "next", filters)
        assert there.startswith(QUEUE)
        assert "\n" not in there


@pytest.mark.parametrize(
    ("at", "verb", "leads_to"),
    [(0, "junk", 1), (2, "junk", None), (0, "take", 0), (0, "note", 0), (0, "message", 0)],
)
def test_after_an_ending_the_next_report_is_there_and_after_the_last_the_list(
    duty: Person, three: list[Report], at: int, verb: str, leads_to: int | None
) -> None:
    there = press(duty.client, three[at], verb, then="next", anyway="on").headers["Location"]
    assert there == (QUEUE if leads_to is None else page_of(three[leads_to]))


def test_the_next_report_has_a_way_back(duty: Person, three: list[Report]) -> None:
    press(duty.client, three[0], "junk", then="next", anyway="on")
    after = duty.client.get(page_of(three[1]))
    assert f"Xem lại tin {three[0].public_number}" in words(after)
    assert page_of(three[0]) in after.content.decode()


def test_who_likes_to_stay_stays(duty: Person, three: list[Report]) -> None:
    assert open_page(duty.client, three[0]).xpath("//input[@name='then']")
    duty.client.post(page_of(three[0], "habit"), {"name": "advance_after_action", "to": "off"})
    assert not open_page(duty.client, three[0]).xpath("//input[@name='then']")
    after = press(duty.client, three[0], "junk", anyway="on")
    assert after.headers["Location"] == page_of(three[0])


def test_keys_are_switched_off_for_the_next_log_in_too(duty: Person, three: list[Report]) -> None:
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
    assert len(set(SHORTCUT_KEYS.values()) | {"j", "k", "?"}) == len(SHORTCUT_KEYS) + 3


def test_a_habit_that_nobody_has_is_not_found(duty: Person, three: list[Report]) -> None:
    assert duty.client.post(page_of(three[0], "habit"), {"name": "is_superuser"}).status_code == 404
    assert not DeskPreference.objects.exists()


def test_a_colleague_at_the_report_is_named(
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


def test_a_beat_keeps_one_row_tells_of_others_and_is_no_decision(
    duty: Person, lead: Person, three: list[Report]
) -> None:
    for _ in range(3):
        text = duty.client.post(page_of(three[0], "here"))
    assert text.json() == {"others": []}
    assert ReportViewer.objects.count() == 1
    others = lead.client.post(page_of(three[0], "here")).json()
    assert others == {"others": ["duty cũng đang mở tin này, vừa xong."]}
    assert Case.objects.get(report=three[0]).version == 1


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


@pytest.mark.parametrize("way", ["next", "previous", "here", "habit"])
def test_a_report_that_is_not_there_is_not_found(duty: Person, way: str) -> None:
    ask = duty.client.post if way in {"here", "habit"} else duty.client.get
    assert ask(f"{QUEUE}{UUID(int=0)}/{way}/").status_code == 404


def test_the_next_report_is_the_first_of_the_queue_that_nobody_works_on(
    duty: Person, lead: Person
) -> None:
    later, urgent = report_factories.report("sau"), report_factories.report("gấp")
    report_factories.add_facts(later, priority=20)
    report_factories.add_facts(urgent, priority=90)
    for report, who in ((urgent, duty), (later, lead)):
        assert who.client.post(f"{QUEUE}next/").headers["Location"] == page_of(report)
        assert Case.objects.get(report=report).officer == who.user
    assert duty.client.post(f"{QUEUE}next/").headers["Location"] == QUEUE
    assert "Không còn tin nào chưa ai nhận" in duty.read_page(QUEUE)


def test_what_was_given_back_while_it_waited_is_next_once_the_reporter_has_answered(
    duty: Person, lead: Person
) -> None:
    report = report_factories.report()
    for verb in ("ask", "give_back"):
        report_factories.decide(verb, report, duty)
    assert lead.client.post(f"{QUEUE}next/").headers["Location"] == QUEUE
    report_factories.add_followup(report, story="Số tài khoản là 0000123456.")
    assert lead.client.post(f"{QUEUE}next/").headers["Location"] == page_of(report)
    assert Case.objects.get().officer == lead.user


def test_a_crime_report_that_came_back_to_nobody_is_next(duty: Person, lead: Person) -> None:
    report = report_factories.report()
    report_factories.decide("act", report, lead)
    report_factories.decide("hand_over", report, lead)
    former = report_factories.create_unit_officer(report_factories.unit("Công an xã B"), "khac")
    Case.objects.update(officer=former)  # who sees it no more
    report_factories.decide("take_back", report, lead)
    assert Case.objects.get().officer is None
    assert duty.client.post(f"{QUEUE}next/").headers["Location"] == page_of(report)
    case = Case.objects.get()
    assert (case.officer, case.status) == (duty.user, Case.Status.CRIME_REPORT)
    assert duty.client.post(f"{QUEUE}next/").headers["Location"] == QUEUE


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_next_at_once_get_two() -> None:
    reports = [report_factories.report(f"tin {n}") for n in range(2)]
    clients = [log_in(create_officer(name, "duty")) for name in ("mot", "hai")]
    answers = in_parallel([partial(client.post, f"{QUEUE}next/") for client in clients])
    assert {answer.headers["Location"] for answer in answers} == set(map(page_of, reports))
