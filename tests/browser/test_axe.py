"""What the tests look at pages with sees what is wrong in them, at either hour."""

import pytest
from playwright.sync_api import Page

from tests.browser.pages import find_overflow, find_violations

pytestmark = pytest.mark.serial

SOUND = ("#000", "#fff")
FAINT = ("#777", "#888")
PAGE = """<!doctype html><html lang=vi><title>Thử</title><style>
p {{ color: {0[0]}; background: {0[1]}; transition: color 9s; }}
@media (prefers-color-scheme: dark) {{ p {{ color: {1[0]}; background: {1[1]}; }} }}
</style><main><h1>Thử</h1><p>Cúp máy.</p></main>"""


@pytest.mark.parametrize(
    ("day", "night", "seen"), [(SOUND, SOUND, 0), (FAINT, SOUND, 1), (SOUND, FAINT, 1)]
)
def test_what_is_hard_to_read_is_found_by_day_and_by_night(
    page: Page, day: tuple[str, str], night: tuple[str, str], seen: int
) -> None:
    page.set_content(PAGE.format(day, night))
    violations = find_violations(page)
    assert [name for name, _ in violations] == ["color-contrast"] * seen
    assert all("Cúp máy." in places[0] for _, places in violations)


def test_other_faults_are_told_once(page: Page) -> None:
    wide = "<img src='data:,'><hr style='width: 9999px'><p>"
    page.set_content(PAGE.format(SOUND, SOUND).replace("<p>", wide))
    assert [name for name, _ in find_violations(page)] == ["image-alt"]
    assert find_overflow(page) == ["scrolls sideways"]


@pytest.mark.parametrize("ground", ["#222", "transparent; opacity: .3"])
def test_a_look_that_was_good_is_not_so_on_another_ground_or_in_a_fading_part(
    page: Page, ground: str
) -> None:
    black = PAGE.format(("#000", "none"), ("#000", "none"))
    page.set_content(black)
    assert find_violations(page) == []
    page.set_content(black.replace("<main>", f"<main style='background: {ground}'>"))
    assert {name for name, _ in find_violations(page)} == {"color-contrast"}


@pytest.mark.parametrize(
    ("rule", "change"),
    {
        "heading-order": ("h2", "h4"),
        "button-name": ("Gửi", ""),
        "label": ("for=a", "for=b"),
    }.items(),
)
def test_a_page_that_is_built_much_like_a_sound_one_is_judged(
    page: Page, rule: str, change: tuple[str, str]
) -> None:
    form = "<h2>Số</h2><label for=a>Tên</label><input id=a><button>Gửi</button><p>"
    sound = PAGE.format(SOUND, SOUND).replace("<p>", form)
    page.set_content(sound)
    assert find_violations(page) == []
    page.set_content(sound.replace(*change))
    assert [name for name, _ in find_violations(page)] == [rule]
