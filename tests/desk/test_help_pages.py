"""Help at the desk: the tour is shown until it is read, the handbook is text and pictures."""

import re

import pytest

from core.audit import events
from desk import help_pages
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

TOUR, BOOK = "/admin/help/tour/", "/admin/help/"
OFFER = "Lần đầu vào trực ban"


def test_the_tour_is_offered_until_one_has_read_it_on_record(duty: Person, lead: Person) -> None:
    for _ in range(2):
        assert OFFER in duty.read_page("/admin/")
    for _ in range(2):
        assert duty.client.post(TOUR).status_code == 303
    assert OFFER not in duty.read_page("/admin/")
    assert OFFER in lead.read_page("/admin/")
    assert events.events_for("user", duty.user.pk).filter(kind="tour_seen").count() == 1


def test_the_tour_can_be_opened_again_from_every_page(duty: Person) -> None:
    duty.client.post(TOUR)
    assert f'href="{BOOK}"' in duty.read_page("/admin/reports/report/")
    assert f'href="{TOUR}"' in duty.read_page(BOOK)
    assert duty.read_page(TOUR).count("<h3>") == 5


@pytest.mark.parametrize("role", ["editor", "approver"])
def test_who_writes_or_issues_warnings_has_steps_of_their_own(
    request: pytest.FixtureRequest, duty: Person, auditor: Person, role: str
) -> None:
    person: Person = request.getfixturevalue(role)
    own = "Viết việc phải làm trước"
    for where in ("/admin/", TOUR):
        assert own in person.read_page(where)
        assert "Số và câu hẹn hiện một lần" not in person.read_page(where)
    assert person.read_page(TOUR).count("<h3>") == 5
    assert own not in duty.read_page(TOUR)
    assert OFFER not in auditor.read_page("/admin/"), "who does neither is offered no tour"


def test_the_tour_has_a_form_that_a_browser_may_send(duty: Person) -> None:
    assert 'name="csrfmiddlewaretoken" value="' in duty.read_page("/admin/")


def test_the_handbook_is_shown_with_its_chapters(duty: Person) -> None:
    html, handbook = duty.read_page(BOOK), help_pages.load_handbook()
    assert len(handbook.chapters) >= 8
    for anchor, title in handbook.chapters:
        assert f'<a href="#{anchor}">{title}</a>' in html
        assert f'<h2 id="{anchor}">{title}</h2>' in html
    assert "**" not in html
    assert html.count('<img loading="lazy"') == len(handbook.pictures)


def test_every_picture_of_the_handbook_is_there_and_no_other_file(duty: Person) -> None:
    for name in help_pages.load_handbook().pictures:
        answer = duty.client.get(f"{BOOK}pictures/{name}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    for name in ("overview.png", "..%2Fofficers.md", "x.png"):
        assert duty.client.get(f"{BOOK}pictures/{name}").status_code == 404


def test_a_release_without_a_handbook_says(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(help_pages, "load_handbook", lambda: help_pages.render_handbook(""))
    assert "Bản cài này không kèm sổ tay." in duty.read_page(BOOK)


@pytest.mark.parametrize(
    "raw",
    ["<b>x</b>", "<script>x</script>", "<div>\n\nx\n\n</div>", "<!-- x -->", "<?x?>", "- <i>x</i>"],
)
def test_no_html_of_the_text_passes(raw: str) -> None:
    html = help_pages.render_handbook(f"# Sổ\n\nCâu **đậm**.\n\n{raw}\n").html
    assert "<strong>đậm</strong>" in html
    assert set(re.findall(r"</?([^>]*)>", html)) <= {"p", "strong", "ul", "li"}
    assert "x" in html
