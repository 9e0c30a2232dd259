"""A commune's list, from the file to its reports, in a real browser without a script of ours."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from reports.models import Report
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import find_desk_faults
from tests.support.report_lists import HEADINGS, file_steps, make_workbook

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

ROWS = [
    ["UBND XÃ MẪU: các cuộc gọi tháng 11"],
    HEADINGS,
    (
        1,
        "30/11/2026",
        912345678,
        "Xưng công an tỉnh, đòi tiền." + " dài" * 40,
        "20 triệu",
        "ông Tư",
    ),
    (2, "hôm kia", "0550 000 111", "Xưng điện lực, dọa cắt điện.", None, None),
    (3, None, "=1+1", "Kể lại sau.", None, None),
    (4, "32/13/2026", "0550 000 222", "Gọi lần nữa.", "một ít", None),
    (5, None, None, None, None, None),
]


def upload(page: Page, content: bytes) -> None:
    file = {"name": "thang-11.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    page.set_input_files("[name=file]", file)  # type: ignore[arg-type]
    with page.expect_navigation():
        page.get_by_role("button", name="Gửi lên để xem").click()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_list_is_looked_at_and_filed_on_pages_without_fault(
    portal: str, open_desk: OpenDesk, chief: Client, width: int
) -> None:
    page = open_desk(chief, width)
    page.goto(f"{portal}{QUEUE}")
    with page.expect_navigation():
        page.get_by_role("link", name="Nhập danh sách").click()
    upload(page, make_workbook(ROWS, merge="B3:B4"))
    expect(page.get_by_role("alert")).to_contain_text("B3:B4 đang gộp")
    faults = {"refused": find_desk_faults(page)}
    upload(page, make_workbook(ROWS, merge="A1:F1"))
    expect(page.locator("#content")).to_contain_text("3 dòng sẽ thành tin")
    faults["looked at"] = find_desk_faults(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Nhập 3 tin").click()
    expect(page.locator("progress")).to_have_attribute("value", "0")
    faults["being filed"] = find_desk_faults(page)
    file_steps()
    expect(page.locator("h2#filed")).to_contain_text("Đã nhập xong", timeout=20_000)  # by itself
    faults["filed"] = find_desk_faults(page)
    assert {name: found for name, found in faults.items() if found} == {}
    assert Report.objects.count() == 3
