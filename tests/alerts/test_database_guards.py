"""What the database itself refuses, whoever asks: raw SQL, past every line of our code."""

import pytest
from django.db import IntegrityError, connection, transaction

from alerts.models import AlertRevision
from tests.support.alert_factories import (
    assert_insert_refused,
    cancelled,
    insert,
    issued,
    rewritten,
    submitted,
)

pytestmark = pytest.mark.django_db
SECOND = {"version": 2, "references": "x", "identifier": "TH-2"}


def assert_refused(match: str, statement: str, *values: object) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        connection.cursor().execute(statement, values)


@pytest.mark.parametrize("starts", [0, 1])
def test_a_revision_by_raw_sql_is_accepted_when_all_is_right(starts: int) -> None:
    insert(submitted().pk, starts=starts)
    assert AlertRevision.objects.count() == 1


def test_four_eyes_are_held_by_the_database() -> None:
    assert_insert_refused("four_eyes", submitted().pk, issued_by="editor")


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE alerts_alertrevision SET content = '{}'",
        "UPDATE alerts_alertrevision SET sent = now()",
        "UPDATE alerts_alertrevision SET expires = now()",
        "DELETE FROM alerts_alertrevision",
    ],
)
def test_a_revision_never_changes(act: str) -> None:
    issued()
    assert_refused("revision is frozen", act)


@pytest.mark.parametrize(
    ("match", "changes"),
    [
        ("author of its text", {"author": "somebody"}),
        ("does not follow", {"version": 2}),
        ("does not follow", {"version": 3}),
        ("does not follow", {"version": 0}),
        ("starts_in_time", {"starts": -1}),
        ("first_is_alert", {"msg_type": "Update"}),
        ("content_hash", {"content_hash": "không"}),
        ("content_identity", {"content": {"message": {"identifier": "TH-9", "msg_type": "Alert"}}}),
    ],
)
def test_a_first_revision_that_breaks_a_rule_is_refused(
    match: str, changes: dict[str, object]
) -> None:
    assert_insert_refused(match, submitted().pk, **changes)


def test_a_version_and_an_identifier_are_given_once() -> None:
    revision = issued()
    assert_insert_refused("does not follow", revision.alert_id)
    other = submitted("khac").pk
    assert_insert_refused("identifier", other, identifier=revision.identifier)


def test_no_cancel_waits() -> None:
    revision = issued()
    message = {"identifier": "TH-2", "msg_type": "Cancel", "ending": "over"}
    waiting = SECOND | {"msg_type": "Cancel", "content": revision.content | {"message": message}}
    assert_insert_refused("starts_in_time", revision.alert_id, starts=1, **waiting)


def test_only_what_is_in_review_is_issued() -> None:
    assert_insert_refused("in review", issued().alert_id, msg_type="Update", **SECOND)


def test_after_a_cancel_comes_nothing() -> None:
    alert = cancelled(issued()).alert_id
    third = SECOND | {"version": 3, "identifier": "TH-3"}
    assert_insert_refused("takes no further revision", alert, msg_type="Update", **third)


def test_an_alert_shows_no_older_word_and_none_of_another() -> None:
    first, other = issued("mot"), issued("hai")
    rewritten(first)
    for word in (first, other):
        statement = "UPDATE alerts_alert SET current_id = %s WHERE id = %s"
        assert_refused("latest", statement, word.pk, str(first.alert_id))


@pytest.mark.parametrize(
    ("match", "values"),
    [
        ("latest", "current_id = NULL"),
        ("never change", "current_id = NULL, year = NULL, number = NULL"),
        ("never change", "slug = 'khac'"),
        ("never change", "number = 99"),
    ],
)
def test_an_issued_alert_keeps_its_address_number_and_stage(match: str, values: str) -> None:
    issued()
    assert_refused(match, f"UPDATE alerts_alert SET {values}")  # noqa: S608


def test_an_alert_with_revisions_is_not_removed() -> None:
    statement = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM alerts_alert WHERE id = %s"
    assert_refused("foreign key", statement, str(issued().alert_id))
