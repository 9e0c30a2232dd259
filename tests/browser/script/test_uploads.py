"""Files are made lighter on the phone, and a code is copied by a press."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.pages import press
from tests.browser.script.conftest import SEND, expect_receipt

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]

CHOSEN = """async () => {
  const [file] = document.querySelector("[type=file]").files;
  const picture = await createImageBitmap(file).catch(() => ({}));
  return [file.type, file.size, picture.width, picture.height];
}"""


def open_sent_report(page: Page) -> None:
    """The report sent, and the page about it, its script at work."""
    page.get_by_role("button", name=SEND).click()
    expect_receipt(page)
    press(page, page.get_by_role("button", name="Xem tin của tôi"))
    page.locator("summary", has_text="Gửi thêm ảnh, ghi âm").click()


def make_photo(width: int, height: int) -> bytes:
    """A picture of noise as a phone's camera writes one, with a word of its own inside."""
    noise = Image.effect_noise((width, height), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "nha rieng"
    into = BytesIO()
    noise.save(into, "JPEG", quality=90, exif=exif)
    return into.getvalue()


def choose_file(page: Page, path: Path, content: bytes) -> list[Any]:
    """Return what the form would send of one file: its kind, bytes, width, height."""
    path.write_bytes(content)
    page.locator("[type=file]").set_input_files(path)
    expect(page.locator("#files_told")).to_contain_text("MB")
    return list(page.evaluate(CHOSEN))


def test_a_large_picture_is_made_smaller_on_the_phone_and_a_larger_file_refused(
    writing: Page, tmp_path: Path
) -> None:
    open_sent_report(writing)
    choose_file(writing, tmp_path / "ghi-am.mp3", bytes(11 * 1024 * 1024))
    expect(writing.get_by_text("“ghi-am.mp3” nặng 11 MB")).to_be_visible()
    large = make_photo(2600, 1300)
    kind, size, width, height = choose_file(writing, tmp_path / "IMG_1.jpg", large)
    assert (kind, width, height) == ("image/jpeg", 2000, 1000)
    assert size < len(large)
    small = make_photo(300, 200)
    assert choose_file(writing, tmp_path / "IMG_2.jpg", small)[1:] == [len(small), 300, 200]
    paper = b"%PDF-1.4" + bytes(2_000_000)
    assert choose_file(writing, tmp_path / "don.pdf", paper)[:2] == ["application/pdf", len(paper)]
    writing.get_by_role("button", name="Gửi ảnh, ghi âm").click()
    expect(writing.get_by_text("Đã nhận bản PDF")).to_be_visible()


def test_the_code_is_copied_by_a_press(writing: Page, phone: BrowserContext) -> None:
    phone.grant_permissions(["clipboard-read", "clipboard-write"])
    writing.get_by_role("button", name=SEND).click()
    writing.locator("summary", has_text="Nhắn, chép").click()
    writing.get_by_role("button", name="Chép mã").click()
    expect(writing.get_by_text("Đã chép mã")).to_be_visible()
    groups = writing.locator(".code b").all_text_contents()
    assert writing.evaluate("navigator.clipboard.readText()") == " ".join(groups)
