"""Decisions from the report page: each is recorded, and what was typed stays until one is taken."""

import pytest

from core.audit import events
from desk.labels import codes
from reports.cases import transitions
from reports.models import Case
from reports.tracking import followups
from tests.support import report_factories
from tests.support.desk_pages import STORY, open_page, page_of, press, tree, words
from tests.support.officers import Person
from tests.support.report_factories import WORDS
from tests.support.workflow_table import OF_UNITS, create_case_for, put_at_unit

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("verb", transitions.TABLE)
def test_each_button_takes_its_decision_and_the_log_shows_it(lead: Person, verb: str) -> None:
    case, _ = create_case_for(verb), report_factories.unit()
    report = case.report
    if verb in OF_UNITS:
        put_at_unit(case, lead.user)
    if verb == "withdraw":
        report_factories.add_followup(report, kind="withdrawal")
    officer = {"officer": lead.user.pk} if verb == "assign" else {}
    response = press(lead.client, report, verb, **officer)
    assert response.status_code == 303
    assert events.events_for("report", report.pk).get().kind == transitions.TABLE[verb].event
    after = words(lead.client.get(response.headers["Location"]))
    for typed in WORDS[verb].values() if verb != "decline" else ():  # the unit sees it no more
        assert codes.OUTCOMES.get(typed, typed) in after


def test_a_lost_race_is_told_with_all_that_was_done_and_the_typed_words_stay(
    duty: Person, lead: Person
) -> None:
    report = report_factories.report(STORY)
    press(lead.client, report, "take")
    press(lead.client, report, "note", reason="đã gọi lại")
    late = duty.client.post(page_of(report, "junk"), {"version": 1, "reason": "Tin <quảng cáo>"})
    assert late.status_code == 409
    page = tree(late)
    told = " ".join(page.find_class("messagelist")[0].text_content().split())
    assert "ghi chú; lead vừa xử lý tin này lúc" in told
    assert "nhận xử lý." in told
    assert page.get_element_by_id("junk_reason").text.strip() == "Tin <quảng cáo>"
    assert {field.value for field in page.xpath("//input[@name='version']")} == {"3"}
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
    page = tree(answer)
    assert page.get_element_by_id("close_reason_error").text == "Chưa ghi lý do."
    assert page.xpath("//select[@name='outcome']/option[@selected]/@value") == ["duplicate"]
    assert len(page.xpath("//details[@open]")) == 1


@pytest.mark.parametrize("typed", ["", "Tự ghi."])
def test_the_reason_of_an_ending_is_empty_until_somebody_gives_one_or_takes_the_suggestion(
    duty: Person, typed: str
) -> None:
    report = report_factories.triaged("Xưng công an, dọa bắt. Chưa mất tiền.")
    page = open_page(duty.client, report)
    suggested = {}
    for verb in ("close", "hand_over", "junk"):
        assert (page.get_element_by_id(f"{verb}_reason").text or "").strip() == ""
        form = f"//form[contains(@action, '/{verb}/')]"
        suggested[verb] = page.xpath(f"{form}//button[@name='suggested']/@value")
    [gist], [to_unit] = suggested["close"], suggested["hand_over"]
    assert "Giả danh công an" in gist
    assert "thiệt hại" in to_unit
    assert suggested["junk"] == []
    taken = press(duty.client, report, "close", reason=typed, suggested=gist)
    assert taken.status_code == 303
    reason = events.events_for("report", report.pk).get(kind="closed").detail["reason"]
    assert reason == (typed or gist)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        ("ongoing", "còn đang bị ép"),
        ("written", "có lời chưa ai trả lời"),
        ("requesting", "có đề nghị chưa trả lời"),
    ],
)
def test_what_is_pending_is_ended_by_a_tick_alone(duty: Person, left: str, told: str) -> None:
    report = report_factories.report(STORY, happening_now=left == "ongoing")
    if left == "written":
        press(duty.client, report, "take")
        followups.submit_reply(report, "Tôi hỏi chuyện này với ạ.", "a-key-of-a-message")
    elif left == "requesting":
        report_factories.add_followup(report, kind="withdrawal", story="Cho tôi rút.")
    asked = press(duty.client, report, "close", reason="Đã gọi lại, bác yên tâm.")
    assert asked.status_code == 422
    assert f"Chưa lưu. Người báo {told}" in words(asked)
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
