"""A report as somebody sends it who sees no page and has no mouse: from the home page to the receipt
by keyboard alone. What a screen reader is given on the way, in its order, is tests/data/read_aloud.txt.

After an intended change: READ_ALOUD=write .venv/bin/python -m pytest -n 0 tests/browser/test_read_aloud.py
"""

import difflib
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenContext
from tests.browser.pages import find_overflow

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]
TRANSCRIPT = Path(__file__).parents[1] / "data/read_aloud.txt"
MOST_TABS = 80
# Told by what is inside them, and layout.
SILENT = {
    *("InlineTextBox", "LineBreak", "none", "generic", "ListMarker", "LabelText"),
    *("paragraph", "form", "Legend"),
}
OURS = {"StaticText": "text", "RootWebArea": "page", "DisclosureTriangle": "fold"}
SAID_BY_NAME = {"link", "button", "heading", "DisclosureTriangle", "checkbox", "radio"}
STATES = ("level", "checked", "expanded", "invalid", "required", "disabled", "focused")
UNTOLD = {"checked": "", "expanded": "", "invalid": "false", "required": False, "disabled": False}
# What has the keyboard: its name, whether a ring stands round it, and whether all of it is in sight.
FOCUS = """() => {
  const focused = document.activeElement, ring = focused.closest(".choice") ?? focused;
  const { outlineStyle, outlineWidth } = getComputedStyle(ring);
  const box = ring.getBoundingClientRect();
  const help = document.querySelector(".help"), bar = help.getBoundingClientRect();
  const foot = getComputedStyle(help).position === "fixed" && !help.contains(focused) ? bar.top : innerHeight;
  const text = (focused.labels?.[0] ?? focused).innerText.trim().replace(/\\s+/g, " ");
  return [text, outlineStyle === "solid" && parseFloat(outlineWidth) >= 3, box.top >= 0 && box.bottom <= foot + 1];
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what begins with these words has the keyboard. Wherever the keyboard goes a ring
    stands round it, and no bar over it.
    """
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        text, has_ring, is_in_sight = page.evaluate(FOCUS)
        assert has_ring, f"no ring round {text}"
        assert is_in_sight, f"{text} is covered"
        if text.startswith(name):
            return
    pytest.fail(f"the keyboard does not come to {name}")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def read_aloud(page: Page) -> list[str]:
    """Return the lines of the accessibility tree: role, name, description, states."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    lines: list[str] = []
    waiting: list[tuple[dict[str, Any], int, bool]] = [(nodes[0], 0, True)]
    while waiting:
        node, depth, has_words = waiting.pop()
        role = "" if node["ignored"] else node["role"]["value"]
        line = _describe(node, role) if role not in SILENT and role else ""
        if line and (has_words or role != "StaticText"):
            lines.append("  " * depth + line)
            depth += 1
        inside = has_words and role not in SAID_BY_NAME
        children = [by_id[key] for key in node.get("childIds", ()) if key in by_id]
        waiting += [(child, depth, inside) for child in reversed(children)]
    return lines


def _describe(node: dict[str, Any], role: str) -> str:
    words = [node.get(part, {}).get("value", "").strip() for part in ("name", "description")]
    states = {state["name"]: state["value"].get("value") for state in node.get("properties", ())}
    if role in ("RootWebArea", "listitem"):
        states = {}
    told = [
        f"[{name}={states[name]}]"
        for name in STATES
        if name in states and states[name] != UNTOLD.get(name, False)
    ]
    quoted = [f"“{words[0]}”"] if words[0] else []
    more = [f"({words[1]})"] if words[1] else []
    return " ".join([OURS.get(role, role), *quoted, *more, *told])


def changes(before: list[str], after: list[str]) -> list[str]:
    """Return the lines that went and came."""
    return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]


def hide_what_differs(page: Page) -> None:
    """Put the same words where each receipt has its own, by its moment and by how fast it was written."""
    page.evaluate("""() => {
      for (const each of document.querySelectorAll(".code b")) each.textContent = "ABCD";
      for (const each of document.querySelectorAll(".code li > :not(b)")) each.textContent = "đọc từng chữ";
      document.querySelector(".ticket .mono.keep").textContent = "26-ABCD-EFGH";
      const differs = /\\d+:\\d+, \\d+.\\d+.\\d+|\\d+(?= câu)/;
      for (const each of document.querySelectorAll("h1 ~ p, h1 + p, summary")) {
        if (differs.test(each.textContent)) each.textContent = each.textContent.replace(differs, "…");
      }
    }""")


def test_a_report_is_sent_by_keyboard_alone_and_a_screen_reader_hears_all_of_it(
    portal: str, open_context: OpenContext
) -> None:
    page = open_context(locale="vi-VN", service_workers="block").new_page()
    page.goto(portal)
    heard = ["# Home", *read_aloud(page)]
    tab_to(page, "Báo cuộc gọi lừa đảo Một trang")
    enter(page)
    form = read_aloud(page)
    heard += ["", "# The form", *form]
    tab_to(page, "Gửi tin báo")
    enter(page)
    page.locator("[role=alert]:focus").wait_for()
    refused = read_aloud(page)
    heard += ["", "# Sent empty: what changed", *changes(form, refused)]
    tab_to(page, "Chọn ít nhất một ô")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUS)[0].startswith("Kể lại chuyện")
    page.keyboard.type("Họ xưng công an, bảo tôi chuyển tiền.")
    tab_to(page, "Chưa mất")
    page.keyboard.press("ArrowDown")
    heard += ["", "# Money is lost: what changed", *changes(refused, read_aloud(page))]
    tab_to(page, "Mất khoảng bao nhiêu?")
    page.keyboard.type("20 triệu")
    tab_to(page, "Gửi tin báo")
    page.keyboard.press("Enter")
    page.locator(".ticket").wait_for()
    page.wait_for_load_state()
    hide_what_differs(page)
    heard += ["", "# The receipt", *read_aloud(page)]
    text = "\n".join(heard) + "\n"
    if os.environ.get("READ_ALOUD") == "write":
        TRANSCRIPT.write_text(text, "utf-8")
    assert text.splitlines() == TRANSCRIPT.read_text("utf-8").splitlines()


WIDE = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
WIDE += " p { margin-bottom: 2em !important }"
# Words that are cut off or run out of what holds them.
CUT = """() => [...document.querySelectorAll("main *, header *, footer *")]
  .filter(each => each.checkVisibility() && !each.closest(".visually-hidden, .honeypot, svg"))
  .filter(each => getComputedStyle(each).display !== "inline" && each.localName !== "textarea")
  .filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== "visible")
  .map(each => each.outerHTML)"""
# What can be pressed or filled in and has no edge or line of its own once colours are the machine's.
NO_EDGE = """() => [...document.querySelectorAll(".button, .input, .help a, .entry-card, .choice:not(.bare)")]
  .filter(each => each.checkVisibility())
  .filter(each => getComputedStyle(each).borderTopStyle === "none" || !parseFloat(getComputedStyle(each).borderTopWidth))
  .map(each => each.outerHTML)"""


def test_wide_spacing_and_forced_colours_lose_no_word_and_no_edge(
    portal: str, open_context: OpenContext
) -> None:
    page = open_context(bypass_csp=True, forced_colors="active", service_workers="block").new_page()
    wrong = {}
    for path in ("/", "/dang-bi-goi/", "/bao-cao/", "/that-hay-gia/", "/kiem-tra/", "/theo-doi/"):
        page.goto(portal + path)
        edges = page.evaluate(NO_EDGE)
        page.add_style_tag(content=WIDE)
        if faults := [*edges, *page.evaluate(CUT), *find_overflow(page)]:
            wrong[path] = faults
    assert wrong == {}
