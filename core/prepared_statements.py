"""Statements that a connection to the database reads and plans once: of a report's triage that was
a third of PostgreSQL's work.
"""

import re
from typing import Any
from weakref import WeakSet

from django.db import OperationalError, connection
from psycopg2.errors import InvalidSqlStatementName

# A plan outlives the day when its tables were empty and reading them through was cheapest.
BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"


class PreparedStatement:
    """A statement with places as `%(name)s`, under a name of its own in the database. What is cast
    in its text is sent with that cast: a list of texts becomes no list of times by itself.
    """

    def __init__(self, name: str, statement: str) -> None:
        casts: dict[str, str] = {}
        for place, cast in re.findall(r"%\((\w+)\)s((?:::\w+(?:\[\])?)?)", statement):
            casts[place] = casts.get(place) or cast
        numbered = {place: f"${number}" for number, place in enumerate(casts, 1)}
        values = ", ".join(f"%({place})s{cast}" for place, cast in casts.items())
        self.prepare = f"PREPARE {name} AS {statement % numbered}"
        self.execute = f"EXECUTE {name} ({values})"
        self.known: WeakSet[Any] = WeakSet()  # psycopg2's connections that have it


def execute_pipeline(cursor: Any, values: Any, *steps: PreparedStatement | str) -> None:
    """Send these steps on one way; what the last one gives is with the cursor. Raises
    django.db.Error.
    """
    prepared = [step for step in steps if isinstance(step, PreparedStatement)]
    for step in prepared:
        if connection.connection not in step.known:
            cursor.execute(step.prepare)
            step.known.add(connection.connection)
    said = "; ".join(
        step.execute if isinstance(step, PreparedStatement) else step for step in steps
    )
    try:
        cursor.execute(said, values)
    except OperationalError as error:
        if isinstance(error.__cause__, InvalidSqlStatementName):  # the next attempt says them anew
            for step in prepared:
                step.known.discard(connection.connection)
        raise
