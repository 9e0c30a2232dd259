"""Beside each fact of the machine on the report page: "wrong, because…"."""

from typing import Any

import pytest
from django.http import HttpResponse

from reports.models import Case, Correction, Report
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, STORY, open_page, page_of, press, tree, words
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
TYPED: dict[str, Any] = {
    "priority": "90",
    "scenario": "bank",
    "actions": ["transfer_money", "give_otp"],
    "money_lost_vnd": "20 triệu",
    "ongoing": "yes",
    "offices": [],
}


def say(person: Person, report: Report, fact: str, **typed: Any) -> HttpResponse:
    version = Case.objects.get(report=report).version
    data = {"version": version, "value": TYPED.get(fact, ""), "reason": "đã gọi hỏi lại"} | typed
    return person.client.post(page_of(report, f"correct/{fact}"), data)  # type: ignore[return-value]


@pytest.mark.parametrize("fact", TYPED)
def test_each_fact_can_be_put_right_and_the_page_shows_both(duty: Person, fact: str) -> None:
    report = report_factories.triaged(STORY)
    answer = say(duty, report, fact)
    assert answer.status_code == 303
    text = words(duty.client.get(answer.headers["Location"]))
    assert "cán bộ sửa" in text
    assert "đã gọi hỏi lại" in text
    assert "Máy gợi ý:" in text
    in_the_log = "Sửa gợi ý của máy: Thiệt hại: 20 triệu; đã gọi hỏi lại"
    assert (in_the_log in text) is (fact == "money_lost_vnd")


def gist_of(duty: Person, report: Report) -> dict[str, str]:
    """What stands under the story at a glance, by its name."""
    rows = open_page(duty.client, report).xpath("//dl[contains(@class, 'fact-summary')]/div")
    return {row.find("dt").text_content(): row.find("dd").text_content() for row in rows}


def test_what_was_read_and_put_right_stands_under_the_story_at_a_glance(duty: Person) -> None:
    told = "Xưng công an, bảo chuyển tiền, tôi chuyển 20 triệu rồi."
    report = report_factories.triaged(told)
    gist = gist_of(duty, report)
    assert list(gist) == ["Kiểu lừa", "Họ đòi", "Thiệt hại", "Đang bị ép"]
    assert gist["Kiểu lừa"] == "Giả danh công an báo dính vụ án"
    assert gist["Thiệt hại"] == "20 triệu"
    say(duty, report, "money_lost_vnd", value="30 triệu")
    gist = gist_of(duty, report)
    assert gist["Thiệt hại"] == "30 triệu cán bộ sửa"
    assert "cán bộ sửa" not in gist["Kiểu lừa"]


def test_of_a_report_that_nobody_has_read_nothing_stands_there(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert gist_of(duty, report) == {}
    say(duty, report, "scenario")
    assert list(gist_of(duty, report)) == ["Kiểu lừa"]


@pytest.mark.parametrize(("typed", "value"), [("", None), ("0", 0), ("1,2 tỷ", 1_200_000_000)])
def test_a_loss_is_typed_as_people_write_it(duty: Person, typed: str, value: int | None) -> None:
    say(duty, report_factories.triaged(STORY), "money_lost_vnd", value=typed)
    assert Correction.objects.get().value == value


@pytest.mark.parametrize(
    ("fact", "typed"),
    [
        ("money_lost_vnd", {"value": "nhiều lắm"}),
        ("money_lost_vnd", {"value": "20"}),
        ("scenario", {"value": "x"}),
        ("scenario", {"value": ""}),
        ("actions", {"value": ["x"]}),
        ("priority", {"value": "101"}),
        ("ongoing", {"reason": "  "}),
        ("ongoing", {"reason": "x" * 1001}),
        ("ongoing", {"reason": "a\x00b"}),
    ],
)
def test_clumsy_words_correct_nothing(duty: Person, fact: str, typed: dict[str, Any]) -> None:
    answer = say(duty, report_factories.triaged(STORY), fact, **typed)
    assert answer.status_code == 422
    page = tree(answer)
    assert page.find_class("wrong")
    assert len(page.xpath("//details[@open]")) == 1
    assert not Correction.objects.exists()


def test_a_lost_race_gives_back_what_was_typed(duty: Person, lead: Person) -> None:
    report = report_factories.triaged(STORY)
    press(lead.client, report, "take")
    late = say(duty, report, "scenario", version=1, reason="<b>ngân hàng</b>")
    assert late.status_code == 409
    assert "lead vừa xử lý tin này" in words(late)
    page = tree(late)
    assert page.get_element_by_id("correct_scenario_reason").text.strip() == "<b>ngân hàng</b>"
    assert page.xpath("//select[@id='correct_scenario_value']/option[@selected]/@value") == ["bank"]


def test_a_correction_is_taken_back_by_one_button(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty, report, "scenario")
    forms = open_page(duty.client, report).forms
    (form,) = [form for form in forms if "/uncorrect/" in form.action]
    assert duty.client.post(form.action, dict(form.fields)).status_code == 303
    assert Case.objects.get(report=report).corrections_json == {}


@pytest.mark.parametrize("version", ["1", "x", "", "9" * 30])
def test_a_stale_taking_back_is_told(duty: Person, version: str) -> None:
    report = report_factories.triaged(STORY)
    say(duty, report, "scenario")
    address = page_of(report, "uncorrect/scenario")
    assert duty.client.post(address, {"version": version}).status_code == 409
    assert Case.objects.get(report=report).corrections_json == {"scenario": "bank"}


@pytest.mark.parametrize("fact", ["story", "stages"])
def test_what_is_no_fact_is_not_found(duty: Person, fact: str) -> None:
    assert say(duty, report_factories.triaged(STORY), fact).status_code == 404


def test_a_hostile_reason_is_text(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty, report, "ongoing", reason="<script>x</script>\u202egnas")
    page = duty.read_page(page_of(report))
    assert "<script>x" not in page
    assert "\u202e" not in page
    assert "[U+202E]" in page


def test_the_queue_says_that_an_officer_put_it_right(duty: Person) -> None:
    say(duty, report_factories.triaged(STORY), "scenario")
    page = duty.read_page(QUEUE)
    assert "cán bộ sửa" in page
    assert "Máy gợi ý: Giả danh lãnh đạo tỉnh" in page
