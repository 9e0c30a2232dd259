"""Thousands of findings: a page is one statement that reads along the indexes, wherever the reader stands."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from reports.models import SubjectKind
from reports.outlets import listed_findings
from tests.support.api_program import Program, register
from tests.support.number_factories import add_finding
from tests.support.outlet_readers import LISTS, MISP, collection_of, get
from tests.support.signing_keys import TEXT_KEY

pytestmark = pytest.mark.django_db
COUNT = 3_000
# One a minute, of which a fifth was withdrawn.
_FILL = """
INSERT INTO reports_numberfinding (kind, key, number, finding, reason, proposed_by_id, confirmed_by_id,
       confirmed_at, valid_until, withdrawn_at, public_id)
SELECT 'number', '+8455' || n, '', 'confirmed', '', proposed_by_id, confirmed_by_id,
       now() - n * interval '1 minute', current_date + 1 + n %% 90,
       CASE WHEN n %% 5 = 0 THEN now() - n * interval '30 seconds' END, gen_random_uuid()
  FROM generate_series(1, %s) AS n, reports_numberfinding
"""


@pytest.fixture
def program(settings: Settings) -> Program:
    """A program that has read before on this day, and much to read."""
    settings.SIGNING_KEY = TEXT_KEY
    add_finding()
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [COUNT])
        cursor.execute("ANALYZE reports_numberfinding")
    registered = register()
    get(registered, "/taxii2/")
    return registered


@pytest.mark.parametrize(
    "address",
    [
        f"{LISTS}list.csv", f"{LISTS}list.csv?since=2026-01-01T00:00:00Z", f"{LISTS}numbers.vcf?next=1.1.1",
        f"{MISP}manifest.json", f"{MISP}hashes.csv",
        f"{collection_of(SubjectKind.NUMBER)}objects/", f"{collection_of(SubjectKind.NUMBER)}manifest/",
    ],
)  # fmt: skip
def test_the_key_and_the_page_are_a_statement_each(
    program: Program, address: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1 if ".vcf" in address else 2):
        assert get(program, address).status_code == 200


def test_all_are_read_in_pages(program: Program) -> None:
    address, ids = f"{collection_of(SubjectKind.NUMBER)}objects/?limit=700", []
    content = json.loads(get(program, address).content)
    while content.get("more"):
        ids += [each["id"] for each in content["objects"]]
        content = json.loads(get(program, f"{address}&next={content['next']}").content)
    ids += [each["id"] for each in content["objects"]]
    assert len(ids) == len(set(ids)) == COUNT + 1


def test_a_page_is_read_along_both_indexes(program: Program) -> None:
    middle = listed_findings.load_page(listed_findings.start(), COUNT // 2).next
    assert middle
    with CaptureQueriesContext(connection) as queries:
        listed_findings.load_page(middle, 20)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "numberfinding_begun" in plan
    assert "numberfinding_ended" in plan
    assert "Seq Scan on reports_numberfinding" not in plan
