"""The line "Có trong tin" of the report page: numbers, accounts, links and people added and taken off."""

from typing import Any

import pytest
from django.http import HttpResponse

from reports.models import Case, Commune, Correction, Report
from reports.reference import gazetteer
from tests.support import report_factories
from tests.support.desk_pages import (
    facts_form,
    open_page,
    page_of,
    press,
    rows_of,
    save_facts,
    tree,
    words,
)
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
REASON = "nghe lại cuộc gọi"
TOLD = "Số 0550 000 123 gọi, bảo vào https://nop-phat.example/x nộp tiền."


def put_right(duty: Person, report: Report, **typed: Any) -> HttpResponse:
    return save_facts(duty, report, **({"reason": REASON} | typed))


def boxes(duty: Person, report: Report) -> dict[str, str]:
    """What stands in the list of the line, by the text of its label."""
    form = facts_form(duty, report)
    labels = form.xpath(".//*[@id='fact_named']//label")
    return {" ".join(each.text_content().split()): each.xpath(".//@value")[0] for each in labels}


def table(duty: Person, report: Report) -> str:
    (heading,) = open_page(duty.client, report).xpath("//h2[@id='named']")
    return " ".join(heading.getparent().text_content().split())


def test_a_number_is_taken_off_and_another_added_in_one_save(duty: Person) -> None:
    report = report_factories.triaged(TOLD)
    (link,) = [value for text, value in boxes(duty, report).items() if "nop-phat[.]example" in text]
    answer = put_right(duty, report, named=[link], add_number="0550.000.124")
    assert answer.status_code == 303
    row = rows_of(duty, report)["Có trong tin"]
    assert row.startswith("Nop-phat[.]example/x; 0550 000 124 cán bộ sửa")
    assert "Thêm 0550 000 124. Bỏ 0550 000 123. duty sửa lúc" in row
    assert f"“{REASON}”" in row
    shown = table(duty, report)
    assert "0550 000 123–Cán bộ đã bỏ khỏi tin." in shown.replace(" –", "–").replace("– ", "–")
    report_factories.process_triage(report)
    assert rows_of(duty, report)["Có trong tin"] == row
    assert "https://" not in table(duty, report)


def test_what_was_taken_off_is_put_back_by_its_box(duty: Person) -> None:
    report = report_factories.triaged(TOLD)
    every = list(boxes(duty, report).values())
    put_right(duty, report, named=every[1:])
    assert sorted(boxes(duty, report).values()) == sorted(every)
    assert put_right(duty, report, named=every).status_code == 303
    assert Case.objects.get(report=report).corrections_json == {}
    assert "cán bộ sửa" not in rows_of(duty, report)["Có trong tin"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"add_number": "không rõ"}, "Chưa hiểu số này."),
        ({"add_number": "0550 000 123"}, "Đã có trong tin."),
        ({"add_account": "4111 1111 1111 1111"}, "Đây là số thẻ."),
        ({"add_account": "Vietcombank"}, "Chưa thấy số tài khoản."),
        ({"add_link": "không có"}, "Chưa thấy đường dẫn."),
        ({"add_number": "02373.725.725"}, "Đây là đường dây nóng của cơ quan"),
        ({"add_person": "chị Tư 0550 000 777"}, "của chính người báo"),
        ({"add_number": "0550000124", "reason": " "}, "Chưa ghi vì sao sửa."),
        ({"add_person": "x" * 301}, "300"),
    ],
)
def test_what_cannot_be_stored_is_told_and_nothing_typed_is_lost(
    duty: Person, typed: dict[str, Any], why: str
) -> None:
    report = report_factories.triaged(TOLD, contact="0550 000 777")
    answer = put_right(duty, report, **typed)
    assert answer.status_code == 422
    assert why in words(answer)
    page = tree(answer)
    for name, text in typed.items():
        assert page.get_element_by_id(f"fact_{name}").value == text or name == "reason"
    assert page.xpath("//*[@id='machine-named']//details[@open]")
    assert not Correction.objects.exists()


def test_the_later_of_two_officers_keeps_what_was_typed(duty: Person, lead: Person) -> None:
    report = report_factories.triaged(TOLD)
    press(lead.client, report, "take")
    late = put_right(duty, report, add_number="0550 000 124", version="1")
    assert late.status_code == 409
    assert "lead vừa xử lý tin này" in words(late)
    assert tree(late).get_element_by_id("fact_add_number").value == "0550 000 124"
    assert not Correction.objects.exists()


def test_the_commune_is_typed_by_any_of_its_names(duty: Person, yen_dinh: None) -> None:
    report = report_factories.triaged(TOLD)
    for typed, why in (("Xã Không Đâu", "Trong tỉnh không có"), ("Thọ Xuân", "Có 2 nơi tên này")):
        assert why in words(put_right(duty, report, commune=typed))
    assert put_right(duty, report, commune="huyện yên định").status_code == 303
    assert rows_of(duty, report)["Nơi ở"].startswith("Xã Yên Định cán bộ sửa Người báo: Không nói.")
    page = words(duty.client.get(page_of(report)))
    assert "Xã Yên Định (cán bộ ghi; người báo: Không nói)" in page


@pytest.fixture
def yen_dinh(db: None) -> None:
    rows = {"xa_yen_dinh": ("Xã Yên Định", "Yên Định"), "xa_a": ("Xã A", "Thọ Xuân"),
            "xa_b": ("Xã B", "Thọ Xuân")}  # fmt: skip
    for code, (name, district) in rows.items():
        Commune.objects.create(
            codename=code, code=code[:8], name=name, former_districts=[f"Huyện {district}"],
            former_communes=[],
        )  # fmt: skip
    gazetteer.clear_cache()


def test_who_may_not_decide_puts_nothing_right(editor: Person) -> None:
    report = report_factories.triaged(TOLD)
    assert editor.client.post(page_of(report, "facts"), {"version": 1}).status_code == 403
