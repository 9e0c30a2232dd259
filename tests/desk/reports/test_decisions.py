"""Decisions from the report page: each is recorded, and what was typed stays until one is taken."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from core.audit import events
from reports.cases import deadlines, transitions, workflow
from reports.models import Case, Report
from reports.tracking import followups
from tests.reports.cases.test_workflow import LEADS, MAY, WORDS
from tests.support import report_factories
from tests.support.desk_pages import STORY, open_page, page_of, press, words
from tests.support.officers import Person, create_officer, log_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("verb", transitions.TABLE)
def test_each_button_takes_its_decision_and_the_log_shows_it(lead: Person, verb: str) -> None:
    report, _ = report_factories.report(STORY), report_factories.unit()
    status = next(status for status in LEADS if f"{verb}=" in LEADS[status])
    data = {"outcome": "duplicate"} if status == "closed" else {}
    Case.objects.filter(report=report).update(status=status, **data)
    if status == "actioned":
        deadlines.apply_transition(report.case, starts=("verify",))
    officer = {"officer": lead.user.pk} if verb == "assign" else {}
    response = press(lead.client, report, verb, **officer)
    assert response.status_code == 303
    assert events.events_for("report", report.pk).get().kind == transitions.TABLE[verb].event
    after = words(lead.client.get(response.headers["Location"]))
    for typed in WORDS[verb].values():
        assert typed in after or typed == "duplicate"


@pytest.mark.parametrize(
    ("role", "verb"),
    [(role, verb) for role in MAY for verb in WORDS if verb not in MAY[role].split()],
)
def test_who_may_not_is_refused_and_the_try_is_on_record(role: str, verb: str) -> None:
    user = create_officer(role, role)
    report = report_factories.report(STORY)
    assert press(log_in(user), report, verb).status_code == 403
    assert Case.objects.get(report=report).version == 1
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds == ["refused"]


@pytest.mark.parametrize(
    "address", [*transitions.TABLE, "reveal-contact", "reveal-phrase", "reveal-story"]
)
def test_an_act_has_no_get(duty: Person, address: str) -> None:
    report = report_factories.report(STORY, contact="0992 000 118")
    assert duty.client.get(page_of(report, address)).status_code == 405
    assert not events.events_for("report", report.pk)


@pytest.mark.parametrize("address", ["take", "junk", "reveal-contact"])
def test_a_forged_post_is_refused(duty: Person, address: str) -> None:
    report = report_factories.report(STORY, contact="0992 000 118")
    forger = Client(enforce_csrf_checks=True)
    forger.cookies = duty.client.cookies
    answer = forger.post(page_of(report, address), {"version": 1, "reason": "x"})
    assert answer.status_code == 403
    assert "Chưa gửi được" in answer.content.decode()
    assert [event.kind for event in events.events_for("report", report.pk)] == ["refused"]


def test_a_lost_race_is_told_and_the_typed_words_stay(duty: Person, lead: Person) -> None:
    report = report_factories.report(STORY)
    press(lead.client, report, "take")
    late = duty.client.post(page_of(report, "junk"), {"version": 1, "reason": "Tin <quảng cáo>"})
    assert late.status_code == 409
    assert "lead vừa xử lý tin này" in words(late)
    tree = html.document_fromstring(late.content.decode())
    assert tree.get_element_by_id("junk_reason").text.strip() == "Tin <quảng cáo>"
    assert {field.value for field in tree.xpath("//input[@name='version']")} == {"2"}
    assert Case.objects.get(report=report).status == "in_review"


def test_the_words_stay_even_when_the_verb_is_no_longer_offered(duty: Person, lead: Person) -> None:
    report = report_factories.report(STORY)
    press(lead.client, report, "junk")
    late = duty.client.post(page_of(report, "ask"), {"version": 1, "reason": "Hỏi số tài khoản"})
    assert late.status_code == 409
    assert "Hỏi số tài khoản" in words(late)


def test_a_missing_reason_is_asked_for_beside_its_field(duty: Person) -> None:
    report = report_factories.report(STORY)
    answer = press(duty.client, report, "close", reason="  ")
    assert answer.status_code == 422
    tree = html.document_fromstring(answer.content.decode())
    assert tree.get_element_by_id("close_reason_error").text == "Chưa ghi lý do."
    assert tree.xpath("//select[@name='outcome']/option[@selected]/@value") == ["duplicate"]
    assert [details.get("open") is not None for details in tree.iter("details")].count(True) == 1


def test_the_reason_of_an_ending_is_empty_until_somebody_gives_one_or_takes_the_suggestion(
    duty: Person,
) -> None:
    report = report_factories.triaged("Sáng nay có người xưng công an gọi, tôi cúp máy luôn.")
    tree = open_page(duty.client, report)
    for verb in ("close", "hand_over"):
        assert (tree.get_element_by_id(f"{verb}_reason").text or "").strip() == ""
    (gist,) = tree.xpath("//form[contains(@action, '/close/')]//button[@name='suggested']/@value")
    taken = press(duty.client, report, "close", reason="", suggested=gist)
    assert taken.status_code == 303
    assert events.events_for("report", report.pk).get(kind="closed").detail["reason"] == gist


def test_typed_words_stand_before_the_suggestion(duty: Person) -> None:
    report = report_factories.triaged("Sáng nay có người xưng công an gọi, tôi cúp máy luôn.")
    press(duty.client, report, "close", reason="Tự ghi.", suggested="Gợi ý.")
    assert events.events_for("report", report.pk).get(kind="closed").detail["reason"] == "Tự ghi."


def _pressed(_: Person) -> Report:
    return report_factories.report(STORY, happening_now=True)


def _written(duty: Person) -> Report:
    report = report_factories.report(STORY)
    workflow.decide("take", report.pk, by=duty.user, version=1)
    followups.submit_reply(report, "Tôi hỏi chuyện này với ạ.", "a-key-of-a-message")
    return report


def _wishing(_: Person) -> Report:
    report = report_factories.report(STORY)
    followups.submit_followup(
        report,
        followups.FollowupSubmission(kind="withdrawal", story="Cho tôi rút."),
        "a-key-of-a-wish",
    )
    return report


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (_pressed, "còn đang bị ép"),
        (_written, "có lời chưa ai trả lời"),
        (_wishing, "có đề nghị chưa trả lời"),
    ],
)
def test_what_is_pending_is_ended_by_a_tick_alone(duty: Person, left: Any, told: str) -> None:
    report = left(duty)
    asked = press(duty.client, report, "close", reason="Đã gọi lại, bác yên tâm.")
    assert asked.status_code == 422
    assert f"Chưa kết thúc. Người báo {told}." in words(asked)
    assert "Đã gọi lại, bác yên tâm." in words(asked)
    assert Case.objects.get(report=report).status in Case.OPEN
    assert press(duty.client, report, "close", anyway="on").status_code == 303
    assert Case.objects.get(report=report).status == "closed"


@pytest.mark.parametrize(
    "typed",
    [
        {"outcome": "nonsense"},
        {"reason": "x" * 4001},
        {"reason": "a\x00b"},
        {"version": "x"},
        {"version": "9" * 30},
    ],
)
def test_clumsy_and_hostile_fields_decide_nothing(duty: Person, typed: dict[str, str]) -> None:
    report = report_factories.report(STORY)
    assert press(duty.client, report, "close", **typed).status_code in {409, 422}
    assert Case.objects.get(report=report).version == 1
