"""Screenshots of the pages, to look at them: `make screens` writes them to build/screens/.

Starts the whole portal with invented reports and walks it as a resident and as an officer, at
360 and 1280 pixels, in light and in dark. `--handbook` writes the few that docs/officers.md and the README show.
"""

import argparse
import sys
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.portal_process import Portal, running_portal
from tests.support.processes import run_python
from tools.servers import CHROMIUM

OUT = Path("build/screens")
WIDTHS = (360, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Every resident's page by its address; English stands under /en/.
RESIDENT = {
    "home": "/",
    "now": "/dang-bi-goi/",
    "report": "/bao-cao/",
    "no-cookie": "/bao-cao/da-nhan/",
    "track": "/theo-doi/",
    "new-code": "/theo-doi/ma-moi/",
    "check": "/kiem-tra/",
    "dispute": "/kiem-tra/xem-lai/",
    "dispute-answer": "/kiem-tra/xem-lai/ket-qua/",
    "for-programs": "/kiem-tra/cho-phan-mem/",
    "offices": "/co-quan/",
    "office": "/co-quan/cong-an-tinh/",
    "figures": "/thong-ke/",
    "search": "/tim/",
    "assessment": "/that-hay-gia/",
    "scam-call": "/that-hay-gia/mot-cuoc-goi/",
    "genuine": "/cong-that/",
    "personal-data": "/rieng-tu/",
    "accessibility": "/ai-cung-dung-duoc/",
    "offline": "/offline/",
    "not-found": "/khong-co/",
}
PUBLISHED = {
    "warnings": "/canh-bao/",
    "en-warnings": "/en/canh-bao/",
    "agencies": "/danh-cho-co-quan/",
    "subscribe": "/dang-ky/",
    "frame": "/nhung/",
}
# What the number check says, by what was typed.
NUMBERS = {
    "office": "02373.725.725",
    "near-office": "0373.725.725",
    "unknown": "0550 000 999",
    "foreign": "+375 29 000 00 00",
    "masked": "0977 xxx 123",
    "account": "Vietcombank 0992000456789",
    "link": "https://dichvucong-nhai.top/nop",
    "name": "CSKH NGANHANG",
    "which": "0550 000 123 / 0992 000 118",
}
# Numbers that two people reported two days apart, and that two officers confirmed; no invented
# report of the demo makes them so.
REPORTED_NUMBERS = {"several": "0550 000 321", "confirmed": "0550 000 654"}
REPORT_NUMBERS = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone
from reports.models import NumberFinding
from reports.submission import intake
reports = [
    ("Họ xưng công an, bảo tôi có tên trong vụ án, bắt giữ kín với cả nhà.", "0550 111 001", 2),
    ("Gọi báo khóa SIM trong hai giờ, đòi đọc mã gửi về máy cho họ kiểm tra.", "0550 111 002", 0),
]
for story, contact, days in reports:
    typed = intake.ReportSubmission(caller_number="0550 000 321", story=story, contact=contact)
    report = intake.submit_report(typed, "screens-" + contact.replace(" ", "")).report
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        at = report.received_at - timedelta(days=days)
        cursor.execute("UPDATE reports_report SET received_at = %s WHERE id = %s", [at, report.pk])
NumberFinding.objects.create(
    key="+84550000654",
    number="0550 000 654",
    finding="confirmed",
    reason="Đã gọi thử.",
    proposed_by=User.objects.get(username="truc.ban"),
    confirmed_by=User.objects.get(username="nguoi.duyet"),
    confirmed_at=timezone.now(),
    valid_until=timezone.localdate() + timedelta(days=90),
)
"""
DESK = {
    "desk-start": "/admin/",
    "desk-queue": "/admin/reports/report/",
    "desk-hotline": "/admin/reports/report/file/",
    "desk-leaders": "/admin/leaders/",
    "desk-shift": "/admin/reports/report/shift/",
    "desk-warnings": "/admin/alerts/alert/",
    "desk-campaigns": "/admin/reports/campaign/",
    "desk-agreement": "/admin/reports/report/agreement/",
}
STORY = {
    "caller_number": "0550 000 123",
    "story": "Xưng công an, dọa bắt, đòi chuyển 20 triệu vào tài khoản an toàn.",
    "urgent_phone": "0550 000 111",
    "callback_phrase": "ấm và chảo",
}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


def take_screenshot(page: Page, name: str, width: int, scheme: str) -> None:
    # Disabled: the stock admin fades from one colour scheme to the other.
    path = OUT / f"{name}-{width}-{scheme}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")


def shoot_resident_pages(page: Page, portal: Portal, tongue: str) -> Iterator[str]:
    """The resident's pages and their states, by name. `tongue` is "" or "/en"."""
    for name, path in RESIDENT.items():
        page.goto(portal.url + tongue + path)
        yield name
    yield from shoot_reply_pages(page, portal, tongue)
    yield from shoot_number_pages(page, portal, tongue)
    page.goto(f"{portal.url}{tongue}/bao-cao/")
    send_report(page)
    yield "report-empty"
    fill_report(page, STORY | {"commune": "Lam Sơn", "money_lost_vnd": "nhiều lắm"})
    send_report(page)
    page.locator(".ticket").wait_for()
    yield "receipt"
    page.locator("form[action$='/theo-doi/'] button").first.click()
    yield "tracking"
    for fold in page.locator("details > summary").all():
        fold.click()
    yield "tracking-open"


def shoot_reply_pages(page: Page, portal: Portal, tongue: str) -> Iterator[str]:
    """What a press of a box or a search brings."""
    page.goto(f"{portal.url}{tongue}/dang-bi-goi/")
    page.locator("[value=yes]").first.check()
    yield "now-yes"
    page.goto(f"{portal.url}{tongue}/that-hay-gia/")
    for guess in page.locator(".quiz-question").all():
        guess.locator("input").first.check()
    yield "quiz-answered"
    page.goto(f"{portal.url}{tongue}/tim/")
    page.locator("[name=q]").fill("khóa SIM")
    page.locator("main form button").first.click()
    yield "search-results"


def shoot_number_pages(page: Page, portal: Portal, tongue: str) -> Iterator[str]:
    """What the number check answers."""
    for name, number in (NUMBERS | REPORTED_NUMBERS).items():
        page.goto(f"{portal.url}{tongue}/kiem-tra/")
        page.locator("main [name=number]").first.fill(number)
        page.locator("main form button").first.click()
        yield f"check-{name}"


def fill_report(page: Page, words: dict[str, str]) -> None:
    """Write into the form, folded fields too."""
    for fold in page.locator("main form details > summary").all():
        fold.click()
    page.locator("[name=money_lost][value=yes]").check()
    page.locator("[name=happening_now]").check()
    for name, text in words.items():
        page.locator(f"main [name={name}]").fill(text)


def send_report(page: Page) -> None:
    page.locator("form[action$='/bao-cao/gui/'] .closing .actions button").first.click()


def shoot_warnings(page: Page, portal: Portal) -> Iterator[str]:
    """The warnings: those in force in both languages, what agencies read in Vietnamese."""
    for name, path in PUBLISHED.items():
        page.goto(portal.url + path)
        yield name
    for tongue in ("", "/en"):
        page.goto(f"{portal.url}{tongue}/canh-bao/")
        page.locator(f"main h3 a[href^='{tongue}/canh-bao/']").first.click()
        yield f"{tongue.lstrip('/')}-warning".lstrip("-")


def shoot_desk(page: Page, portal: Portal) -> Iterator[str]:
    """The desk, from the log-in to a report."""
    user = "truc.ban"
    page.goto(f"{portal.url}/admin/")
    yield "desk-login"
    log_in(page, portal, user)
    for name, path in DESK.items():
        page.goto(portal.url + path)
        yield name
    page.goto(f"{portal.url}/admin/reports/report/")
    page.locator("#result_list th a").first.click()
    yield "desk-report"
    yield from shoot_campaigns(page, portal)


def shoot_campaigns(page: Page, portal: Portal) -> Iterator[str]:
    """A campaign as it is, with all its acts open, after a split, and before a merge."""
    page.goto(f"{portal.url}/admin/reports/campaign/")
    page.locator("#result_list th a").nth(1).click()
    yield "desk-campaign"
    for box in page.locator("[name=reports]").all()[:2]:
        box.check()
    page.locator("[name=reason]").first.fill("Hai tin này là nhóm khác, giọng khác.")
    page.get_by_role("button", name="Tách thành đợt mới").click()
    for fold in page.locator("#content details > summary").all():
        fold.click()
    yield "desk-campaign-open"
    page.goto(f"{portal.url}/admin/reports/campaign/")
    for box in page.locator("#result_list .action-select").all()[:3]:
        box.check()
    page.locator("[name=action]").select_option("merge_chosen")
    page.locator(".actions button").click()
    yield "desk-campaign-merge"


HANDBOOK = Path("docs/pictures")
MARGIN, GROUND = 24, (232, 234, 229)  # of the picture in the README
COLOURS = 64  # of a picture of the handbook: enough for text, a third of the bytes


def shoot_handbook(page: Page, portal: Portal) -> Iterator[str]:
    """The pages that docs/officers.md shows, as an officer comes to them."""
    log_in(page, portal, "truc.ban")
    page.goto(f"{portal.url}/admin/help/tour/")
    page.locator("#content button").click()
    yield "desk-start"
    page.goto(f"{portal.url}/admin/reports/report/")
    yield "desk-queue"
    page.locator("#result_list th a").first.click()
    yield "desk-report"
    yield from list_handbook_pictures(page)
    page.goto(f"{portal.url}/admin/reports/report/")
    boxes = page.locator("#result_list .action-select").all()
    for box in (boxes[0], *boxes[-4:]):  # one that must be called is left
        box.check()
    page.locator("[name=action]").select_option("close_many")
    page.locator(".actions button").first.click()
    yield "desk-bulk"
    page.goto(f"{portal.url}/admin/reports/campaign/")
    page.locator("#result_list th a").first.click()
    yield "desk-campaign"


def list_handbook_pictures(page: Page) -> Iterator[str]:
    """A message from a canned reply to its preview."""
    page.locator("summary", has_text="Nhắn người báo").first.click()
    page.locator("form[action*='/compose/message/'] .secondary").click()
    yield "desk-compose"
    page.get_by_role("button", name="Chèn").first.click()
    page.get_by_role("button", name="Xem trước").click()
    yield "desk-preview"


def log_in(page: Page, portal: Portal, user: str) -> None:
    page.goto(f"{portal.url}/admin/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", portal.people[user]["password"])
    page.fill("[name=otp_token]", portal.manage("officer_code", user).split()[-1])
    page.locator("[type=submit]").first.click()


def write_handbook_pictures(browser: Browser, portal: Portal) -> None:
    """One window of each page in few colours: pictures that lie in the repository."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    shots = {name: crop_window(page) for name in shoot_handbook(page, portal)}
    phone = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="light")
    phone.goto(f"{portal.url}/bao-cao/")
    form = crop_window(phone)
    phone.goto(portal.url)
    phone.locator("main a[href^='/canh-bao/']").first.click()
    phone.wait_for_load_state()
    shots["overview"] = join_pictures(form, shots["desk-report"], crop_window(phone))
    for name, shot in shots.items():
        shot.quantize(COLOURS).save(HANDBOOK / f"{name}.png", optimize=True)


def crop_window(page: Page) -> Image.Image:
    return Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def join_pictures(*shots: Image.Image) -> Image.Image:
    """Pictures of one height on a quiet ground, their corners rounded."""
    width = sum(shot.width + MARGIN for shot in shots) + MARGIN
    whole, at = Image.new("RGB", (width, shots[0].height + 2 * MARGIN), GROUND), MARGIN
    for shot in shots:
        mask = Image.new("L", shot.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *shot.size), MARGIN // 2, fill=255)
        whole.paste(shot, (at, MARGIN), mask)
        at += shot.width + MARGIN
    return whole


def shoot_all(browser: Browser, portal: Portal) -> None:
    """Everything once per width and scheme; a code of the desk opens the door once, so the
    officer logs in once and changes the window.
    """
    for width in WIDTHS:
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme
            )
            page = context.new_page()
            for name in chain(shoot_resident_pages(page, portal, ""), shoot_warnings(page, portal)):
                take_screenshot(page, name, width, scheme)
            if scheme == "light":
                for name in shoot_resident_pages(page, portal, "/en"):
                    take_screenshot(page, f"en-{name}", width, scheme)
            context.close()
    page = browser.new_context().new_page()
    for name in shoot_desk(page, portal):
        for width in WIDTHS:
            for scheme in SCHEMES:
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                take_screenshot(page, name, width, scheme)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default=CHROMIUM)
    parser.add_argument(
        "--handbook",
        action="store_true",
        help="the pictures of docs/officers.md and the README instead",
    )
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    with running_portal() as portal, sync_playwright() as playwright:
        portal.manage("purge")  # invented reports are old, and no night has passed here
        run_python(portal.env, "-m", "tools.demo", "reports", "--wait", "60")
        portal.manage("shell", "-c", REPORT_NUMBERS)
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=ARGUMENTS)
        (write_handbook_pictures if arguments.handbook else shoot_all)(browser, portal)
        browser.close()
    where = HANDBOOK if arguments.handbook else OUT
    print(f"{len(list(where.glob('*.png')))} pictures in {where}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
