"""docs/accessibility.md answers every criterion by tests that exist, and what it says of sheets and scripts holds."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from lxml import html

from tests.support.document_tables import missing, rows

pytestmark = pytest.mark.django_db
STATIC = Path(settings.BASE_DIR) / "static"
A_AND_AA = {
    *("1.1.1", "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.3.1", "1.3.2", "1.3.3", "1.3.4", "1.3.5"),
    *("1.4.1", "1.4.2", "1.4.3", "1.4.4", "1.4.5", "1.4.10", "1.4.11", "1.4.12", "1.4.13"),
    *("2.1.1", "2.1.2", "2.1.4", "2.2.1", "2.2.2", "2.3.1", "2.4.1", "2.4.2", "2.4.3", "2.4.4", "2.4.5"),
    *("2.4.6", "2.4.7", "2.4.11", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.5.7", "2.5.8"),
    *("3.1.1", "3.1.2", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.6", "3.3.1", "3.3.2", "3.3.3", "3.3.4"),
    *("3.3.7", "3.3.8", "4.1.2", "4.1.3"),
}  # fmt: skip
ROWS = rows("accessibility.md", r"\d\.\d\.\d+")


def parse(client: Client, path: str) -> Any:
    return html.document_fromstring(client.get(path, follow=True).content)


def test_every_criterion_is_answered_once_and_a_yes_names_a_test_that_exists() -> None:
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids))
    assert len(A_AND_AA) == 55
    assert set(ids) >= A_AND_AA
    assert missing([name for row in ROWS for name in row.tests]) == []
    for row in ROWS:
        _, answer, how = row.cells
        assert answer in {"met", "looked at", "not met", "n/a"}, row.id
        assert len(how) > 5, row.id
        assert bool(row.tests) or answer != "met", row.id
        assert "2026-" in how or answer != "looked at", row.id


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/ai-cung-dung-duoc/", ["Chỗ nào chưa được", "15 phút", "02373.725.725", "WCAG 2.2"]),
        ("/en/ai-cung-dung-duoc/", ["What does not work yet", "15 minutes", "02373.725.725"]),
    ],
)
def test_residents_read_what_works_what_does_not_and_whom_to_tell(
    client: Client, path: str, said: list[str]
) -> None:
    page = parse(client, path)
    text = page.xpath("//main")[0].text_content()
    assert [words for words in said if words not in text] == []
    language = path.removesuffix("ai-cung-dung-duoc/")
    for door in (language, f"{language}bao-cao/", f"{language}that-hay-gia/"):
        links = parse(client, door).xpath("//footer//a/@href")
        assert path in links


def test_nothing_moves_and_no_script_wants_a_drag_a_motion_or_a_press_without_release() -> None:
    moves = re.compile(r"\btransition\s*:|\banimation\s*:|@keyframes")
    wants = re.compile(
        r"mousedown|touchstart|touchmove|dragstart|devicemotion|deviceorientation|onpaste"
    )
    sheets = {path.name: path.read_text("utf-8") for path in STATIC.glob("css/*.css")}
    scripts = {path.name: path.read_text("utf-8") for path in STATIC.glob("js/*.js")}
    assert sheets
    assert scripts
    assert [name for name, text in sheets.items() if moves.search(text)] == []
    assert [name for name, text in scripts.items() if wants.search(text)] == []


def test_what_is_about_oneself_is_filled_in_by_the_browser_and_may_be_pasted(
    client: Client,
) -> None:
    report, login = parse(client, "/bao-cao/"), parse(client, "/admin/")
    filled = {
        field.name: field.get("autocomplete")
        for page in (report, login)
        for field in page.xpath("//input[@autocomplete]")
    }
    told = {"contact_phone": "tel", "urgent_phone": "tel", "contact_email": "email"}
    told |= {"otp_token": "one-time-code"}
    assert told.items() <= filled.items()
    assert not report.xpath("//*[@onpaste]") + login.xpath("//*[@onpaste]")
