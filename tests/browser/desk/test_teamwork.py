"""Working together in a real browser: a tick, a report passed on, a shift handed over, a folded campaign."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from reports.models import Case
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import find_desk_faults, press
from tests.support import campaign_factories
from tests.support.officers import create_officer, log_in
from tests.support.report_factories import case, create_unit_officer, decide
from tests.support.report_factories import unit as create_unit

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [360, 1280])
def test_an_officer_ticks_passes_on_and_hands_over_the_shift(
    portal: str, open_desk: OpenDesk, width: int
) -> None:
    lan, minh = create_officer("lan", "duty"), create_officer("minh", "duty")
    page, theirs = (open_desk(log_in(each), width) for each in (lan, minh))
    first, second = (decide("take", case("Họ gọi."), lan) for _ in range(2))
    page.goto(f"{portal}{QUEUE}{first.pk}/change/")
    press(page, page.get_by_role("button", name="Đã làm: Dặn giữ lại số gọi đến"))
    expect(page.get_by_role("button", name="Bỏ dấu: Dặn giữ lại số gọi đến")).to_be_visible()
    page.locator("summary", has_text="Chuyển cho đồng nghiệp, phân công").click()
    page.get_by_label("Cán bộ", exact=True).select_option(label="minh")
    page.get_by_label("Vì sao chuyển, dặn gì").fill("Gọi lại lúc 9 giờ.")
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("button", name="Chuyển cho đồng nghiệp, phân công"))

    page.goto(f"{portal}/admin/")
    press(page, page.get_by_role("link", name="Bàn giao ca"))
    assert find_desk_faults(page) == []
    page.get_by_label("Cán bộ", exact=True).select_option(label="minh")
    press(page, page.get_by_role("button", name="Bàn giao", exact=True))
    expect(page.get_by_text("Đã làm 1 tin, không làm 0 tin.")).to_be_visible()

    theirs.goto(f"{portal}/admin/")
    expect(theirs.get_by_text("Ca trước bàn giao 2 tin")).to_be_visible()
    assert find_desk_faults(theirs) == []
    theirs.goto(f"{portal}{QUEUE}{first.pk}/change/")
    notice = theirs.locator(".notice", has_text="lan chuyển tin này cho bạn")
    expect(notice).to_contain_text("Gọi lại lúc 9 giờ.")
    assert list(Case.objects.exclude(passed_by=None)) == [second]
    assert User.objects.get(username="minh").cases.count() == 2


def test_a_hand_over_comes_to_the_open_page_of_its_unit_and_back_confirmed(
    portal: str, open_desk: OpenDesk
) -> None:
    office = open_desk(log_in(create_officer("lan", "duty")))
    unit = open_desk(log_in(create_unit_officer(create_unit())), 360)
    report = case("Họ gọi.").report
    unit.goto(f"{portal}/admin/")
    office.goto(f"{portal}{QUEUE}{report.pk}/change/")
    office.locator("summary", has_text="Lập phiếu chuyển đơn vị").click()
    office.get_by_label("Đơn vị nhận").fill("Công an xã Yên Định")
    office.locator("#hand_over_reason").fill("Đúng xã.")
    press(office, office.get_by_role("button", name="Lập phiếu chuyển đơn vị"))
    office.goto(f"{portal}/admin/")
    box = office.locator("[data-watch]")
    expect(box).to_contain_text("Chờ xác nhận, Công an xã Yên Định")

    expect(unit.locator("[data-watch]")).to_contain_text("Tin được chuyển đến, chờ xác nhận")
    assert find_desk_faults(unit) == []
    press(unit, unit.locator("[data-watch]").get_by_role("link", name=report.public_number))
    press(unit, unit.get_by_role("button", name="Đã nhận"))
    expect(box).to_contain_text("Chờ báo kết quả, Công an xã Yên Định")  # nobody loaded it again
    unit.locator("summary", has_text="Báo kết quả").click()
    unit.locator("#answer_result").select_option("accepted")
    unit.locator("#answer_reason").fill("Đã thụ lý, số 12.")
    press(unit, unit.get_by_role("button", name="Báo kết quả"))
    expect(box).not_to_contain_text("Công an xã Yên Định")
    office.goto(f"{portal}{QUEUE}{report.pk}/change/")
    expect(office.get_by_text("Đã thụ lý, số 12.").first).to_be_visible()


def test_a_folded_campaign_opens_and_is_closed_at_once(portal: str, page: Page) -> None:
    campaign_factories.campaign("Đ-26-KKT", reports=3)
    page.goto(f"{portal}{QUEUE}")
    expect(page.get_by_role("link", name="3 tin giống")).to_be_visible()
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("link", name="Xử lý cùng"))
    assert find_desk_faults(page) == []
    press(page, page.get_by_role("button", name="Kết thúc xử lý"))
    page.get_by_label("Kết quả").select_option("scam")
    page.get_by_label("Lý do").fill("Cùng một đợt.")
    press(page, page.get_by_role("button", name="Kết thúc xử lý 3 tin"))
    expect(page.get_by_text("Đã làm 3 tin, không làm 0 tin.")).to_be_visible()
