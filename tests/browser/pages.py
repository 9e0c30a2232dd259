"""What every test in a browser does with a page."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

from tools.screenshots import RESIDENT

_SCRIPTS = Path(__file__).parent
WIDTHS = (360, 1280)
# Of residents, in both languages.
EVERY_PAGE = [language + path for path in RESIDENT.values() for language in ("", "/en")]
EVERY_PAGE.append("/canh-bao/")
A4 = {"format": "A4", "margin": {"top": "1cm", "bottom": "1cm"}}
REFUSED = "chrome-error://chromewebdata/"  # the address of a frame that may not be shown
WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth - window.innerWidth"
HAS_NO_AXE = "typeof axe === 'undefined'"
COLOURS = ["color-contrast", "link-in-text-block"]
# Sheets would be fetched again for one rule, which is not among those that axe asks by itself.
BUT_FOR_COLOURS = {
    "resultTypes": ["violations"],
    "preload": {"assets": ["media"]},
    # WCAG 2.2 2.5.8, which axe asks only if told.
    "rules": {"target-size": {"enabled": True}, **{rule: {"enabled": False} for rule in COLOURS}},
}
RUN_AXE = """
async ([inside, options]) => {
  const { violations } = await axe.run(inside, options);
  return violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]);
}
"""
JUDGE_LOOKS = (_SCRIPTS / "judge_looks.js").read_text("utf-8")
SMALL_TARGETS = """
[...document.querySelectorAll("a, button, label.choice, .input")]
  .filter(target => !target.closest("p, h1, h2, h3, .error-summary, .skip, .honeypot"))
  .filter(target => { const box = target.getBoundingClientRect();
                      return box.width && box.left >= 0 && box.height < 48; })
  .map(target => target.outerHTML)
"""
TIGHT_LINES = """
inside => [...document.querySelectorAll(inside)]
  .filter(el => [...el.childNodes].some(node => node.nodeType == 3 && node.data.trim()))
  .filter(el => { const style = getComputedStyle(el);
                  return parseFloat(style.lineHeight) / parseFloat(style.fontSize) < 1.49; })
  .map(el => el.outerHTML)
"""
BUILD = (_SCRIPTS / "describe_build.js").read_text("utf-8")
Violations = list[tuple[str, list[str]]]
Finder = Callable[[Page], list[Any]]


def press(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        button.click()


def unfold(page: Page, inside: str = "summary") -> None:
    for summary in page.locator(inside).all():
        summary.click()


def fill_in(page: Page, address: str) -> None:
    """A report that leaves every question open."""
    page.goto(address)
    unfold(page)
    page.fill("[name=caller_number]", "0992 000 123, 0550 000 124")
    page.check("[name=claimed_office][value=police]")
    page.fill("[name=story]", "Họ xưng công an, thẻ 4111 1111 1111 1111.")
    page.check("[name=happening_now]")
    page.check("[name=money_lost][value=yes]")
    page.fill("[name=money_lost_vnd]", "35.500.000đ")
    page.fill("[name=commune]", "Lam Sơn")
    page.check("[name=on_behalf]")
    page.fill("[name=urgent_phone]", "0992000")
    page.fill("[name=callback_phrase]", "ấm và chảo")


def send(page: Page, button: str = "Gửi tin báo") -> None:
    """Script sends by itself and turns the page later: wait for the receipt."""
    page.get_by_role("button", name=button).click()
    page.locator(".ticket").wait_for()
    page.wait_for_load_state()


def find_edges(locator: Locator) -> tuple[float, float]:
    """Return how far below the top of the window it begins and ends."""
    box = locator.bounding_box()
    assert box, f"{locator} is not in sight"
    return box["y"], box["y"] + box["height"]


def print_page(page: Page, **options: Any) -> bytes:
    """Return the page as PDF. Chromium's printing may fail of itself on a busy machine: twice."""
    for _ in range(2):
        with suppress(PlaywrightError):
            return page.pdf(**options)
    return page.pdf(**options)


_SOUND_BUILDS: set[str] = set()


def find_violations(page: Page, inside: str = ":root") -> Violations:
    """Return what axe finds in the page by day; by night it is asked for colours alone, since the
    night changes nothing else (tests/desk/test_dark_mode.py). A page that is built of what axe has
    found sound already, on any page and in either width, is not shown to it again.
    """
    build = set(page.evaluate(BUILD, inside))
    if build <= _SOUND_BUILDS:
        return []
    by_day = [*_run_axe(page, RUN_AXE, [inside, BUT_FOR_COLOURS]), *find_bad_looks(page, inside)]
    page.emulate_media(color_scheme="dark")
    by_night = find_bad_looks(page, inside)
    page.emulate_media(color_scheme="light")
    if not (by_day or by_night):
        _SOUND_BUILDS.update(build)
    return by_day + by_night


_GOOD_LOOKS: set[tuple[str, str]] = set()


def find_bad_looks(
    page: Page, inside: str, excluded: Sequence[str] = (), rules: Sequence[str] = COLOURS
) -> Violations:
    """Return what is hard to read. A look that axe has found good once, on any page, is not shown
    to it again.
    """
    known = [look for rule, look in _GOOD_LOOKS if rule == rules[0]]
    places = f"{inside}, {inside} *"
    violations, good = _run_axe(page, JUDGE_LOOKS, [places, list(excluded), list(rules), known])
    _GOOD_LOOKS.update((rules[0], look) for look in good)
    return violations


def _run_axe(page: Page, script: str, arguments: list[Any]) -> Any:
    if page.evaluate(HAS_NO_AXE):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(script, arguments)


def find_overflow(page: Page) -> list[str]:
    return ["scrolls sideways"] if page.evaluate(WIDER_THAN_THE_WINDOW) > 0 else []


def find_faults(page: Page, find_layout_faults: Finder = find_overflow) -> list[Any]:
    """Return what is wrong in any page as it stands, small and large."""
    return find_in_both_widths(
        page, lambda page: [*find_violations(page), *find_layout_faults(page)]
    )


def find_resident_faults(page: Page) -> list[Any]:
    return find_faults(page, find_resident_layout_faults)


def find_resident_layout_faults(page: Page) -> list[Any]:
    """Return what a resident's page may not have besides what axe finds."""
    small, tight = page.evaluate(SMALL_TARGETS), page.evaluate(TIGHT_LINES, "body *")
    return [*small, *tight, *find_overflow(page)]


def find_desk_faults(page: Page) -> list[Any]:
    return find_faults(page, find_desk_layout_faults)


def find_desk_layout_faults(page: Page) -> list[Any]:
    """Return what a page of the desk may not have besides what axe finds."""
    return [*page.evaluate(TIGHT_LINES, "#content *, header *"), *find_overflow(page)]


def find_in_both_widths(page: Page, find: Finder) -> list[tuple[int, Any]]:
    """Return the faults in either width, each beside the width; the window is as it was before."""
    window, faults = page.viewport_size, []
    for width in WIDTHS:
        page.set_viewport_size({**window, "width": width})
        faults += [(width, fault) for fault in find(page)]
    page.set_viewport_size(window)
    return faults


def check_unfolded(page: Page, address: str) -> None:
    """The page answers, and unfolded it has no fault."""
    answer = page.goto(address)
    assert answer is not None
    unfold(page)
    assert (answer.status, find_desk_faults(page)) == (200, []), address


LAYOUT_SHIFT = """
() => new Promise(resolve => {
  let moved = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) moved += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(moved), 300);
})
"""
