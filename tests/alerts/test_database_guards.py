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


def sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def refused(match: str, statement: str, *values: object) -> None:
    with pytest.raises(IntegrityError, match=match):
        sql(statement, *values)


def insert(alert_id: object, **changed: object) -> None:
    """A revision by raw SQL, right unless something is changed."""
    values: dict[str, object] = {
        "version": 1,
        "msg_type": "Alert",
        "identifier": "TH-PV01-2026-0009-1",
        "references": "",
        "content_hash": "0" * 64,
        "author": person("editor").pk,
        "issued_by": person("approver").pk,
    } | changed
    message = {"identifier": values["identifier"], "msg_type": values["msg_type"]}
    sql(
        f"INSERT INTO alerts_alertrevision ({COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, now(), now() + %s * interval '1 hour', NULL, %s, %s, %s, %s, %s)",
        str(alert_id),
        values["version"],
        values["msg_type"],
        values["identifier"],
        values.get("starts", 0),
        values["references"],
        json.dumps(values.get("content", {"message": message})),
        values["content_hash"],
        values["author"],
        values["issued_by"],
    )


def test_a_revision_by_raw_sql_is_accepted_when_all_is_right() -> None:
    insert(submitted().pk)
    assert AlertRevision.objects.count() == 1


def test_four_eyes_are_held_by_the_database() -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="four_eyes"):
        insert(alert.pk, issued_by=person("editor").pk)


def test_nobody_else_is_named_as_the_author() -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="author of its text"):
        insert(alert.pk, author=person("somebody").pk)


@pytest.mark.parametrize("column", ["content = '{}'", "sent = now()", "expires = now()"])
def test_a_revision_never_changes(column: str) -> None:
    revision = issued()
    refused(
        "revision is frozen",
        f"UPDATE alerts_alertrevision SET {column} WHERE id = %s",  # noqa: S608
        revision.pk,
    )


def test_a_revision_is_never_removed() -> None:
    revision = issued()
    refused("revision is frozen", "DELETE FROM alerts_alertrevision WHERE id = %s", revision.pk)


@pytest.mark.parametrize("version", [2, 3, 0])
def test_versions_begin_with_one(version: int) -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="does not follow"):
        insert(alert.pk, version=version)


def test_a_version_is_given_once() -> None:
    revision = issued()
    with pytest.raises(IntegrityError, match="does not follow"):
        insert(revision.alert_id)


def test_an_identifier_is_given_once() -> None:
    revision, other = issued(), submitted("khac")
    with pytest.raises(IntegrityError, match="identifier"):
        insert(other.pk, identifier=revision.identifier)


def test_no_word_starts_before_it_is_sent() -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="starts_in_time"):
        insert(alert.pk, starts=-1)
    insert(alert.pk, starts=1)


def test_no_cancel_waits() -> None:
    of = issued()
    with pytest.raises(IntegrityError, match="starts_in_time"):
        insert(
            of.alert_id, version=2, msg_type="Cancel", references="x", identifier="TH-2", starts=1
        )


def test_the_first_word_is_an_alert() -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="first_is_alert"):
        insert(alert.pk, msg_type="Update")


def test_only_what_is_in_review_is_issued() -> None:
    revision = issued()
    with pytest.raises(IntegrityError, match="in review"):
        insert(revision.alert_id, version=2, msg_type="Update", references="x", identifier="TH-2")


def test_after_a_cancel_comes_nothing() -> None:
    revision = issued()
    cancelled(revision)
    with pytest.raises(IntegrityError, match="takes no further revision"):
        insert(revision.alert_id, version=3, msg_type="Update", references="x", identifier="TH-3")


def test_the_content_carries_the_name_of_its_row() -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="alertrevision_content_identity"):
        insert(alert.pk, content={"message": {"identifier": "TH-9", "msg_type": "Alert"}})


def test_a_hash_is_a_hash() -> None:
    alert = submitted()
    with pytest.raises(IntegrityError, match="content_hash"):
        insert(alert.pk, content_hash="không")


def test_an_alert_shows_no_older_word() -> None:
    first = issued()
    rewritten(first)
    refused("latest", "UPDATE alerts_alert SET current_id = %s", first.pk)


def test_an_alert_shows_no_word_of_another() -> None:
    first, second = issued("mot"), issued("hai")
    refused(
        "latest",
        "UPDATE alerts_alert SET current_id = %s WHERE id = %s",
        first.pk,
        str(second.alert_id),
    )


def test_an_issued_alert_cannot_be_made_a_draft_again() -> None:
    issued()
    refused("latest", "UPDATE alerts_alert SET current_id = NULL")
    refused("never change", "UPDATE alerts_alert SET current_id = NULL, year = NULL, number = NULL")


def test_address_and_number_are_given_once() -> None:
    issued()
    refused("never change", "UPDATE alerts_alert SET slug = 'khac'")
    refused("never change", "UPDATE alerts_alert SET number = 99")


def test_an_alert_with_revisions_is_not_removed() -> None:
    revision = issued()
    refused(
        "foreign key",
        "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM alerts_alert WHERE id = %s",
        str(revision.alert_id),
    )
