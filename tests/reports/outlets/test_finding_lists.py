"""The lists: in force or changed since, page by page, signed; no formula, no story, nobody's name."""

import base64
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from http_message_signatures import (
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from pytest_django import Settings
from requests import PreparedRequest, Response

from core import keys, rate_limits
from core.models import ApiClient
from reports.outlets import listed_findings, lists
from reports.outlets.lists import COLUMNS
from reports.views import finding_lists
from reports.views.openapi import build_document
from tests.support.api_program import Program, register
from tests.support.number_factories import KEY, add_finding
from tests.support.outlet_readers import LISTS, get, parse_contacts, parse_csv
from tests.support.signing_keys import TEXT_KEY

pytestmark = pytest.mark.django_db
CSV, CONTACTS = f"{LISTS}list.csv", f"{LISTS}numbers.vcf"


@pytest.fixture(autouse=True)
def _signed(settings: Settings) -> None:
    settings.SIGNING_KEY = TEXT_KEY


@pytest.fixture
def program() -> Program:
    return register(scopes=[ApiClient.Scope.READ_FINDINGS])


# --- what they say


def test_a_row_has_what_a_reader_needs_and_nothing_that_somebody_told(program: Program) -> None:
    number = add_finding(reason="Bà Lan bị lừa.")
    add_finding(kind="account", key="0992000456789", bank="BIDV")
    add_finding(kind="link", key="vi-du.example")
    rows = parse_csv(get(program, CSV))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["kind"], row["value"], row["bank"]) for row in rows] == [
        ("number", f"tel:{KEY}", ""),
        ("account", "0992000456789", "BIDV"),
        ("link", "vi-du.example", ""),
    ]
    number.refresh_from_db()
    assert rows[0] | {"confirmed_at": "", "changed_at": ""} == {
        "id": str(number.public_id), "state": "in_force", "kind": "number", "value": f"tel:{KEY}",
        "bank": "", "confidence": "85", "confirmed_at": "", "valid_until": str(number.valid_until),
        "changed_at": "",
    }  # fmt: skip
    assert "Lan" not in str(rows)


def test_no_cell_is_a_formula(program: Program) -> None:
    add_finding(kind="link", key="=cmd|x!a.example/-1+1", number="x")
    add_finding(kind="account", key="@1", bank="+B", number="x")
    cells = [cell for row in parse_csv(get(program, CSV)) for cell in row.values()]
    assert len(cells) == 2 * len(COLUMNS)
    assert [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}] == []


def test_an_end_names_no_number_but_its_id(program: Program) -> None:
    row = add_finding(withdrawn_at=timezone.now())
    [ended] = parse_csv(get(program, f"{CSV}?since=2026-01-01T00:00:00Z"))
    assert (ended["id"], ended["state"], ended["value"]) == (str(row.public_id), "ended", "")
    card = get(program, f"{CONTACTS}?since=2026-01-01T00:00:00Z").content.decode()
    assert KEY not in card
    assert f"UID:urn:uuid:{row.public_id}" in card


def test_a_contact_is_named_by_the_warning_and_dials_what_was_confirmed(client: Client) -> None:
    add_finding()
    add_finding(key="1022", number="1022")
    add_finding(kind="link", key="vi-du.example")
    cards = parse_contacts(client.get(CONTACTS))
    assert [card.fn.value for card in cards] == [lists.LABEL] * 2
    assert [card.tel.value for card in cards] == [f"tel:{KEY}", "tel:1022;phone-context=+84"]
    assert lists.LABEL.startswith("Kẻ gian")
    lines = client.get(CONTACTS).content.split(b"\r\n")
    assert max(map(len, lines)) <= 75


# --- pages and changes


def test_a_page_leads_to_the_next(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding_lists, "MAX_ROWS", 2)
    at = timezone.now() - timedelta(hours=1)
    for number in range(5):
        add_finding(key=f"+84550000{number}00", confirmed_at=at)
    address, found = f"{CSV}?since=2026-01-01T00:00:00Z", []
    while address:
        answer = get(program, address)
        found += parse_csv(answer)
        link = answer.headers.get("Link", "")
        assert not link or link.endswith('; rel="next"')
        address = link.partition(">")[0].removeprefix("<http://testserver")
    assert len({row["id"] for row in found}) == len(found) == 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=gestern", "bad_since"), ("since=2026-11-30", "bad_since"), ("since=", "bad_since"),
        ("since=2026-13-01T00:00:00Z", "bad_since"), ("since=2026-11-30T08:00:00", "bad_since"),
        ("next=1", "bad_next"), ("next=", "bad_next"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_sentence(
    program: Program, query: str, code: str
) -> None:
    answer = get(program, f"{CSV}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "since",
    [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "2026-11-30T08:00:00+07:00",
        "2026-11-30T08:00:00+19:21",
    ],
)
def test_any_time_is_taken(program: Program, since: str) -> None:
    assert get(program, f"{CSV}?since={since}").status_code == 200


def test_what_has_not_changed_is_not_sent_again_while_its_signature_is_good(
    program: Program,
) -> None:
    def status(address: str, tag: str) -> int:
        return get(program, address, **{"If-None-Match": tag}).status_code

    add_finding()
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        tags = {address: get(program, address).headers["ETag"] for address in (CSV, CONTACTS)}
        assert [status(*each) for each in tags.items()] == [304, 304]
    with time_machine.travel(now + timedelta(hours=12), tick=False):
        assert [status(*each) for each in tags.items()] == [200, 200]
    with time_machine.travel(now, tick=False):
        add_finding(key="+84550000124", confirmed_at=now)
        assert [status(*each) for each in tags.items()] == [200, 200]


def test_a_first_page_that_has_not_changed_leads_to_what_has_on_the_next(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding_lists, "MAX_ROWS", 1)
    at = timezone.now() - timedelta(hours=1)
    for number in range(2):
        add_finding(key=f"+84550000{number}00", confirmed_at=at + timedelta(minutes=number))
    first = get(program, CSV)
    newest = add_finding(key="+84550000200")
    again = get(program, CSV, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    second = get(program, _next_of(again))
    third = get(program, _next_of(second))
    assert [row["id"] for row in parse_csv(third)] == [str(newest.public_id)]


def _next_of(answer: HttpResponse) -> str:
    return answer.headers["Link"].partition(">")[0].removeprefix("<http://testserver")


# --- who reads


def test_the_list_of_everything_takes_a_key_for_it(client: Client) -> None:
    assert client.get(CSV).status_code == 401
    others = register("Một nơi khác", scopes=[ApiClient.Scope.WRITE_REPORTS])
    assert get(others, CSV).json()["code"] == "scope"
    assert get(others, f"{LISTS}misp/manifest.json").status_code == 403


def test_everybody_reads_the_numbers_signed_or_not_at_all(
    client: Client, settings: Settings, program: Program
) -> None:
    add_finding()
    answer = client.get(CONTACTS)
    assert answer.headers["Cache-Control"] == "public, no-cache, no-transform"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    settings.SIGNING_KEY = ""
    assert client.get(CONTACTS).json()["code"] == "no_signing_key"
    assert get(program, CSV).status_code == 200


@pytest.mark.usefixtures("enforced")
def test_who_fetches_the_numbers_without_end_waits(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding_lists, "PUBLIC_LISTS", rate_limits.Window("finding_list", 1))
    assert [client.get(CONTACTS).status_code for _ in range(2)] == [200, 429]


def test_without_a_database_it_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_findings, "load_page", Mock(side_effect=OperationalError))
    answer = client.get(CONTACTS)
    assert (answer.status_code, answer.json()["code"]) == (503, "not_now")


def test_the_document_of_the_api_knows_each_list(program: Program) -> None:
    paths = build_document("https://portal.example")["paths"]
    for address, security in ((CSV, [{"key": ["findings:read"]}]), (CONTACTS, [])):
        described = paths[address]["get"]
        assert described["security"] == security
        media_type = get(program, address).headers["Content-Type"]
        assert media_type in described["responses"]["200"]["content"]
        assert {"400", "429", "503"} <= described["responses"].keys()


# --- the signature


class Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Any:
        signer = keys.parse_signer(TEXT_KEY)
        assert key_id == signer.id
        return signer.private.public_key()


def as_received(answer: Any) -> Response:
    """The answer as an agency's program has it."""
    received = Response()
    received.status_code, received._content = answer.status_code, answer.content
    received.headers.update(answer.headers)
    received.request = PreparedRequest()
    received.request.prepare(method="GET", url=f"https://portal.example{CONTACTS}")
    return received


def test_a_library_of_others_verifies_it_and_refuses_an_altered_one(client: Client) -> None:
    add_finding()
    received = as_received(client.get(CONTACTS))
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    [result] = verifier.verify(received, max_age=timedelta(hours=25))
    assert '"content-digest"' in result.covered_components
    received.headers["Content-Digest"] = f"sha-256=:{base64.b64encode(b'x' * 32).decode()}:"
    with pytest.raises(InvalidSignature):
        verifier.verify(received, max_age=timedelta(hours=25))
