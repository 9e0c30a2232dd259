"""The hand-over of a shift: what an officer holds by what it waits for, and what the receiver sees."""

from uuid import uuid4

import pytest
from django.utils import timezone

from core.audit import events
from reports.cases import deadlines
from reports.models import Case
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, page_of, statements, tree, words
from tests.support.officers import Person, create_officer, log_in
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db

SHIFT = f"{QUEUE}shift/"


def hold(by: Person, *verbs: str, **typed: object) -> Case:
    case = decide("take", report_factories.case(**typed), by)
    for verb in verbs:
        case = decide(verb, case, by, **({"contact": "no_answer"} if verb == "contact" else {}))
    return case


def test_a_shift_is_handed_over_in_one_press_and_seen_until_opened(duty: Person) -> None:
    hold(duty, happening_now=True)
    hold(duty, "contact", happening_now=True)
    hold(duty, "ask")
    opened = hold(duty)
    deadlines.start_for_new_reports()
    page = tree(duty.client.get(SHIFT))
    assert [each.text for each in page.xpath("//h2[starts-with(@id, 'group')]")] == [
        "Phải gọi ngay (1)", "Chờ gọi lại (1)", "Chờ người báo (1)", "Còn lại (1)",
    ]  # fmt: skip
    assert "Không nghe máy lúc" in page.text_content()
    key, listed = str(uuid4()), page.xpath("//input[@name='rows']/@value")
    minh = create_officer("minh", "duty")
    data = {"rows": listed, "key": key, "officer": minh.pk, "reason": "Bàn giao ca."}
    text = words(duty.client.post(f"{QUEUE}bulk/shift/", data, follow=True))
    assert "Đã làm 4 tin, không làm 0 tin." in text
    record = events.events_for("bulk", key).get().detail
    assert (record["verb"], record["officer"], len(record["done"])) == ("shift", minh.pk, 4)

    desk = log_in(minh)
    assert "Ca trước bàn giao 4 tin" in words(desk.get("/admin/"))
    report = words(desk.get(page_of(opened.report)))
    assert f"{duty.user.username} chuyển tin này cho bạn" in report
    assert "Ca trước bàn giao 3 tin" in words(desk.get("/admin/"))
    assert opened.report.public_number not in words(desk.get(f"{QUEUE}?viec=passed"))
    again = words(duty.client.post(f"{QUEUE}bulk/shift/", data, follow=True))
    assert "đã làm rồi, không làm lại" in again


def test_a_missing_reason_keeps_what_was_typed_and_moves_nothing(duty: Person) -> None:
    case = hold(duty)
    token = tree(duty.client.get(SHIFT)).xpath("//input[@name='rows']/@value")
    page = duty.client.post(f"{QUEUE}bulk/shift/", {"rows": token, "officer": "", "reason": " "})
    assert (page.status_code, "Chưa ghi lý do." in words(page)) == (422, True)
    assert token[0] in page.content.decode()
    assert Case.objects.get(pk=case.pk).officer == duty.user


def test_a_lead_hands_over_for_another_and_duty_for_nobody_else(duty: Person, lead: Person) -> None:
    number = hold(duty).report.public_number
    assert number in words(lead.client.get(SHIFT, {"can-bo": duty.user.pk}))
    assert duty.client.get(SHIFT, {"can-bo": lead.user.pk}).status_code == 403


def test_the_page_takes_twelve_statements_at_most(duty: Person) -> None:
    for _ in range(5):
        hold(duty, happening_now=True)
    assert len(statements(duty.client, SHIFT)) <= 12


def test_next_report_is_also_one_that_was_given_back(duty: Person) -> None:
    case = decide("give_back", hold(duty), duty)
    response = duty.client.post(f"{QUEUE}next/")
    assert response["Location"] == page_of(case.report)
    assert Case.objects.get(pk=case.pk).officer == duty.user
    assert timezone.now() > case.changed_at
