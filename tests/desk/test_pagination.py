"""No text of a stranger makes a page of the desk too big to open, and none of it is lost."""

import time
from typing import Any

import pytest

from core.audit import events
from desk.reports import admin as queue
from desk.reports import page as report_page
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, page_of
from tests.support.officers import Person
from tests.support.report_factories import BECAUSE

pytestmark = pytest.mark.django_db

ROOM = 300_000  # bytes of a page
WHOLE = BECAUSE | {"whole": "1"}
LONG = 1_400_000  # characters: about what one request may carry
FIELDS = ("caller_number", "claimed_name", "money_lost_raw", "commune_raw")
STORIES = {
    "one character": "BIDI" + "\u202e" * 480_000,
    "two characters in turn": "\u202e\u2066" * 240_000,
    "an odd character between letters": "a\u202e" * 240_000,
    "cues in pieces": "c\u200bông an đòi chuyển\u200b tiền \U00013437" * 15_000,
    "plain": "công an " * 175_000,
    "quotes": "'" * LONG,
    "spaces": " " * LONG + "x",
}


def opened(what: Any, *given: Any) -> Any:
    """A page that was opened in time and fits its room; the time is the processor's, in seconds."""
    begun = time.process_time()
    response = what(*given)
    assert time.process_time() - begun < 1
    assert len(response.content) < ROOM
    return response


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_hostile_story_leaves_the_page_light(duty: Person, story: str) -> None:
    report = report_factories.triaged(story)
    page = opened(duty.client.get, page_of(report)).content.decode()
    assert "Lời kể quá dài. Trang chỉ hiện phần đầu, còn " in page
    assert page_of(report, "text") in page
    revealed = opened(duty.client.post, page_of(report, "reveal-story"), BECAUSE)
    assert "Bản gốc quá dài." in revealed.content.decode()


@pytest.mark.parametrize("kind", ["two characters in turn", "cues in pieces", "quotes"])
def test_hostile_fields_leave_the_pages_light(duty: Person, kind: str) -> None:
    text = STORIES[kind]
    report = report_factories.report(text, contact=text, phrase=text, **dict.fromkeys(FIELDS, text))
    report_factories.number(report, "", raw=text)
    ground = {"fact": "ongoing", "rule": "now", "words": text, "points": 1}
    report_factories.add_facts(report, ongoing=True, priority=60, reasons=[ground])
    page = opened(duty.client.get, page_of(report)).content.decode()
    # The number in the table, its line and its box, the place once more, and the words of the ground.
    assert page.count("ký tự)") == len(FIELDS) + 5
    for address in (QUEUE, f"{QUEUE}?q={report.public_number}", "/admin/"):
        assert report.public_number in opened(duty.client.get, address).content.decode()
    for what in ("contact", "phrase"):
        seen = {"seen": report_page.find_latest_reveal(report, duty.user)}
        opened(duty.client.post, page_of(report, f"reveal-{what}"), BECAUSE | seen)


def test_the_queue_fetches_no_whole_text(duty: Person) -> None:
    report_factories.report("x", **dict.fromkeys(FIELDS, "y" * 5000))
    row = queue.queue_rows().get()
    assert {"story", *FIELDS} <= row.get_deferred_fields()
    assert row.place_typed == "y" * 40


def test_what_fits_has_no_door_to_more(duty: Person) -> None:
    report = report_factories.triaged("công an " * 2500)
    page = duty.read_page(page_of(report))
    assert page_of(report, "text") not in page
    assert "quá dài" not in page


def test_the_whole_working_copy_is_an_attachment_of_plain_text(duty: Person) -> None:
    story = "<b>căn cước 038 099 123 456</b> " + "\u202e" * 30_000
    report = report_factories.report(story, claimed_name="Ông Mẫu", commune_raw="y" * 5000)
    data = duty.client.get(page_of(report, "text"))
    text = data.content.decode()
    assert text.startswith(f"Lời kể:\n{report.story}\n\n")
    assert "Tên, chức vụ họ nêu:\nÔng Mẫu" in text
    assert text.endswith("y" * 5000)
    assert "038 099" not in text
    assert data.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert data.headers["X-Content-Type-Options"] == "nosniff"
    name = f'attachment; filename="{report.public_number}.txt"'
    assert data.headers["Content-Disposition"] == name
    assert duty.client.post(page_of(report, "text")).status_code == 405


def test_who_takes_a_working_copy_along_is_on_record_as_a_look(duty: Person, lead: Person) -> None:
    report = report_factories.report("Họ xưng công an.")
    assert duty.client.get(page_of(report, "text")).status_code == 200
    look = events.events_for("report", report.pk).get(kind="revealed")
    assert (look.actor, look.detail) == (duty.user, {"field": "text"})
    assert "Toàn bộ lời đã che số, tải về" in lead.read_page("/admin/core/auditevent/looks/")


def test_the_whole_raw_story_is_given_on_record_alone(duty: Person) -> None:
    story = "căn cước 038 099 123 456 " + "\u202ea" * 30_000
    report = report_factories.report(story)
    data = duty.client.post(page_of(report, "reveal-story"), WHOLE)
    assert data.content.decode() == story
    assert data.headers["Content-Disposition"].startswith("attachment;")
    assert data.headers["X-Content-Type-Options"] == "nosniff"
    event = events.events_for("report", report.pk).get(kind="revealed")
    assert event.actor == duty.user
    assert event.detail == {"field": "story", "reason": "Gọi lại người báo"}
