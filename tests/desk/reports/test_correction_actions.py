"""Beside each fact of the machine on the report page: "right", or "wrong, because…"."""

from typing import Any

import pytest
from django.http import HttpResponse

from desk.reports import correction_forms, detail
from reports.models import Case, Commune, Correction, ExtractedFacts, Report
from reports.reference import gazetteer
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


def rows_of(person: Person, report: Report) -> dict[str, str]:
    """What the machine read, by the names of the rows."""
    rows = open_page(person.client, report).find_class("reading")
    return {
        row.find("dt").text_content(): " ".join(row.find("dd").text_content().split())
        for row in rows
    }


def test_what_was_read_and_put_right_stands_under_the_story_at_a_glance(duty: Person) -> None:
    told = "Xưng công an, bảo chuyển tiền, tôi chuyển 20 triệu rồi."
    report = report_factories.triaged(told)
    rows = rows_of(duty, report)
    order = ["Kiểu lừa", "Họ xưng", "Họ đòi", "Thiệt hại", "Đang bị ép", "Vì sao gấp"]
    assert list(rows) == order
    assert rows["Kiểu lừa"].startswith("Giả danh công an báo dính vụ án ")
    assert rows["Thiệt hại"].startswith("20 triệu")
    say(duty, report, "money_lost_vnd", value="30 triệu")
    rows = rows_of(duty, report)
    assert rows["Thiệt hại"].startswith("30 triệu cán bộ sửa Máy gợi ý: 20 triệu.")
    assert "cán bộ sửa" not in rows["Kiểu lừa"]


def test_of_a_report_that_nobody_has_read_an_officer_can_say_what_it_is(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert set(rows_of(duty, report).values()) == {"Máy chưa đọc"}
    say(duty, report, "scenario")
    rows = rows_of(duty, report)
    assert "cán bộ sửa Máy gợi ý: chưa đọc." in rows["Kiểu lừa"]


def test_a_place_with_several_of_its_name_lists_them(duty: Person) -> None:
    for number, district in enumerate(["Thọ Xuân", "Ngọc Lặc"]):
        Commune.objects.create(
            codename=f"xa_{number}",
            code=str(number),
            name=f"Xã Mới {number}",
            former_districts=[f"Huyện {district}"],
            former_communes=["Xã Lam Sơn"],
        )
    gazetteer.clear_cache()
    told = rows_of(duty, report_factories.triaged(STORY, commune_raw="lam sơn"))["Nơi ở"]
    assert "có 2 nơi cùng tên cũ: Xã Mới 1 (Ngọc Lặc); Xã Mới 0 (Thọ Xuân)" in told
    told = rows_of(duty, report_factories.triaged(STORY, commune_raw="Xã Mơ Hồ"))["Nơi ở"]
    assert "chưa tìm thấy xã, phường này" in told


def buttons(person: Person, report: Report, route: str) -> dict[str, dict[str, str]]:
    """The forms of one press, by the fact that they are for."""
    forms = [form for form in open_page(person.client, report).forms if route in form.action]
    return {form.action.split("/")[-2]: dict(form.fields) for form in forms}


def test_one_press_says_that_the_machine_is_right_and_one_takes_it_back(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    offered = buttons(duty, report, "/confirm/")
    assert set(offered) == set(TYPED)
    answer = duty.client.post(page_of(report, "confirm/scenario"), offered["scenario"])
    assert answer.headers["Location"].endswith("/change/#machine-scenario")
    assert "cán bộ xác nhận" in rows_of(duty, report)["Kiểu lừa"]
    log = words(duty.client.get(page_of(report)))
    assert "Xác nhận gợi ý của máy: Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành" in log
    assert "scenario" not in buttons(duty, report, "/confirm/")
    back = buttons(duty, report, "/uncorrect/")["scenario"]
    assert duty.client.post(page_of(report, "uncorrect/scenario"), back).status_code == 303
    assert "scenario" in buttons(duty, report, "/confirm/")


def test_where_two_quotations_contradict_the_sums_are_offered(duty: Person) -> None:
    report = report_factories.triaged("Tôi chưa mất gì, nhưng tài khoản bị trừ 12 triệu.")
    told = rows_of(duty, report)["Thiệt hại"]
    assert told.startswith("Chưa rõ: có chỗ viết “chưa mất gì”, có chỗ viết “")
    forms = [form for form in open_page(duty.client, report).forms if "money_lost" in form.action]
    offered = {form.fields.get("value"): dict(form.fields) for form in forms}
    assert {"0", "12000000 đồng"} <= set(offered)
    answer = duty.client.post(page_of(report, "correct/money_lost_vnd"), offered["12000000 đồng"])
    assert answer.status_code == 303
    assert Case.objects.get(report=report).corrections_json == {"money_lost_vnd": 12_000_000}


def test_two_payments_that_nothing_ties_are_offered_alone_and_together(duty: Person) -> None:
    sums = [{"vnd": dong, "role": "paid", "start": 0, "end": 1} for dong in (90, 80, 90)]
    lent = {"vnd": 7, "role": "owed", "start": 0, "end": 1}
    facts = ExtractedFacts(loss={"state": "some", "sums": [*sums, lent], "proposed_vnd": None})
    typed = [typed for _, typed in correction_forms.offered_sums(facts)]
    assert typed == ["0", "90 đồng", "80 đồng", "260 đồng"]
    facts.loss["proposed_vnd"] = 260
    assert list(correction_forms.offered_sums(facts)) == []


def test_what_the_machine_read_anew_is_not_confirmed(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    offered = buttons(duty, report, "/confirm/")["scenario"]
    duty.client.post(page_of(report, "confirm/scenario"), offered)
    ExtractedFacts.objects.update(scenario="bank")
    assert "cán bộ xác nhận" not in rows_of(duty, report)["Kiểu lừa"]
    for seen in (offered["seen"], "{", ""):
        typed = offered | {"seen": seen}
        assert duty.client.post(page_of(report, "confirm/scenario"), typed).status_code == 409
    assert Correction.objects.count() == 1


def test_how_sure_the_machine_is_stands_in_words(duty: Person) -> None:
    def sure(reasons: list[dict[str, Any]]) -> str:
        facts = ExtractedFacts(scenario="bank", reasons=reasons)
        return detail._certainty_of(facts, "scenario")

    def because(rule: str, points: float) -> dict[str, Any]:
        return {"fact": "scenario", "rule": rule, "words": "", "points": points}

    assert sure([because("bank: thẻ", 2.0), because("bank: words “thẻ”", 3.0)]) == "chắc"
    assert sure([because("bank: words “thẻ”", -3.0)]) == "khá chắc"
    assert sure([because("bank: words “thẻ”", -30.0)]) == "đoán"
    assert sure([because("declared: claimed_office", 0)]) == "người báo chọn"
    assert sure([]) == ""


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
