"""Beside each fact of the machine on the report page: "right", or "wrong, because…"."""

from typing import Any

import pytest
from django.http import HttpResponse

from desk.reports import correction_forms, detail
from reports.models import Case, Commune, Correction, ExtractedFacts, Report
from reports.reference import gazetteer
from tests.support import report_factories
from tests.support.desk_pages import (
    QUEUE,
    STORY,
    facts_form,
    page_of,
    press,
    rows_of,
    save_facts,
    tree,
    words,
)
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
TYPED: dict[str, Any] = {
    "priority": "90",
    "scenario": "bank",
    "actions": ["transfer_money", "give_otp"],
    "money_lost_vnd": "20 triệu",
    "ongoing": "no",
    "offices": [],
}


def say(person: Person, report: Report, fact: str, **typed: Any) -> HttpResponse:
    typed = {fact: typed.pop("value", TYPED.get(fact, ""))} | typed
    return save_facts(person, report, **({"reason": "đã gọi hỏi lại"} | typed))


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


def test_what_was_read_and_put_right_stands_under_the_story_at_a_glance(duty: Person) -> None:
    told = "Xưng công an, bảo chuyển tiền, tôi chuyển 20 triệu rồi."
    report = report_factories.triaged(told)
    rows = rows_of(duty, report)
    order = ["Kiểu lừa", "Họ xưng", "Họ đòi", "Thiệt hại", "Đang bị ép", "Nơi ở", "Có trong tin"]
    assert list(rows) == [*order, "Vì sao gấp"]
    assert rows["Kiểu lừa"].startswith("Giả danh công an báo dính vụ án ")
    assert rows["Thiệt hại"].startswith("20 triệu")
    say(duty, report, "money_lost_vnd", value="30 triệu")
    rows = rows_of(duty, report)
    assert rows["Thiệt hại"].startswith("30 triệu cán bộ sửa Máy gợi ý: 20 triệu.")
    assert "cán bộ sửa" not in rows["Kiểu lừa"]


def test_of_a_report_that_nobody_has_read_an_officer_can_say_what_it_is(duty: Person) -> None:
    report = report_factories.report(STORY)
    rows = rows_of(duty, report)
    assert {rows[name] for name in rows if name not in {"Nơi ở", "Có trong tin"}} == {
        "Máy chưa đọc"
    }
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
    report = report_factories.triaged(STORY, commune_raw="lam sơn")
    assert rows_of(duty, report)["Nơi ở"].endswith("2 nơi cùng tên cũ")
    picks = facts_form(duty, report).inputs["pick_commune"]
    assert picks.value_options == ["Xã Mới 1 (Ngọc Lặc)", "Xã Mới 0 (Thọ Xuân)"]
    assert save_facts(duty, report, pick_commune=picks.value_options[1]).status_code == 303
    assert rows_of(duty, report)["Nơi ở"].startswith("Xã Mới 0 cán bộ sửa Người báo: “lam sơn”.")
    told = rows_of(duty, report_factories.triaged(STORY, commune_raw="Xã Mơ Hồ"))["Nơi ở"]
    assert "chưa tìm thấy xã, phường này" in told
    other = report_factories.triaged(STORY)  # of whom an officer types the old name
    refused = save_facts(duty, other, commune="lam sơn", reason="Đã gọi hỏi.")
    assert refused.status_code == 422
    assert "Chọn một nút, hoặc ghi đủ một tên." in words(refused)
    offered = tree(refused).get_element_by_id("facts")
    assert offered.inputs["pick_commune"].value_options == picks.value_options
    values = dict(offered.form_values()) | {"pick_commune": picks.value_options[0]}
    assert duty.client.post(offered.action, values).status_code == 303
    assert rows_of(duty, other)["Nơi ở"].startswith("Xã Mới 1 cán bộ sửa")


def test_several_ticks_say_that_the_machine_is_right_and_one_takes_it_back(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    ticks = facts_form(duty, report).xpath(".//input[@name='right']/@value")
    assert set(ticks) == set(TYPED)
    answer = save_facts(duty, report, right=["scenario", "ongoing"])
    assert answer.headers["Location"].endswith("/change/#machine")
    rows = rows_of(duty, report)
    assert {name for name in rows if "cán bộ xác nhận" in rows[name]} == {"Kiểu lừa", "Đang bị ép"}
    log = words(duty.client.get(page_of(report)))
    assert "Xác nhận gợi ý của máy: Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành" in log
    ticks = facts_form(duty, report).xpath(".//input[@name='right']/@value")
    assert set(ticks) == set(TYPED) - {"scenario", "ongoing"}
    assert save_facts(duty, report, back=["scenario"]).status_code == 303
    assert "cán bộ xác nhận" not in rows_of(duty, report)["Kiểu lừa"]


def test_all_that_is_wrong_is_put_right_in_one_save_with_one_reason(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    answer = save_facts(
        duty, report, scenario="bank", ongoing="no", right=["actions"], reason="đã gọi hỏi lại"
    )
    assert answer.status_code == 303
    case = Case.objects.get(report=report)
    assert (case.version, case.corrections_json) == (2, {"scenario": "bank", "ongoing": False})
    assert {word.reason for word in Correction.objects.filter(is_confirmation=False)} == {
        "đã gọi hỏi lại"
    }
    assert Correction.objects.count() == 3


def test_of_a_save_that_is_refused_nothing_is_stored_and_all_comes_back(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    typed = {"scenario": "bank", "money_lost_vnd": "nhiều lắm", "right": ["actions"]}
    page = tree(save_facts(duty, report, reason="đã gọi", **typed))
    assert not Correction.objects.exists()
    form = page.get_element_by_id("facts")
    assert form.inputs["scenario"].value == "bank"
    assert form.inputs["money_lost_vnd"].value == "nhiều lắm"
    assert form.inputs["reason"].value.strip() == "đã gọi"
    assert form.xpath(".//input[@name='right'][@checked]/@value") == ["actions"]
    assert len(page.xpath("//form[@id='facts']//details[@open]")) == 2


def test_nothing_ticked_and_nothing_put_right_is_told(duty: Person) -> None:
    answer = save_facts(duty, report_factories.triaged(STORY))
    assert answer.status_code == 422
    assert "Chưa chọn Đúng, chưa sửa chỗ nào." in words(answer)


def test_where_two_quotations_contradict_the_sums_are_offered(duty: Person) -> None:
    report = report_factories.triaged("Tôi chưa mất gì, nhưng tài khoản bị trừ 12 triệu.")
    told = rows_of(duty, report)["Thiệt hại"]
    assert told.startswith("Chưa rõ: có chỗ viết “chưa mất gì”, có chỗ viết “")
    offered = facts_form(duty, report).inputs["pick_money_lost_vnd"].value_options
    assert {"0", "12000000 đồng"} <= set(offered)
    answer = save_facts(duty, report, pick_money_lost_vnd="12000000 đồng")
    assert answer.status_code == 303
    assert Case.objects.get(report=report).corrections_json == {"money_lost_vnd": 12_000_000}
    assert Correction.objects.get().reason == "Chọn trong các giá trị nêu trong tin."


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
    save_facts(duty, report, right=["scenario"])
    ExtractedFacts.objects.update(scenario="bank")
    assert "cán bộ xác nhận" not in rows_of(duty, report)["Kiểu lừa"]
    for seen in ('"provincial_leader"', "{", ""):
        assert save_facts(duty, report, right=["scenario"], seen_scenario=seen).status_code == 409
    assert Correction.objects.count() == 1


def test_what_the_machine_reads_meanwhile_is_not_taken_for_an_officers_word(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    shown = dict(facts_form(duty, report).form_values())
    ExtractedFacts.objects.update(scenario="bank")
    answer = save_facts(duty, report, **shown | {"ongoing": "no", "reason": "đã gọi"})
    assert answer.status_code == 303
    assert Case.objects.get(report=report).corrections_json == {"ongoing": False}


def test_how_sure_the_machine_is_stands_in_words(duty: Person) -> None:
    def sure(reasons: list[dict[str, Any]]) -> str:
        facts = ExtractedFacts(scenario="bank", reasons=reasons)
        return detail._certainty_of(facts, "scenario")

    def because(rule: str, points: float) -> dict[str, Any]:
        return {"fact": "scenario", "rule": rule, "words": "", "points": points}

    assert sure([because("bank: thẻ", 2.0), because("bank: words “thẻ”", 3.0)]) == "chắc"
    assert sure([because("bank: words “thẻ”", -3.0)]) == "khá chắc"
    assert sure([because("bank: words “thẻ”", -30.0)]) == "chưa rõ"
    assert sure([because("declared: claimed_office", 0)]) == "người báo chọn"
    assert sure([]) == ""


@pytest.mark.parametrize(
    ("typed", "value"), [("", None), ("20 triệu", 20_000_000), ("1,2 tỷ", 1_200_000_000)]
)
def test_a_loss_is_typed_as_people_write_it(duty: Person, typed: str, value: int | None) -> None:
    report = report_factories.triaged(f"{STORY} Tôi chuyển 5 triệu rồi.")
    say(duty, report, "money_lost_vnd", value=typed)
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
    assert not Correction.objects.exists()


def test_a_lost_race_gives_back_what_was_typed(duty: Person, lead: Person) -> None:
    report = report_factories.triaged(STORY)
    press(lead.client, report, "take")
    late = say(duty, report, "scenario", version="1", reason="<b>ngân hàng</b>")
    assert late.status_code == 409
    assert "lead vừa xử lý tin này" in words(late)
    page = tree(late)
    assert page.get_element_by_id("fact_reason").text.strip() == "<b>ngân hàng</b>"
    assert page.xpath("//select[@id='fact_scenario']/option[@selected]/@value") == ["bank"]


def test_a_correction_is_taken_back_by_one_tick(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    say(duty, report, "scenario")
    assert save_facts(duty, report, back=["scenario"]).status_code == 303
    assert Case.objects.get(report=report).corrections_json == {}


@pytest.mark.parametrize("version", ["1", "x", "", "9" * 30])
def test_a_stale_taking_back_is_told(duty: Person, version: str) -> None:
    report = report_factories.triaged(STORY)
    say(duty, report, "scenario")
    assert save_facts(duty, report, back=["scenario"], version=version).status_code in {409, 422}
    assert Case.objects.get(report=report).corrections_json == {"scenario": "bank"}


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


def _read_as_pressed(ongoing: bool = False) -> Report:
    report = report_factories.report(STORY)
    rules = ["pressed: có thể đang bị ép", "large_loss: mất 110 triệu"]
    reasons = [
        {
            "fact": "priority",
            "rule": f"danger {rule}",
            "points": 5,
            "words": "",
            "start": 0,
            "end": 0,
        }
        for rule in rules
    ]
    loss = {"state": "sum", "sums": []}
    report_factories.add_facts(
        report, priority=90, money_lost_vnd=110_000_000, ongoing=ongoing, reasons=reasons, loss=loss
    )
    return report


@pytest.mark.parametrize(
    ("said", "told", "gone"),
    [
        ({"money_lost_vnd": "30 triệu"}, ["mất 30 triệu", "có thể đang bị ép"], ["mất 110 triệu"]),
        ({"money_lost_vnd": "0"}, ["có thể đang bị ép"], ["mất 110 triệu"]),
        ({"ongoing": "yes"}, ["đang bị ép", "mất 110 triệu"], ["có thể đang"]),
        ({"ongoing": "no"}, ["mất 110 triệu"], ["bị ép"]),
    ],
)
def test_an_officers_word_goes_before_the_dangers_of_the_machine(
    duty: Person, said: dict[str, str], told: list[str], gone: list[str]
) -> None:
    report = _read_as_pressed()
    assert save_facts(duty, report, **said, reason="đã gọi hỏi lại").status_code == 303
    danger = tree(duty.client.get(QUEUE)).find_class("danger-words")[0].text_content()
    for text in (danger, rows_of(duty, report)["Vì sao gấp"]):
        assert [each for each in told if each not in text] == []
        assert [each for each in gone if each in text] == []


def test_the_fact_says_perhaps_where_the_dangers_do(duty: Person) -> None:
    row = rows_of(duty, _read_as_pressed())["Đang bị ép"]
    assert row.startswith("Có thể chưa rõ")
    assert "Đúng" not in row
