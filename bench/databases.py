"""Databases of two sizes on one server, filled in a few minutes."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg2

SMALL = "small"
SELECT_INDEXES_SQL = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)
   AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


@contextmanager
def open_cursor(database: str) -> Iterator[Any]:
    """Yield a cursor in autocommit on a connection of its own."""
    with closing(psycopg2.connect(database)) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            yield cursor


def copy_database(database: str) -> str:
    """Return the address of a database like this one, which is still empty."""
    parts = urlsplit(database)
    with open_cursor(parts._replace(path="/postgres").geturl()) as cursor:
        cursor.execute(f'CREATE DATABASE "{SMALL}" TEMPLATE "{parts.path.removeprefix("/")}"')
    return parts._replace(path=f"/{SMALL}").geturl()


def fill_without_indexes(database: str, tables: list[str], fill: Callable[[Any], object]) -> None:
    """Fill tables while they have no index, then make the indexes."""
    with open_cursor(database) as cursor:
        cursor.execute(SELECT_INDEXES_SQL, [tables])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        fill(cursor)
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE")
