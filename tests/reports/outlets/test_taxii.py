"""The TAXII server: what a client of others and the validator of STIX read from it."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from requests.exceptions import HTTPError
from stix2validator import ValidationOptions, validate_instance
from taxii2client.v21 import Server, as_pages

from core.models import ApiClient
from reports.models import SubjectKind
from reports.outlets.stix import TLP_GREEN
from reports.views.taxii import MEDIA_TYPE
from tests.support.api_program import Program, register
from tests.support.number_factories import KEY, add_finding
from tests.support.outlet_readers import ROOT, collection_of, get

UNKNOWN = "6f1c1f7e-0b64-4a5e-9d2a-0d9a3a1b2c3d"  # no id of ours
NUMBERS = collection_of(SubjectKind.NUMBER)
pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Program:
    return register(scopes=[ApiClient.Scope.READ_FINDINGS])


def ask(program: Program, address: str, accept: str = MEDIA_TYPE) -> tuple[HttpResponse, Any]:
    answer = get(program, address, Accept=accept)
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    return answer, json.loads(answer.content)


def confirmed(count: int = 1, **fields: Any) -> list[str]:
    """The objects' ids of so many numbers that were confirmed one after the other."""
    hour_ago = timezone.now() - timedelta(hours=1)
    rows = [
        add_finding(
            **{"key": f"+8455000{n:04}", "confirmed_at": hour_ago + timedelta(seconds=n)} | fields
        )
        for n in range(count)
    ]
    return [f"indicator--{row.public_id}" for row in rows]


# --- read by programs of others


@pytest.mark.django_db(transaction=True)
def test_a_client_of_others_finds_the_collections_and_reads_them_in_pages(
    live_server: LiveServer, settings: Settings
) -> None:
    settings.PORTAL_URL = live_server.url
    program, ids = register(), confirmed(5)
    server = Server(f"{live_server.url}/taxii2/", user="any", password=program.key)
    [root] = server.api_roots
    assert root.url == f"{live_server.url}{ROOT}"
    assert [each.can_write for each in root.collections] == [False] * 3
    [numbers] = [each for each in root.collections if each.url.endswith(NUMBERS)]
    pages = list(as_pages(numbers.get_objects, per_request=2))
    assert [len(page["objects"]) for page in pages] == [2, 2, 1]
    assert [each["id"] for page in pages for each in page["objects"]] == ids
    records = [
        each for page in as_pages(numbers.get_manifest, per_request=3) for each in page["objects"]
    ]
    assert [each["id"] for each in records] == ids
    [found] = numbers.get_object(ids[3])["objects"]
    assert numbers.object_versions(ids[3])["versions"] == [found["modified"]]
    later = numbers.get_objects(added_after=records[-1]["date_added"])
    assert set(later) <= {"objects"}
    with pytest.raises(HTTPError, match="401"):
        Server(f"{live_server.url}/taxii2/", user="any", password="wrong").refresh()


@pytest.mark.parametrize(
    ("fields", "pattern"),
    [
        ({"key": KEY}, f"[phone-number:value = '{KEY}']"),
        (
            {"kind": "account", "key": "0992000456789", "bank": "BIDV"},
            "[bank-account:account_number = '0992000456789' AND bank-account:x_bank = 'BIDV']",
        ),
        ({"kind": "link", "key": "vi-du.example"}, "[domain-name:value = 'vi-du.example']"),
        (
            {"kind": "link", "key": "shared.example/a'b"},
            r"[url:value = 'https://shared.example/a\'b' OR url:value = 'http://shared.example/a\'b']",
        ),
    ],
)
@pytest.mark.parametrize("withdrawn", [False, True])
def test_the_validator_of_stix_finds_no_fault(
    program: Program, fields: dict[str, Any], pattern: str, *, withdrawn: bool
) -> None:
    ends = {"withdrawn_at": timezone.now()} if withdrawn else {}
    [ident] = confirmed(**fields, **ends)
    kind = SubjectKind(fields.get("kind", "number"))
    [found] = ask(program, f"{collection_of(kind)}objects/")[1]["objects"]
    result = validate_instance(found, ValidationOptions(version="2.1", strict=True))
    assert result.is_valid, [str(error) for error in result.errors]
    assert (found["id"], found["pattern"]) == (ident, pattern)
    assert found["object_marking_refs"] == [TLP_GREEN]
    assert found.get("revoked", False) == withdrawn
    assert found["created"] <= found["modified"] < found["valid_until"] or withdrawn


# --- what the protocol asks for


def test_filters_leave_what_they_name(program: Program) -> None:
    ids = confirmed(3)
    objects = f"{NUMBERS}objects/"

    def list_ids(query: str) -> list[str]:
        return [each["id"] for each in ask(program, f"{objects}?{query}")[1].get("objects", ())]

    assert list_ids(f"match[id]={ids[2]},{ids[0]}") == [ids[0], ids[2]]
    assert list_ids(f"match[id]=indicator--{uuid4()},x,identity--{uuid4()}") == []
    assert list_ids("match[type]=malware,indicator") == ids
    assert list_ids("match[type]=malware") == list_ids("match[spec_version]=2.0") == []
    version = ask(program, f"{objects}{ids[1]}/versions/")[1]["versions"][0]
    assert list_ids(f"match[version]={version}") == [ids[1]]
    assert list_ids("match[version]=all") == list_ids("match[version]=first") == ids
    future = (timezone.now() + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert ask(program, f"{objects}?added_after={future}")[1] == {}


def test_a_page_says_when_its_first_and_last_were_added(program: Program) -> None:
    confirmed(3)
    answer, content = ask(program, f"{NUMBERS}manifest/?limit=2")
    added = [each["date_added"] for each in content["objects"]]
    assert answer.headers["X-TAXII-Date-Added-First"] == added[0]
    assert answer.headers["X-TAXII-Date-Added-Last"] == added[1]
    assert content["more"] is True
    last = ask(program, f"{NUMBERS}manifest/?limit=2&next={content['next']}")[1]
    assert "more" not in last
    assert len(last["objects"]) == 1


@pytest.mark.parametrize("accept", [MEDIA_TYPE, "application/taxii+json", "*/*"])
def test_the_answer_has_the_media_type_that_is_asked_for(program: Program, accept: str) -> None:
    assert ask(program, "/taxii2/", accept)[0].status_code == 200


@pytest.mark.parametrize(
    ("address", "accept", "status", "code"),
    [
        ("/taxii2/", "application/taxii+json;version=2.0", 406, "media_type"),
        (ROOT, "text/html", 406, "media_type"),
        (f"{ROOT}collections/{UNKNOWN}/", MEDIA_TYPE, 404, "no_collection"),
        (f"{ROOT}collections/{UNKNOWN}/objects/", MEDIA_TYPE, 404, "no_collection"),
        (f"{NUMBERS}objects/indicator--{UNKNOWN}/", MEDIA_TYPE, 404, "no_object"),
        (f"{NUMBERS}objects/x/versions/", MEDIA_TYPE, 404, "no_object"),
        (f"{NUMBERS}objects/?limit=0", MEDIA_TYPE, 400, "bad_limit"),
        (f"{NUMBERS}objects/?limit=-1", MEDIA_TYPE, 400, "bad_limit"),
        (f"{NUMBERS}objects/?added_after=x", MEDIA_TYPE, 400, "bad_since"),
        (f"{NUMBERS}objects/?next=x", MEDIA_TYPE, 400, "bad_next"),
    ],
)
def test_an_error_is_as_taxii_has_it(
    program: Program, address: str, accept: str, status: int, code: str
) -> None:
    answer, error = ask(program, address, accept)
    assert (answer.status_code, error["error_code"]) == (status, code)
    assert error["http_status"] == str(status)
    assert error["title"]
    assert error["description"].endswith(".")


def test_who_has_no_key_is_asked_for_one_and_who_writes_is_refused(program: Program) -> None:
    refused = program.web.get(f"{NUMBERS}objects/", headers={"Accept": MEDIA_TYPE})
    assert (refused.status_code, refused["WWW-Authenticate"]) == (
        401,
        'Basic realm="taxii", Bearer',
    )
    for method in ("post", "delete"):
        sent = getattr(program.web, method)(
            f"{NUMBERS}objects/", headers={"Authorization": f"Bearer {program.key}"}
        )
        assert (sent.status_code, json.loads(sent.content)["error_code"]) == (405, "method")


@pytest.mark.parametrize("address", ["/taxii2/", "/api/v1/findings/list.csv"])
def test_whoever_can_send_a_password_alone_sends_the_key_as_one(
    program: Program, address: str
) -> None:
    credentials = base64.b64encode(f"any:{program.key}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"}
    assert program.web.get(address, headers=headers).status_code == 200


@pytest.mark.parametrize("credentials", ["", "x", "====", "a2V5", "w6nDqQ==", "/w=="])
def test_basic_credentials_without_a_key_open_nothing(program: Program, credentials: str) -> None:
    answer = program.web.get("/taxii2/", headers={"Authorization": f"Basic {credentials}"})
    assert answer.status_code == 401
