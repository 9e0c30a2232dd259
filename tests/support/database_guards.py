"""What the database itself refuses."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction


def refused_by_database(statement: str, *values: Any) -> str:
    """Return with which words a statement is refused; what was done before it stays."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        connection.cursor().execute(statement, values or None)
    return str(refused.value)
