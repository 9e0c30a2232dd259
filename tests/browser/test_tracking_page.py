"""The page about a report in a real browser, in every state that it can have."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from reports.cases import workflow
from reports.models import Campaign, CampaignLink, NoticeAddress
from reports.notices import addresses
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.browser.pages import find_resident_faults, press, unfold
from tests.support.officers import create_officer
from tests.support.report_factories import decide, report

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
WORDS = {
    "": {"open": "Xem tin của tôi", "answer": "Gửi cho cán bộ", "add": "Thêm vào tin báo"},
    "/en": {"open": "See my report", "answer": "Send to the officer", "add": "Add to my report"},
}
TYPED = ReportSubmission(
    story="Họ xưng công an.",
    caller_number="0550 000 123",
    money_lost_raw="12 triệu",
    commune_raw="Lam Sơn",
    contact="0550000111",
    phrase="bến Sung, 47",
)


@pytest.fixture
def officer(confirmed: str) -> User:
    return create_officer("truc.ban", "duty")


@pytest.fixture
def mine(officer: User) -> intake.SubmissionResult:
    """A report in a campaign that is large enough to be counted."""
    accepted = intake.submit_report(TYPED, "a-key-of-the-browser")
    campaign = Campaign.objects.create(code="Đ-26-K4M", title="Giả danh công an")
    for member in (accepted.report, *(report(f"Chuyện {each}") for each in range(5))):
        CampaignLink.objects.create(
            report_id=member.pk, campaign=campaign, kind="same_number", strength=1, reason="cùng số"
        )
    return accepted


def open_report(page: Page, portal: str, mine: intake.SubmissionResult, language: str) -> None:
    page.goto(f"{portal}{language}/theo-doi/")
    page.fill("main [name=code]", str(mine.code))
    press(page, page.get_by_role("button", name=WORDS[language]["open"]))


@pytest.mark.parametrize("language", WORDS)
def test_no_state_of_the_page_has_a_fault(
    confirmed: str, mine: intake.SubmissionResult, officer: User, page: Page, language: str
) -> None:
    open_report(page, confirmed, mine, language)
    unfold(page, "main summary:visible")
    assert find_resident_faults(page) == []
    page.locator("main [name=accounts]").fill("0987000111222 ngân hàng X")
    page.locator("main [name=called_d]").fill("31/2")
    press(page, page.get_by_role("button", name=WORDS[language]["add"]))
    assert find_resident_faults(page) == []
    workflow.decide("ask", mine.report.pk, by=officer, version=1, reason="Họ gọi lúc mấy giờ?")
    open_report(page, confirmed, mine, language)
    assert find_resident_faults(page) == []
    page.locator("main [name=text]").fill("Lúc 9 giờ.")
    press(page, page.get_by_role("button", name=WORDS[language]["answer"]))
    assert find_resident_faults(page) == []
    for way in ("/rut/", "/xoa/"):
        unfold(page, f"details:has(> div > form[action$='{way}']) > summary")
        press(page, page.locator(f"form[action$='{way}'] button"))
        assert find_resident_faults(page) == []
        open_report(page, confirmed, mine, language)
    press(page, page.locator("form[action$='/theo-doi/trinh-bay/'] button").first)
    assert find_resident_faults(page) == []


@pytest.mark.parametrize("language", WORDS)
def test_no_page_of_an_ended_report_or_of_its_mails_has_a_fault(
    confirmed: str, mine: intake.SubmissionResult, officer: User, page: Page, language: str
) -> None:
    addresses.register(mine.report.pk, "dan@mau.example")
    token = addresses.sign_end_token(NoticeAddress.objects.get())
    decide("close", mine.report, officer)
    open_report(page, confirmed, mine, language)
    unfold(page, "main summary:visible")
    assert find_resident_faults(page) == []
    press(page, page.locator("form[action$='/dong/'] button"))
    assert find_resident_faults(page) == []
    page.goto(f"{confirmed}{language}/theo-doi/thoi-email/{token}/")
    assert find_resident_faults(page) == []
    press(page, page.locator("main form button"))
    assert find_resident_faults(page) == []


def test_back_and_reload_show_the_pages_again_and_send_nothing_twice(
    portal: str, mine: intake.SubmissionResult, page: Page
) -> None:
    """Chromium shows an error page of its own in place of an answer to a POST that it may not keep."""
    page.goto(f"{portal}/theo-doi/")
    page.fill("main [name=code]", "2222 2222 2222 2222")
    press(page, page.get_by_role("button", name="Xem tin của tôi"))
    page.fill("main [name=code]", str(mine.code))
    press(page, page.get_by_role("button", name="Xem tin của tôi"))
    page.get_by_text("Viết cho cán bộ").click()
    page.locator("main [name=text]").fill("Lúc 9 giờ.")
    press(page, page.get_by_role("button", name="Gửi cho cán bộ"))
    own = f"Tin {mine.report.public_number}"
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(own)
    press(page, page.get_by_role("link", name="Trang chủ").first)
    for heading in (own, own, "Xem tin đã báo", "Xem tin đã báo"):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert mine.report.messages.count() == 1
