"""Statements that a connection reads and plans once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core.database import BY_INDEX, PreparedStatement, execute_pipeline

FEW = PreparedStatement("few_by_key", "SELECT name FROM few WHERE id = %(id)s")


@pytest.fixture
def cursor(db: None) -> Iterator[Any]:
    """On a table that was empty when it was last looked at."""
    FEW.prepared_on.clear()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE few (id int PRIMARY KEY, name text)")
        cursor.execute("ANALYZE few")
        yield cursor
        cursor.execute("DROP TABLE few; DEALLOCATE few_by_key")


def test_a_statement_is_said_once_and_run_often(cursor: Any) -> None:
    with CaptureQueriesContext(connection) as queries, connection.cursor() as watched:
        for number in (1, 2, 3):
            execute_pipeline(watched, {"id": number}, FEW)
    words = [query["sql"].split()[0] for query in queries]
    assert words == ["PREPARE", "EXECUTE", "EXECUTE", "EXECUTE"]


def test_several_steps_go_on_one_way_and_the_last_one_answers(cursor: Any) -> None:
    write = "INSERT INTO few VALUES (%(id)s, %(name)s)"
    execute_pipeline(cursor, {"id": 7, "name": "bảy"}, write, BY_INDEX, FEW)
    assert cursor.fetchall() == [("bảy",)]


def test_a_plan_made_on_an_empty_table_goes_by_the_index(cursor: Any) -> None:
    for _ in range(10):
        execute_pipeline(cursor, {"id": 7}, BY_INDEX, FEW)
    cursor.execute("EXPLAIN " + FEW.execute, {"id": 7})
    assert "Index Scan" in cursor.fetchone()[0]


def test_a_server_that_forgot_is_told_anew_at_the_next_attempt(cursor: Any) -> None:
    execute_pipeline(cursor, {"id": 7}, FEW)
    cursor.execute("DEALLOCATE few_by_key")
    with pytest.raises(OperationalError), transaction.atomic():
        execute_pipeline(cursor, {"id": 7}, FEW)
    execute_pipeline(cursor, {"id": 7}, FEW)
    assert cursor.fetchall() == []


def test_what_is_cast_in_the_statement_is_sent_with_that_cast(cursor: Any) -> None:
    ever = PreparedStatement(
        "few_by_key", "SELECT cardinality(%(since)s::timestamptz[]) FROM (VALUES (1)) x"
    )
    execute_pipeline(cursor, {"since": ["-infinity", "infinity"]}, ever)
    assert cursor.fetchone() == (2,)
