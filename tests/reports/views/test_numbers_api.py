"""Confirmed numbers for programs: by the beginning of a hash, in one size, and nothing else."""

import subprocess
import sys
from itertools import count, islice
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer

from core import rate_limits
from portal.management import reference_data
from reports.extraction import phones
from reports.numbers import hash_api
from reports.numbers.hash_api import ENTRIES_PER_ANSWER
from reports.numbers.lookup import lookup_key
from reports.views import numbers_api
from tests.support.number_factories import NO_FINDING_TODAY, add_finding, file_report
from tests.support.number_lookup_page import HASH, PROGRAMS, RANGE, hash_of

pytestmark = pytest.mark.django_db


def entries(client: Client, prefix: str = HASH[:4]) -> dict[str, dict[str, str]]:
    listed = client.get(RANGE + prefix).json()["entries"]
    return {entry["hash"]: entry for entry in listed}


def test_a_confirmed_number_is_found_with_its_dates(client: Client) -> None:
    row = add_finding()
    row.refresh_from_db()
    assert entries(client)[HASH] == {
        "hash": HASH,
        "confirmed_on": timezone.localdate().isoformat(),
        "valid_until": row.valid_until.isoformat(),
    }


@pytest.mark.parametrize("length", [4, 5, 6, 7, 8])
def test_any_length_that_may_be_asked_finds_it(client: Client, length: int) -> None:
    add_finding()
    listed = entries(client, HASH[:length].upper())
    assert HASH in listed
    assert all(each.startswith(HASH[:length]) for each in listed)


@NO_FINDING_TODAY
def test_what_is_no_finding_today_is_in_no_answer(client: Client, fields: dict[str, Any]) -> None:
    add_finding(**fields)
    assert HASH not in entries(client)


def test_what_many_people_report_is_no_finding(client: Client) -> None:
    file_report(0), file_report(1), file_report(2)
    assert HASH not in entries(client)


def test_an_institutions_number_is_in_no_answer(client: Client) -> None:
    reference_data.load_offices()
    key = lookup_key(phones.parse("02373.725.725"))
    add_finding(key=key, number="02373.725.725")
    assert hash_of(key) not in entries(client, hash_of(key)[:4])


def test_a_short_number_is_hashed_as_it_is_dialled() -> None:
    assert lookup_key(phones.parse("1022")) == "1022"


# --- one size, for everybody, and not compressed


def test_every_answer_is_of_one_size(client: Client) -> None:
    empty = [client.get(f"{RANGE}{prefix}").content for prefix in ("0000", "ffff", "1a2b3c4d")]
    add_finding()
    found = client.get(RANGE + HASH[:4]).content
    assert {len(content) for content in empty} == {len(found)}
    assert len(entries(client)) == ENTRIES_PER_ANSWER


def test_more_findings_than_room_are_all_told_in_twice_the_size(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hash_api, "ENTRIES_PER_ANSWER", 2)
    neighbours = (key for key in map("+84992{:06}".format, count()) if hash_of(key)[:4] == "00cc")
    keys = list(islice(neighbours, 3))
    for key in keys:
        add_finding(key=key)
    listed = entries(client, "00cc")
    assert {hash_of(key) for key in keys} <= set(listed)
    assert len(listed) == 4


def test_what_is_drawn_is_new_each_time_and_looks_like_the_rest(client: Client) -> None:
    first, second = entries(client), entries(client)
    assert not first.keys() & second.keys()
    for entry in first.values():
        assert set(entry) == {"hash", "confirmed_on", "valid_until"}
        assert entry["confirmed_on"] <= timezone.localdate().isoformat() <= entry["valid_until"]


def test_an_answer_takes_one_statement_and_is_not_compressed_not_kept_and_the_same_for_all(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        answer = client.get(RANGE + "1a2b", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in answer
    assert "Vary" not in answer
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store, no-transform"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


# --- what is refused


@pytest.mark.parametrize(
    "prefix", ["", "1a2", "1a2g", "1a2b3c4d5", HASH, "%2B84550000123", "1a2b/", "ａｂｃｄ"]
)
def test_a_bad_prefix_is_refused_with_a_sentence(client: Client, prefix: str) -> None:
    answer = client.get(RANGE + prefix)
    assert answer.status_code == 400
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["code"] == "bad_prefix"
    assert "4 đến 8" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
@pytest.mark.parametrize("path", [RANGE + "abcd", "/api/v1/findings/pack.json"])
def test_who_does_not_read_is_told_so_in_json(method: str, path: str) -> None:
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["code"] == "method"


@pytest.mark.usefixtures("enforced")
def test_who_asks_without_end_waits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers_api, "RANGES", rate_limits.Window("range", 1))
    assert client.get(RANGE + "xyz").status_code == 400  # costs nothing
    answers = [client.get(RANGE + "1a2b") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "too_many_questions"
    assert answers[1]["Retry-After"] == "600"


def test_without_a_database_it_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hash_api, "in_range", Mock(side_effect=OperationalError))
    answer = client.get(RANGE + "1a2b")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_now")


def test_nothing_of_it_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for prefix in (HASH[:4], "1a2", HASH):
        client.get(RANGE + prefix)
    assert HASH[:4] not in caplog.text + "".join(capsys.readouterr())


# --- the page and its client


def printed(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return done.stdout.strip()


@pytest.mark.django_db(transaction=True)
def test_the_client_on_the_page_finds_the_number_and_only_it(
    live_server: LiveServer, client: Client, settings: Settings
) -> None:
    settings.PORTAL_URL = live_server.url
    page = html.document_fromstring(client.get(PROGRAMS).content.decode())
    code = str(page.get_element_by_id("client").text_content())
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    assert printed(code) == "None"
    add_finding()
    assert HASH in printed(code)


@pytest.mark.parametrize("rest", ["", "x", "findings/range/1%0A", "%0A/x"])
def test_whatever_else_lies_below_is_a_problem_and_no_page(client: Client, rest: str) -> None:
    answer = client.get(f"/api/v1/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (404, "address")
