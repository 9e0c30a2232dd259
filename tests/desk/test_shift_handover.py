"""The hand-over of a shift: what an officer holds by what it waits for, and what the receiver sees."""

from uuid import uuid4

import pytest

from core.audit import events
from reports.cases import deadlines
from reports.models import Case
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, page_of, statements, tree, words
from tests.support.officers import Person, create_officer, log_in
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db

SHIFT = f"{QUEUE}shift/"


def hold(by: Person, verb: str = "", **typed: object) -> Case:
    case = decide("take", report_factories.case(**typed), by)
    said = {"contact": "no_answer"} if verb == "contact" else {}
    return decide(verb, case, by, **said) if verb else case


def test_a_shift_is_handed_over_in_one_press_and_seen_until_opened(duty: Person) -> None:
    hold(duty, happening_now=True)
    hold(duty, "contact", happening_now=True)
    hold(duty, "ask")
    opened, minh, key = hold(duty), create_officer("minh", "duty"), str(uuid4())
    deadlines.start_for_new_reports()
    page = tree(duty.client.get(SHIFT))
    groups = page.xpath("//h2[starts-with(@id, 'group')]/text()")
    assert groups == ["Phải gọi ngay (1)", "Chờ gọi lại (1)", "Chờ người báo (1)", "Còn lại (1)"]
    assert "Không nghe máy lúc" in page.text_content()
    assert len(statements(duty.client, SHIFT)) <= 12
    data = {"rows": page.xpath("//input[@name='rows']/@value"), "key": key, "officer": minh.pk}
    refused = duty.client.post(f"{QUEUE}bulk/shift/", data)
    assert (refused.status_code, "Chưa ghi lý do." in words(refused)) == (422, True)
    assert Case.objects.filter(officer=duty.user).count() == 4
    for told in ("Đã làm 4 tin, không làm 0 tin.", "đã làm rồi, không làm lại"):
        data["reason"] = "Bàn giao ca."
        assert told in words(duty.client.post(f"{QUEUE}bulk/shift/", data, follow=True))
    record = events.events_for("bulk", key).get().detail
    assert (record["verb"], record["officer"], len(record["done"])) == ("shift", minh.pk, 4)

    desk = log_in(minh)
    assert "Ca trước bàn giao 4 tin" in words(desk.get("/admin/"))
    report = words(desk.get(page_of(opened.report)))
    assert f"{duty.user.username} chuyển tin này cho bạn" in report
    assert "Ca trước bàn giao 3 tin" in words(desk.get("/admin/"))
    assert opened.report.public_number not in words(desk.get(f"{QUEUE}?viec=passed"))


def test_who_must_be_called_is_told_also_where_the_report_is_not_handed_over_here(
    duty: Person, lead: Person
) -> None:
    handed_over, crime = (hold(lead, happening_now=True) for _ in "ab")
    deadlines.start_for_new_reports()
    decide("hand_over", handed_over, lead)
    decide("act", crime, lead)
    page = tree(lead.client.get(SHIFT))
    assert page.xpath("//h2[@id='kept']/text()") == ["Còn phải gọi, không bàn giao ở đây (2)"]
    links = page.xpath("//section[@aria-labelledby='kept']//a/@href")
    assert links == [page_of(handed_over.report), page_of(crime.report)]
    assert not page.xpath("//input[@name='rows']")
    assert "Còn phải gọi" not in words(duty.client.get(SHIFT))


def test_a_lead_hands_over_for_another_and_duty_for_nobody_else(duty: Person, lead: Person) -> None:
    number = hold(duty).report.public_number
    assert number in words(lead.client.get(SHIFT, {"can-bo": duty.user.pk}))
    assert duty.client.get(SHIFT, {"can-bo": lead.user.pk}).status_code == 403


def test_next_report_is_also_one_that_was_given_back(duty: Person) -> None:
    case = decide("give_back", hold(duty), duty)
    assert duty.client.post(f"{QUEUE}next/")["Location"] == page_of(case.report)
    assert Case.objects.get(pk=case.pk).officer == duty.user
