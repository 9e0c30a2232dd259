"""What lies in the database, and what it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction


def refused_by_database(statement: str, *values: Any) -> str:
    """Return with which words a statement is refused; what was done before it stays."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        connection.cursor().execute(statement, values or None)
    return str(refused.value)


def tables() -> Iterator[tuple[str, str]]:
    """Each table of ours and of packages, with all that it holds as one text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM \"{table}\" AS t")  # noqa: S608
            yield table, (cursor.fetchone()[0] or "")


def words_in_tables(*words: str) -> set[tuple[str, str]]:
    """Which of these words stand in which table, in clear or as bytes."""
    return {
        (table, word)
        for table, text in tables()
        for word in words
        if word in text or word.encode().hex() in text
    }
