"""What bar 13 asks of its made-up numbers is what the portal says of them."""

import pytest
from django.db import connection

from bench.lookup import FILL_SQL
from bench.lookup_client import draw_keys
from core import encryption
from reports.extraction import phones
from reports.numbers import lookup

REPORTS = 200
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("what", "state"), [("named", "several"), ("unknown", "odd")])
def test_its_numbers_are_reported_by_two_or_by_nobody(what: str, state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            FILL_SQL, {"reports": REPORTS, "sealed": encryption.newest_key_prefix().hex()}
        )
        cursor.execute("SET session_replication_role = origin")
    keys = draw_keys(what, REPORTS)
    states = {
        lookup.lookup_number(phones.ParsedCaller(key, "international", key)).kind
        for key in (next(keys) for _ in range(30))
    }
    assert states == {state}
