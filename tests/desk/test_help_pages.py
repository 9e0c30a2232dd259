"""Help at the desk: the tour is shown until it is read, the handbook is text and pictures."""

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
    shown = page(duty.client, BOOK)
    chapters = [part for part in help_pages.parse_markdown(_text()) if part.kind == "chapter"]
    assert len(chapters) >= 8
    assert all(f'href="#{part.name}"' in shown for part in chapters)
    assert "**" not in shown


def test_every_picture_of_the_handbook_is_there_and_no_other_file(duty: Person) -> None:
    named = [part.name for part in help_pages.parse_markdown(_text()) if part.kind == "picture"]
    for name in named:
        answer = duty.client.get(f"{BOOK}pictures/{name}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    for name in ("overview.png", "..%2Fofficers.md", "x.png"):
        assert duty.client.get(f"{BOOK}pictures/{name}").status_code == 404


def test_a_text_becomes_blocks_and_stays_text() -> None:
    text = "# Sổ\n\n## Một\n\nCâu **đậm** <b>.\ntiếp\n\n- a\n- b\n  c\n\n1. x\n2. y\n\n![Ảnh](pictures/a-1.png)"
    got = help_pages.parse_markdown(text)
    kinds = ["title", "chapter", "paragraph", "points", "steps", "picture"]
    assert [part.kind for part in got] == kinds
    bold = [(piece.text, piece.is_bold) for piece in got[2].lines[0]]
    assert bold == [("Câu ", False), ("đậm", True), (" <b>. tiếp", False)]
    assert [line[0].text for line in got[3].lines] == ["a", "b c"]
    assert (got[5].name, got[5].text) == ("a-1.png", "Ảnh")


def _text() -> str:
    from desk.help_pages import DOCS

    return (DOCS / "officers.md").read_text(encoding="utf-8")
