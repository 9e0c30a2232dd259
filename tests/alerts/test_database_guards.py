"""What the database itself refuses, whoever asks: raw SQL, past every line of our code."""

import json

import pytest
from django.db import IntegrityError, connection, transaction

from alerts.models import AlertRevision
from tests.support.alert_factories import cancelled, issued, person, rewritten, submitted

pytestmark = pytest.mark.django_db
COLUMNS = (
    'alert_id, version, msg_type, identifier, sent, effective, expires, "references",'
    " content, content_hash, author_id, issued_by_id"
)
SECOND = {"version": 2, "references": "x", "identifier": "TH-2"}


def run_sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def assert_refused(match: str, statement: str, *values: object) -> None:
    with pytest.raises(IntegrityError, match=match):
        run_sql(statement, *values)


def insert(alert_id: object, **changes: object) -> None:
    """Insert a revision by raw SQL, right unless something is changed."""
    values: dict[str, object] = {
        "version": 1,
        "msg_type": "Alert",
        "identifier": "TH-PV01-2026-0009-1",
        "references": "",
        "content_hash": "0" * 64,
        "author": person("editor").pk,
        "issued_by": person("approver").pk,
        "starts": 0,
    } | changes
    message = {"identifier": values["identifier"], "msg_type": values["msg_type"]}
    content = json.dumps(values.get("content", {"message": message}))
    names = ("version", "msg_type", "identifier", "starts", "references")
    run_sql(
        f"INSERT INTO alerts_alertrevision ({COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, now(), now() + %s * interval '1 hour', NULL, %s, %s, %s, %s, %s)",
        str(alert_id),
        *(values[name] for name in names),
        content,
        *(values[name] for name in ("content_hash", "author", "issued_by")),
    )


def assert_insert_refused(match: str, alert_id: object, **changes: object) -> None:
    with pytest.raises(IntegrityError, match=match):
        insert(alert_id, **changes)


def test_a_revision_by_raw_sql_is_accepted_when_all_is_right() -> None:
    insert(submitted().pk)
    assert AlertRevision.objects.count() == 1


def test_four_eyes_are_held_by_the_database() -> None:
    assert_insert_refused("four_eyes", submitted().pk, issued_by=person("editor").pk)


def test_nobody_else_is_named_as_the_author() -> None:
    assert_insert_refused("author of its text", submitted().pk, author=person("somebody").pk)


@pytest.mark.parametrize("column", ["content = '{}'", "sent = now()", "expires = now()"])
def test_a_revision_never_changes(column: str) -> None:
    statement = f"UPDATE alerts_alertrevision SET {column} WHERE id = %s"  # noqa: S608
    assert_refused("revision is frozen", statement, issued().pk)


def test_a_revision_is_never_removed() -> None:
    statement = "DELETE FROM alerts_alertrevision WHERE id = %s"
    assert_refused("revision is frozen", statement, issued().pk)


@pytest.mark.parametrize(
    ("match", "changes"),
    [
        ("does not follow", {"version": 2}),
        ("does not follow", {"version": 3}),
        ("does not follow", {"version": 0}),
        ("starts_in_time", {"starts": -1}),
        ("first_is_alert", {"msg_type": "Update"}),
        ("content_hash", {"content_hash": "không"}),
        (
            "alertrevision_content_identity",
            {"content": {"message": {"identifier": "TH-9", "msg_type": "Alert"}}},
        ),
    ],
)
def test_a_first_revision_that_breaks_a_rule_is_refused(
    match: str, changes: dict[str, object]
) -> None:
    assert_insert_refused(match, submitted().pk, **changes)


def test_a_revision_may_start_later() -> None:
    insert(submitted().pk, starts=1)


def test_a_version_is_given_once() -> None:
    assert_insert_refused("does not follow", issued().alert_id)


def test_an_identifier_is_given_once() -> None:
    identifier = issued().identifier
    assert_insert_refused("identifier", submitted("khac").pk, identifier=identifier)


def test_no_cancel_waits() -> None:
    alert = issued().alert_id
    assert_insert_refused("starts_in_time", alert, msg_type="Cancel", starts=1, **SECOND)


def test_only_what_is_in_review_is_issued() -> None:
    assert_insert_refused("in review", issued().alert_id, msg_type="Update", **SECOND)


def test_after_a_cancel_comes_nothing() -> None:
    alert = cancelled(issued()).alert_id
    third = SECOND | {"version": 3, "identifier": "TH-3"}
    assert_insert_refused("takes no further revision", alert, msg_type="Update", **third)


def test_an_alert_shows_no_older_word() -> None:
    first = issued()
    rewritten(first)
    assert_refused("latest", "UPDATE alerts_alert SET current_id = %s", first.pk)


def test_an_alert_shows_no_word_of_another() -> None:
    first, second = issued("mot"), issued("hai")
    statement = "UPDATE alerts_alert SET current_id = %s WHERE id = %s"
    assert_refused("latest", statement, first.pk, str(second.alert_id))


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
