"""The machine's block in a real browser: several facts put right by labels and keys, in one save."""

import pytest
from django.test import Client

from reports.models import Case, Correction
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import find_desk_faults
from tests.support import report_factories

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
TOLD = (
    "Số 0550 000 123 xưng công an tỉnh, bảo vào https://nop-phat.example/x nộp phạt. Tôi chưa mất gì,"
    " nhưng tài khoản bị trừ 12 triệu."
)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("has_script", [True, False])
def test_several_facts_are_put_right_in_one_save(
    portal: str, open_desk: OpenDesk, chief: Client, width: int, *, has_script: bool
) -> None:
    report = report_factories.triaged(TOLD, claimed_name="đại úy Sao Mai")
    page = open_desk(chief, width, java_script_enabled=has_script)
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    page.get_by_label("Đúng: Kiểu lừa").check()
    page.get_by_label("12 triệu").check()
    page.get_by_text("Sửa: Có trong tin").click()
    page.get_by_label("0550 000 123").uncheck()
    page.get_by_label("Thêm số của đối tượng").fill("0550 000 12")
    page.get_by_label("Thêm tài khoản nhận tiền").fill("MB 0000123456")
    page.get_by_label("Vì sao sửa").fill("nghe lại cuộc gọi")
    with page.expect_navigation():
        page.get_by_role("button", name="Ghi tất cả").click()
    assert "Chưa hiểu số này" in page.inner_text("#machine-named")
    if has_script:
        assert find_desk_faults(page) == []
    number = page.get_by_label("Thêm số của đối tượng")
    assert number.input_value() == "0550 000 12"
    assert page.get_by_label("Đúng: Kiểu lừa").is_checked()
    assert page.get_by_label("12 triệu").is_checked()
    number.fill("0550 000 124")
    with page.expect_navigation():
        if has_script:
            number.press("Control+Enter")
        else:
            page.get_by_role("button", name="Ghi tất cả").click()
    row = page.inner_text("#machine-named")
    assert "Thêm 0550 000 124; MB Bank, 0000123456. Bỏ 0550 000 123" in row
    if has_script:
        assert find_desk_faults(page) == []
    case = Case.objects.get(report=report)
    assert (case.version, case.corrections_json.keys()) == (2, {"money_lost_vnd", "named"})
    assert Correction.objects.filter(is_confirmation=True).get().fact == "scenario"


def test_a_line_marks_its_words_in_the_story(
    portal: str, open_desk: OpenDesk, chief: Client
) -> None:
    report = report_factories.triaged(TOLD)
    page = open_desk(chief)
    page.goto(f"{portal}{QUEUE}{report.pk}/change/")
    mark = page.locator("mark[data-rows~=named]").first
    plain = mark.evaluate("each => getComputedStyle(each).backgroundColor")
    page.locator("#machine-named summary").focus()
    assert mark.evaluate("each => getComputedStyle(each).backgroundColor") != plain
