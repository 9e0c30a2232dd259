"""Help at the desk: the tour is shown until it is read, the handbook is text and pictures."""

import re

import pytest
from django.test import Client

from core.audit import events
from desk import help_pages
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

TOUR, BOOK = "/admin/help/tour/", "/admin/help/"
OFFER = "Lần đầu vào trực ban"


def page(client: Client, where: str) -> str:
    return client.get(where).content.decode()


def test_the_tour_stands_on_the_start_page_until_it_is_read(duty: Person) -> None:
    assert OFFER in page(duty.client, "/admin/")
    assert OFFER in page(duty.client, "/admin/")
    assert duty.client.post(TOUR).status_code == 303
    assert OFFER not in page(duty.client, "/admin/")


def test_to_have_read_it_is_ones_own_and_on_record_once(duty: Person, lead: Person) -> None:
    for _ in range(2):
        duty.client.post(TOUR)
    assert OFFER in page(lead.client, "/admin/")
    assert events.events_for("user", duty.user.pk).filter(kind="tour_seen").count() == 1


def test_the_tour_can_be_opened_again_from_every_page(duty: Person) -> None:
    duty.client.post(TOUR)
    assert f'href="{BOOK}"' in page(duty.client, "/admin/reports/report/")
    assert f'href="{TOUR}"' in page(duty.client, BOOK)
    assert page(duty.client, TOUR).count("<h3>") == 5


def test_who_writes_or_issues_warnings_has_steps_of_their_own(
    duty: Person, editor: Person, approver: Person
) -> None:
    own = "Viết việc phải làm trước"
    for person in (editor, approver):
        for where in ("/admin/", TOUR):
            assert own in page(person.client, where)
            assert "Số và câu hẹn hiện một lần" not in page(person.client, where)
        assert page(person.client, TOUR).count("<h3>") == 5
    assert own not in page(duty.client, TOUR)


def test_who_does_neither_is_offered_no_tour(auditor: Person) -> None:
    assert OFFER not in page(auditor.client, "/admin/")


def test_the_tour_has_a_form_that_a_browser_may_send(duty: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = duty.client.cookies
    assert strict.post(TOUR).status_code == 403
    assert 'name="csrfmiddlewaretoken" value="' in page(duty.client, "/admin/")


def test_the_handbook_is_shown_with_its_chapters(duty: Person) -> None:
    html, handbook = page(duty.client, BOOK), help_pages.load_handbook()
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


def test_a_release_without_the_handbook_says_so(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(help_pages, "load_handbook", lambda: help_pages.render_handbook(""))
    assert "Bản cài này không kèm sổ tay." in page(duty.client, BOOK)


@pytest.mark.parametrize(
    "raw",
    ["<b>x</b>", "<script>x</script>", "<div>\n\nx\n\n</div>", "<!-- x -->", "<?x?>", "- <i>x</i>"],
)
def test_no_html_of_the_text_passes(raw: str) -> None:
    html = help_pages.render_handbook(f"# Sổ\n\nCâu **đậm**.\n\n{raw}\n").html
    assert "<strong>đậm</strong>" in html
    assert set(re.findall(r"<[^>]*>", html)) <= {
        f"<{slash}{tag}>" for slash in ("", "/") for tag in ("p", "strong", "ul", "li")
    }
    assert "x" in html
