"""A morning at the desk: two officers and twenty reports, from the queue to what is on record."""

import re
from collections import Counter
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts import roles
from alerts.models import Alert
from core import encryption
from core.models import AuditEvent
from reports.models import Campaign, Case, Deadline, Message, Report, TransferSlip
from reports.submission import intake
from reports.triage import report_triage
from tests.browser.desk.conftest import QUEUE, OpenDesk
from tests.browser.pages import press
from tests.support import report_factories
from tests.support.campaign_factories import members
from tests.support.officers import create_officer, log_in

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

POLICE = "Xưng công an tỉnh, nói tôi dính vụ rửa tiền, đòi chuyển 20 triệu vào tài khoản an toàn."
POWER = "Xưng điện lực, dọa cắt điện trong hai giờ, bảo kết bạn Zalo rồi cài ứng dụng."
ADVERT = "Quảng cáo đất nền, mời xem dự án."
BANK = "Xưng ngân hàng, bảo đọc mã OTP để hủy giao dịch, tôi đã mất 35 triệu."
QUESTION = "Bác chuyển tiền lúc mấy giờ, vào ngân hàng nào?"
ANSWER = "Lúc 9 giờ sáng, ngân hàng ở phường Hạc Thành."


@dataclass
class Morning:
    """The twenty reports of a night by what they will come to."""

    queried: intake.SubmissionResult
    police: list[Report]
    power: list[Report]
    adverts: list[Report]
    banks: list[Report]
    campaigns: tuple[Campaign, Campaign]

    @property
    def all(self) -> list[Report]:
        return [self.queried.report, *self.police, *self.power, *self.adverts, *self.banks]


@pytest.fixture
def morning(portal: str) -> Morning:
    queried = intake.submit_report(
        intake.ReportSubmission(story=BANK, contact="0550 000 111"), "a-key-of-the-morning"
    )
    report_triage._write(report_triage.extract(queried.report))
    police = [_called(POLICE, "0550 000 123") for _ in range(6)]
    power = [_called(POWER, "0992 000 118") for _ in range(5)]
    adverts = [report_factories.triaged(ADVERT) for _ in range(5)]
    banks = [_called(BANK, f"0550 000 20{number}") for number in range(3)]
    assert _wave(police) != _wave(power)
    return Morning(queried, police, power, adverts, banks, (_wave(police), _wave(power)))


def _wave(reports: list[Report]) -> Campaign:
    """The one campaign into which the machine has laid them all."""
    return Campaign.objects.filter(links__report__in=reports).distinct().get()


def _called(story: str, number: str) -> Report:
    return report_factories.triaged(story, caller_number=number)


@pytest.fixture
def ha(open_desk: OpenDesk) -> Page:
    """The lead, who also writes warnings."""
    user = create_officer("ha", "lead")
    user.groups.add(roles.group_of("editor"))
    return open_desk(log_in(user))


@pytest.fixture
def minh(open_desk: OpenDesk) -> Page:
    return open_desk(log_in(create_officer("minh", "duty")))


def test_two_officers_clear_a_morning(
    live_server: LiveServer, phone: BrowserContext, ha: Page, minh: Page, morning: Morning
) -> None:
    assert len(morning.all) == 20
    for page in (ha, minh):
        page.goto(live_server.url + QUEUE)
        expect(page.locator("#result_list tbody tr")).to_have_count(20)
    _decide_by_keys(live_server.url, ha, morning.power)
    _ask_and_be_answered(live_server.url, phone, minh, morning.queried)
    _hand_over(live_server.url, minh, _pick_open(morning.banks))
    _call_a_crime(live_server.url, ha, _pick_open(morning.banks))
    _lose_a_race(live_server.url, ha, minh, _pick_open(morning.banks + morning.power))
    _close_many(live_server.url, ha, [report for report in morning.adverts if _is_open(report)])
    _draft_a_warning(live_server.url, ha, morning.campaigns[0])
    _is_on_record(morning)


def _is_open(report: Report) -> bool:
    return Case.objects.get(report=report).status in Case.OPEN


def _pick_open(reports: list[Report]) -> Report:
    return next(report for report in reports if _is_open(report))


def _decide_by_keys(url: str, page: Page, campaign_reports: list[Report]) -> None:
    """Three of a campaign, one after the other and no mouse: taken; ended with an outcome; set aside."""
    page.goto(f"{url}{QUEUE}?q=0992000118")
    for keys in (["n"], ["x", "ArrowDown", "ArrowDown", "Tab"], ["r"]):
        with page.expect_navigation():
            page.keyboard.press("j")
        number = page.locator("h1 .number").inner_text()
        assert number in {report.public_number for report in campaign_reports}
        for key in keys[:-1]:
            page.keyboard.press(key)
        with page.expect_navigation():
            _finish(page, keys[-1])
    expect(page.locator("h1")).not_to_contain_text(number)


def _finish(page: Page, key: str) -> None:
    page.keyboard.press(key)
    if key != "n":
        page.keyboard.type("Trùng với tin trong đợt.")
        page.keyboard.press("Control+Enter")


def _open_page(page: Page, url: str, report: Report) -> None:
    page.goto(f"{url}{QUEUE}{report.pk}/change/")


def _ask_and_be_answered(
    url: str, phone: BrowserContext, page: Page, queried: intake.SubmissionResult
) -> None:
    """Asked by keys, seen before it is sent, answered on the resident's phone, gone on with."""
    _open_page(page, url, queried.report)
    page.keyboard.press("h")
    page.keyboard.type(QUESTION)
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect(page.locator(".story-text")).to_have_text(QUESTION)
    assert not Message.objects.exists()
    expect(page.get_by_role("button", name="Gửi cho người báo")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Đã chuyển sang chờ người báo.")
    assert queried.report.public_number not in page.locator("h1").inner_text()
    _answer(url, phone, queried)
    page.goto(url + QUEUE)
    row = page.locator("#result_list tr", has_text=queried.report.public_number)
    expect(row).to_contain_text("Đã trả lời")
    press(page, row.locator("th a"))
    expect(page.locator("#content")).to_contain_text(ANSWER)
    with page.expect_navigation():
        page.keyboard.press("t")


def _answer(url: str, phone: BrowserContext, queried: intake.SubmissionResult) -> None:
    page = phone.new_page()
    page.goto(f"{url}/theo-doi/")
    page.locator("main [name=code]").fill(queried.code or "")
    press(page, page.get_by_role("button", name="Xem tin của tôi"))
    expect(page.locator(".quoted").first).to_have_text(QUESTION)
    page.locator("main textarea").first.fill(ANSWER)
    press(page, page.get_by_role("button", name="Gửi cho cán bộ"))


def _hand_over(url: str, page: Page, report: Report) -> None:
    """The paper is there with the hand-over, and one press prints it."""
    _open_page(page, url, report)
    page.keyboard.press("c")
    page.keyboard.type("Công an xã Yên Định")
    page.keyboard.press("Tab")
    page.keyboard.type("Người bị hại ở địa bàn xã.")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    press(page, page.get_by_role("link", name=f"Xem lại tin {report.public_number}"))
    with page.expect_download() as paper:
        page.get_by_role("button", name="In phiếu (PDF)").click()
    assert paper.value.path().read_bytes().startswith(b"%PDF-")


def _call_a_crime(url: str, page: Page, report: Report) -> None:
    """The legal deadlines run from here, and the page says until when."""
    _open_page(page, url, report)
    page.keyboard.press("d")
    page.keyboard.type("Đã chiếm đoạt 35 triệu. Gửi Cơ quan Cảnh sát điều tra.")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    press(page, page.get_by_role("link", name=f"Xem lại tin {report.public_number}"))
    expect(page.locator("h1")).to_contain_text("Tin báo về tội phạm")
    expect(page.locator(".subtitle")).to_contain_text("còn")
    expect(page.locator(".deadlines li", has_text="còn")).to_have_count(2)


def _lose_a_race(url: str, first: Page, second: Page, report: Report) -> None:
    """Who comes second is told who came first and what was done; nothing is written over."""
    _open_page(first, url, report)
    _open_page(second, url, report)
    expect(second.locator("#others")).to_contain_text("ha cũng đang mở tin này")
    first.keyboard.press("g")
    first.keyboard.type("Đã gọi lại, bác vẫn giữ máy.")
    with first.expect_navigation():
        first.keyboard.press("Control+Enter")
    second.keyboard.press("r")
    second.keyboard.type("Tưởng là quảng cáo.")
    with second.expect_navigation():
        second.keyboard.press("Control+Enter")
    expect(second.locator(".messagelist")).to_contain_text("ha vừa xử lý tin này")
    expect(second.locator("#junk_reason")).to_have_value("Tưởng là quảng cáo.")
    assert _is_open(report)


def _close_many(url: str, page: Page, reports: list[Report]) -> None:
    page.goto(url + QUEUE)
    for report in reports:
        row = page.locator("#result_list tr", has_text=report.public_number)
        row.locator(".action-select").check()
    page.locator("[name=action]").select_option("close_many")
    press(page, page.locator(".actions button").first)
    page.get_by_label("Kết quả").select_option("not_scam")
    page.get_by_label("Lý do").fill("Quảng cáo đất, không đòi gì.")
    press(page, page.get_by_role("button", name=f"Kết thúc xử lý {len(reports)} tin"))
    expect(page.locator("#content")).to_contain_text(f"Đã làm {len(reports)} tin, không làm 0 tin.")


def _draft_a_warning(url: str, page: Page, campaign: Campaign) -> None:
    page.goto(f"{url}/admin/reports/campaign/{campaign.pk}/change/")
    press(page, page.get_by_role("link", name="Soạn cảnh báo"))
    expect(page.locator("[name=grounds]")).to_have_value(re.compile(f"Đợt {campaign.code}: 6 tin"))
    for name in ("short_title", "advice", "sms", "sms_share"):
        page.locator(f"[name={name}]").fill("Cup may, goi 113.")
    press(page, page.locator("[name=_save]"))
    assert page.locator(".errorlist, .errornote").all_inner_texts() == []


def _is_on_record(morning: Morning) -> None:
    """What the database holds when the morning is over."""
    statuses = Counter(Case.objects.values_list("status", flat=True))
    assert sum(statuses.values()) == 20
    assert (statuses["junk"], statuses["handed_over"], statuses["crime_report"]) == (1, 1, 1)
    queried = Case.objects.get(report=morning.queried.report)
    assert (queried.status, getattr(queried.officer, "username", "")) == ("in_review", "minh")
    thread = Message.objects.filter(report=queried.pk).order_by("pk")
    assert [encryption.decrypt_field(message, "text") for message in thread] == [QUESTION, ANSWER]
    assert TransferSlip.objects.get().report_id == Case.objects.get(status="handed_over").pk
    case = Case.objects.get(status="crime_report")
    running = Deadline.objects.filter(report=case.pk, met_at=None)
    assert {deadline.kind for deadline in running} == {"notify", "verify"}
    assert [len(members(campaign)) for campaign in morning.campaigns] == [6, 5]
    assert Alert.objects.get(campaign=morning.campaigns[0]).current is None
    done = Counter(AuditEvent.objects.exclude(actor=None).values_list("actor__username", "kind"))
    assert done["minh", "asked"] == done["minh", "transfer_slip_printed"] == 1
    assert done["ha", "classified_as_crime"] == 1
    assert not any(kind == "refused" for _, kind in done)
