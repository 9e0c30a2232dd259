"""Beside each fact of the machine on the report page: "wrong, because…"."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html

from core.audit import events
from reports.cases import workflow
from reports.models import Case, Correction, Report
from tests.support import report_factories
from tests.support.desk_pages import STORY, page_of, words
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


def say(client: Client, report: Report, fact: str, **typed: Any) -> HttpResponse:
    version = Case.objects.get(report=report).version
    data = {"version": version, "value": TYPED.get(fact, ""), "reason": "đã gọi hỏi lại"} | typed
    return client.post(f"/admin/reports/report/{report.pk}/correct/{fact}/", data)  # type: ignore[return-value]


@pytest.mark.parametrize("fact", TYPED)
def test_each_fact_can_be_put_right_and_the_page_shows_both(duty: Person, fact: str) -> None:
    report = report_factories.triaged(STORY)
    answer = say(duty.client, report, fact)
    assert answer.status_code == 303
    text = words(duty.client.get(answer.headers["Location"]))
    assert "cán bộ sửa" in text
    assert "đã gọi hỏi lại" in text
    assert "Máy gợi ý:" in text


def gist_of(duty: Person, report: Report) -> dict[str, str]:
    """What stands under the story at a glance, by its name."""
    page = html.document_fromstring(duty.client.get(page_of(report)).content.decode())
    rows = page.xpath("//dl[contains(@class, 'gist')]/div")
    return {row.find("dt").text_content(): row.find("dd").text_content() for row in rows}


def test_what_was_read_stands_under_the_story_at_a_glance(duty: Person) -> None:
    gist = gist_of(
        duty, report_factories.triaged("Xưng công an, bảo chuyển tiền, tôi chuyển 20 triệu rồi.")
    )
    assert list(gist) == ["Kiểu lừa", "Họ đòi", "Thiệt hại", "Đang bị ép"]
    assert gist["Kiểu lừa"] == "Giả danh công an báo dính vụ án"
    assert gist["Thiệt hại"] == "20 triệu"


def test_what_an_officer_put_right_stands_there_as_such(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty.client, report, "money_lost_vnd")
    gist = gist_of(duty, report)
    assert gist["Thiệt hại"] == "20 triệu cán bộ sửa"
    assert "cán bộ sửa" not in gist["Kiểu lừa"]


def test_of_a_report_that_nobody_has_read_nothing_stands_there(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert gist_of(duty, report) == {}
    say(duty.client, report, "scenario")
    assert list(gist_of(duty, report)) == ["Kiểu lừa"]


def test_a_correction_stands_in_the_log_with_value_and_reason(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty.client, report, "money_lost_vnd")
    text = words(duty.client.get(page_of(report)))
    assert "Sửa gợi ý của máy: Thiệt hại: 20 triệu; đã gọi hỏi lại" in text


@pytest.mark.parametrize(("typed", "value"), [("", None), ("0", 0), ("1,2 tỷ", 1_200_000_000)])
def test_a_loss_is_typed_as_people_write_it(duty: Person, typed: str, value: int | None) -> None:
    say(duty.client, report_factories.triaged(STORY), "money_lost_vnd", value=typed)
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
def test_clumsy_words_correct_nothing_and_stay(
    duty: Person, fact: str, typed: dict[str, Any]
) -> None:
    report = report_factories.triaged(STORY)
    answer = say(duty.client, report, fact, **typed)
    assert answer.status_code == 422
    tree = html.document_fromstring(answer.content.decode())
    assert tree.find_class("wrong")
    opened = [fold for fold in tree.iter("details") if fold.get("open") is not None]
    assert len(opened) == 1
    assert not Correction.objects.exists()


def test_a_lost_race_gives_back_what_was_typed(duty: Person, lead: Person) -> None:
    report = report_factories.triaged(STORY)
    workflow.decide("take", report.pk, by=lead.user, version=1)
    late = say(duty.client, report, "scenario", version=1, reason="<b>ngân hàng</b>")
    assert late.status_code == 409
    assert "lead vừa xử lý tin này" in words(late)
    tree = html.document_fromstring(late.content.decode())
    assert tree.get_element_by_id("correct_scenario_reason").text.strip() == "<b>ngân hàng</b>"
    assert tree.xpath("//select[@id='correct_scenario_value']/option[@selected]/@value") == ["bank"]


def test_a_correction_is_taken_back_by_one_button(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty.client, report, "scenario")
    tree = html.document_fromstring(duty.client.get(page_of(report)).content.decode())
    (form,) = [form for form in tree.forms if "/uncorrect/" in form.action]
    answer = duty.client.post(form.action, dict(form.fields))
    assert answer.status_code == 303
    assert Case.objects.get(report=report).corrections_json == {}


@pytest.mark.parametrize("version", ["1", "x", "", "9" * 30])
def test_a_stale_taking_back_is_told(duty: Person, version: str) -> None:
    report = report_factories.triaged(STORY)
    say(duty.client, report, "scenario")
    address = f"/admin/reports/report/{report.pk}/uncorrect/scenario/"
    assert duty.client.post(address, {"version": version}).status_code == 409
    assert Case.objects.get(report=report).corrections_json == {"scenario": "bank"}


def test_what_is_no_fact_is_not_found(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    assert say(duty.client, report, "story").status_code == 404
    assert say(duty.client, report, "stages").status_code == 404


@pytest.mark.parametrize("verb", ["correct", "uncorrect"])
def test_who_may_only_look_is_refused_and_that_is_on_record(duty: Person, verb: str) -> None:
    report = report_factories.triaged(STORY)
    duty.revoke("decide_case")
    assert "Sai, vì" not in words(duty.client.get(page_of(report)))
    address = f"/admin/reports/report/{report.pk}/{verb}/scenario/"
    assert duty.client.post(address, {"version": 1}).status_code == 403
    assert events.events_for("report", report.pk).get().kind == "refused"


def test_a_hostile_reason_is_text(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty.client, report, "ongoing", reason="<script>x</script>\u202egnas")
    page = duty.client.get(page_of(report)).content.decode()
    assert "<script>x" not in page
    assert "\u202e" not in page
    assert "[U+202E]" in page


def test_the_queue_says_that_an_officer_put_it_right(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty.client, report, "scenario")
    page = duty.client.get("/admin/reports/report/").content.decode()
    assert "cán bộ sửa" in page
    assert "Máy gợi ý: Giả danh lãnh đạo tỉnh" in page
