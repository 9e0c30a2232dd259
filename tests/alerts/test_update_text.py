"""A word that waits for its hour: until then every door shows the one before it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from time_machine import Traveller

from alerts import publishing
from alerts.models import Alert, AlertRevision
from tests.support.alert_factories import (
    assert_insert_refused,
    cancelled,
    issued,
    person,
    rewritten,
)
from tests.support.warning_pages import get_text, post_text

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
HOUR = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)  # 10:00 in Thanh Hóa
FAR = datetime(2999, 1, 1, tzinfo=UTC)  # for the clock of the database as well
SECOND = timedelta(seconds=1)
PAGE = "/canh-bao/gia-dien-luc/"
PAGES = [PAGE, f"{PAGE}in/", f"{PAGE}nhung/", f"{PAGE}van-ban.txt", f"{PAGE}lich-su/"]
LISTS = ["/canh-bao/", "/nhung/", "/nhung/song/"]
FEEDS = ["/canh-bao/rss.xml", "/canh-bao/atom.xml", "/canh-bao/feed.json", "/canh-bao/cap.xml"]
DOORS = [*PAGES, *LISTS, *FEEDS]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Traveller]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


def planned(**text: object) -> AlertRevision:
    """Issue an update for HOUR; the first revision is called "Lời cũ"."""
    names = {"title": "Lời mới", "short_title": "Lời mới", "effective": HOUR}
    return rewritten(issued(title="Lời cũ", short_title="Lời cũ"), **names | text)


def list_titles() -> list[str]:
    return [revision.frozen_content.title for revision in AlertRevision.objects.in_force()]


@pytest.mark.parametrize("path", DOORS)
def test_every_door_changes_in_the_same_second(client: Client, clock: Traveller, path: str) -> None:
    planned()
    clock.move_to(HOUR - SECOND)
    before = get_text(client, path)
    assert ("Lời cũ" in before, "Lời mới" in before) == (True, False)
    clock.move_to(HOUR)
    assert "Lời mới" in get_text(client, path)
    assert ("Lời cũ" in get_text(client, path)) == (path == f"{PAGE}lich-su/")


def test_what_waits_cannot_be_read_by_its_name(client: Client, clock: Traveller) -> None:
    name = planned().identifier
    files = (f"cap/{name}.xml", f"noi-dung/{name}.json", f"chu-ky/{name}.json")
    paths = [f"/canh-bao/{file}" for file in files]
    assert [client.get(path).status_code for path in paths] == [404] * 3
    assert "Không có cảnh báo nào mang mã" in post_text(client, "/danh-cho-co-quan/", code=name)
    clock.move_to(HOUR)
    assert [client.get(path).status_code for path in paths[:2]] == [200, 200]


def test_a_cancel_repeats_what_stands_not_what_waits(client: Client, clock: Traveller) -> None:
    name = planned().identifier
    cancel = cancelled(Alert.objects.get().current)  # type: ignore[arg-type]
    assert cancel.frozen_content.title == "Lời cũ"
    clock.move_to(HOUR + SECOND)
    assert list_titles() == []
    for path in DOORS:
        assert "Lời mới" not in get_text(client, path), path
    assert client.get(f"/canh-bao/cap/{name}.xml").status_code == 404
    assert "trước giờ hẹn: bản 2" in get_text(client, f"{PAGE}lich-su/")


def test_a_word_in_between_goes_before_one_that_waits(clock: Traveller) -> None:
    rewritten(planned(), title="Lời gấp", effective=None)
    assert list_titles() == ["Lời gấp"]
    clock.move_to(HOUR + SECOND)
    assert list_titles() == ["Lời gấp"]


def test_a_cancel_of_what_never_began_tells_nobody(client: Client, clock: Traveller) -> None:
    cancel = cancelled(issued(title="Chưa ai đọc", effective=HOUR))
    for moment in (BEGIN, HOUR + SECOND):
        clock.move_to(moment)
        for path in (PAGE, f"{PAGE}lich-su/", f"/canh-bao/cap/{cancel.identifier}.xml"):
            assert client.get(path).status_code == 404, path
        assert not AlertRevision.objects.current().exists()


def test_the_older_word_ends_by_itself_while_the_newer_waits(clock: Traveller) -> None:
    first = issued(title="Lời cũ", expires=HOUR - timedelta(hours=1))
    rewritten(first, title="Lời mới", effective=HOUR, expires=None)
    clock.move_to(HOUR - SECOND)
    assert (list_titles(), AlertRevision.objects.ended().count()) == ([], 1)
    clock.move_to(HOUR)
    assert (list_titles(), AlertRevision.objects.ended().count()) == (["Lời mới"], 0)


def test_two_that_wait_for_one_hour_leave_the_later_one(clock: Traveller) -> None:
    waiting = planned()
    clock.shift(SECOND)
    rewritten(waiting, title="Lời mới hơn")
    clock.move_to(HOUR)
    assert list_titles() == ["Lời mới hơn"]
    assert AlertRevision.objects.effective_ever().count() == 2


def test_only_the_hour_may_change() -> None:
    alert = planned().alert
    assert publishing.is_unchanged(Alert.objects.get())
    Alert.objects.update(effective=None)
    publishing.submit(alert, by=person("editor"))
    assert publishing.update(alert, by=person("approver")).effective == BEGIN
    assert list_titles() == ["Lời mới"]


def waiting_by_another() -> AlertRevision:
    """Issue a revision by the editor, and an update by the approver that waits."""
    alert = issued(title="Lời cũ").alert
    Alert.objects.update(title="Lời mới", effective=FAR)
    publishing.submit(alert, by=person("approver"))
    return publishing.update(alert, by=person("editor"))


@pytest.mark.parametrize("name", ["approver", "editor"])
def test_who_wrote_what_stands_or_what_waits_does_not_cancel(name: str) -> None:
    alert = waiting_by_another().alert
    with pytest.raises(publishing.PublishingError, match="Người soạn"):
        publishing.cancel(alert, by=person(name))
    cancel = publishing.cancel(alert, by=person("third"))
    assert cancel.author == person("editor")


def test_the_database_takes_no_other_author_for_a_cancel() -> None:
    alert = waiting_by_another().alert
    third = {"version": 3, "references": "x", "identifier": "TH-3", "msg_type": "Cancel"}
    people = {"author": "approver", "issued_by": "third"}
    assert_insert_refused("author of its text", alert.pk, **third, **people)
