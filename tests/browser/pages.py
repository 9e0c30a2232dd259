"""What every test in a browser does with a page."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

from tools.screenshots import RESIDENT

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
    "rules": {rule: {"enabled": False} for rule in COLOURS},
}
RUN_AXE = """
async ([inside, options]) => {
  const { violations } = await axe.run(inside, options);
  return violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]);
}
"""
# How legible words are comes of their look alone: their letters, and what lies behind them. What axe
# never judges is not shown to it: off the screen, over a picture, for eyes alone. The stock sheets fade
# colours in; what else moves is left alone.
JUDGE_LOOKS = """
async ([places, excluded, rules, known]) => {
  document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish());
  const backs = new Map(), looks = new Map();
  const getBack = element => {
    if (!element) return "";
    if (!backs.has(element)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity, /absolute|fixed/.test(position)].join();
      backs.set(element, getBack(element.parentElement) + own.replace("rgba(0, 0, 0, 0),none,1,false", ""));
    }
    return backs.get(element);
  };
  const hasWords = element => element.matches("input:not([type=checkbox], [type=radio]), select, textarea") ||
    [...element.childNodes].some(node => node.nodeType == 3 && node.data.trim());
  const isSeen = element => {
    const { right, bottom, width } = element.getBoundingClientRect();
    return right > 0 && bottom + scrollY > 0 && width > 1 && element.checkVisibility({ visibilityProperty: true });
  };
  for (const element of document.querySelectorAll(places)) {
    if (element.closest(["[aria-hidden=true]", ...excluded])) continue;
    if (!hasWords(element) || !isSeen(element)) continue;
    const { backgroundImage, color, fontSize, fontWeight, textDecorationLine, textShadow } = getComputedStyle(element);
    if (backgroundImage != "none") continue;
    const around = getComputedStyle(element.parentElement).color;
    const look = [color, fontSize, fontWeight, textDecorationLine, textShadow, around, getBack(element)].join();
    if (!known.includes(look)) looks.set(element, look);
  }
  if (!looks.size) return [[], []];
  const options = { runOnly: rules, elementRef: true, selectors: false, preload: false };
  const exclude = excluded.flatMap(places => [...document.querySelectorAll(places)]);
  const { passes, violations } = await axe.run({ include: [...looks.keys()], exclude }, options);
  const elements = rule => rule.nodes.map(node => node.element);
  const bad = new Set(violations.flatMap(elements).map(element => looks.get(element)));
  const good = passes.filter(rule => rule.id.startsWith("color-contrast")).flatMap(elements);
  return [violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]),
          good.map(element => looks.get(element)).filter(look => look && !bad.has(look))];
}
"""
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
# What the page is built of, as it is seen in this width: each element by its parent, classes, attributes
# and look, without what it says and what it is called (model-report, field-title); and what only the page
# as a whole has: sheets, landmarks, the order of headings, names that stand twice.
BUILD = """
inside => {
  document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish());
  const all = (places, describe) => [...document.querySelectorAll(places)]
    .filter(element => element.checkVisibility({ visibilityProperty: true })).map(describe);
  const IGNORED = /^(value|required|max|min|rows|cols|size|name|method|action|novalidate|class|id$)/;
  const exists = ids => ids.split(" ").every(id => document.getElementById(id));
  const describe = element => {
    const { backgroundColor, backgroundImage, color, fontSize, fontWeight, overflowX } = getComputedStyle(element);
    const isLarge = parseFloat(fontSize) >= (fontWeight < 700 ? 24 : 18.66); // as axe has it
    const classes = [...element.classList].filter(name => !/^(app|model|field|column)-/.test(name));
    const names = element.getAttributeNames().filter(name => !IGNORED.test(name)).sort();
    return [element.localName, ...classes, element.getAttribute("type"), element.getAttribute("role"), ...names,
            names.filter(name => /^aria-.*by$/.test(name) && !exists(element.getAttribute(name))),
            !!element.labels?.length, !!element.textContent.trim(),
            /auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth,
            backgroundColor, backgroundImage, color, isLarge].join(" ");
  };
  const known = new Map();
  const remember = element => known.get(element) ?? known.set(element, describe(element)).get(element);
  const sheets = [...document.styleSheets].map(({ href, ownerNode }) => href ?? ownerNode.textContent);
  const headings = all("h1, h2, h3, h4, h5, h6", ({ localName }) => localName);
  const ids = all("[id]", ({ id }) => id);
  const build = all(`${inside} *:not(svg *)`, one => `${remember(one.parentElement)} > ${remember(one)}`);
  return [...new Set([...build, sheets.join(), !document.title,
                      all("main, nav, aside, body > header, body > footer", one => one.localName).join(),
                      ...headings.map((name, at) => `${headings[at - 1]} then ${name}`),
                      ...ids.filter((id, at) => ids.indexOf(id) != at)].map(String))];
}
"""
Violations = list[tuple[str, list[str]]]
Finder = Callable[[Page], list[Any]]


def press(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        button.click()


def unfold(page: Page, inside: str = "summary") -> None:
    for summary in page.locator(inside).all():
        summary.click()


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
