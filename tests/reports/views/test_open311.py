"""Open311 GeoReport v2: what its tools send is a report like the form's, and their program sees its state."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import etree

from core import encryption
from core.api import keys
from core.models import ApiClient, ApiKey, OutboxItem
from reports.models import Case, Report
from reports.retention import erasure
from reports.submission import intake, open311_fields, receipt_codes
from tests.support import report_factories
from tests.support.api_program import Program, register
from tests.support.report_factories import STORY

pytestmark = pytest.mark.django_db
ROOT = "/api/open311/v2"
REQUESTS = f"{ROOT}/requests.json"
FORM = "application/x-www-form-urlencoded"
EVERYTHING: dict[str, Any] = {
    "jurisdiction_id": "town.example",
    "service_code": "police",
    "description": STORY,
    "address_string": "xã Yên Định",
    "phone": "0550 000 222",
    "first_name": "An",
    "lat": "19.8",
    "long": "105.7",
    "attribute[caller_number]": "+84 550 000 111",
    "attribute[demands][]": ["money", "isolation"],
    "attribute[accounts]": "0550000123 ngân hàng A",
    "attribute[called_on]": "2026-11-30",
    "attribute[money_lost]": "yes",
    "attribute[happening_now]": "no",
    "attribute[external_id]": "YD-17",
    "attribute[language]": "en",
}


@pytest.fixture
def program() -> Program:
    return register()


def post(program: Program, address: str = REQUESTS, **fields: Any) -> HttpResponse:
    """The answer to a form that bears its key as the standard has it."""
    answer: Any = program.web.post(
        address, _encode({"api_key": program.key} | fields), content_type=FORM
    )
    return answer


def _encode(fields: dict[str, Any]) -> bytes:

    return urlencode(fields, doseq=True).encode()


def get(program: Program, address: str = REQUESTS, **asked: str) -> Any:
    bearer = {"Authorization": f"Bearer {program.key}"}
    return program.web.get(address, asked, headers=bearer)


def sent(program: Program, **fields: Any) -> Report:
    """The report that the program has sent."""
    [created] = json.loads(post(program, **{"service_code": "police"} | fields).content)
    return Report.objects.get(public_number=created["service_request_id"])


def error_of(answer: HttpResponse) -> tuple[int, str]:
    """The status of an answer, and its one error."""
    [error] = json.loads(answer.content)
    assert error["code"] == answer.status_code
    return answer.status_code, error["description"]


# --- services


def test_discovery_leads_to_the_services(client: Client) -> None:
    [endpoint] = client.get(f"{ROOT}/discovery.json").json()["endpoints"]
    address = endpoint["url"].partition("/api/")[2]
    assert client.get(f"/api/{address}/services.json").status_code == 200
    document = etree.fromstring(client.get(f"{ROOT}/discovery.xml").content)
    assert [each.text for each in document.findall("endpoints/endpoint/formats/format")] == [
        "application/json", "text/xml",
    ]  # fmt: skip


def test_services_are_whom_a_caller_may_claim_to_be_alike_in_both_formats(client: Client) -> None:
    listed = client.get(f"{ROOT}/services.json").json()
    assert [each["service_code"] for each in listed] == [*open311_fields.SERVICES]
    answer = client.get(f"{ROOT}/services.xml")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    document = etree.fromstring(answer.content)
    assert [{child.tag: child.text or "" for child in each} for each in document] == [
        {name: str(value).replace("True", "true") for name, value in each.items()}
        for each in listed
    ]


def test_a_service_is_named_in_the_language_that_is_asked_for(client: Client) -> None:
    names = [
        client.get(f"{ROOT}/services.json", headers={"Accept-Language": language}).json()[0]
        for language in ("vi", "en")
    ]
    assert names[0]["service_name"] == "Cuộc gọi giả danh: Công an"
    assert "police" in names[1]["service_name"].lower()


def test_every_attribute_that_is_described_is_taken(program: Program, client: Client) -> None:
    definition = client.get(f"{ROOT}/services/bank.json").json()
    values = {
        each["code"]: each["values"][0]["key"] if each["values"] else "0550 000 111"
        for each in definition["attributes"]
    }
    fields = {f"attribute[{code}]": value for code, value in values.items()}
    assert post(program, service_code="bank", **fields).status_code == 201
    assert {"caller_number", "demands", "accounts", "callback_phrase", "happening_now"} <= {*values}


def test_a_service_that_there_is_not_is_no_service(client: Client) -> None:
    assert error_of(client.get(f"{ROOT}/services/potholes.json"))[0] == 404


# --- a request


def test_everything_that_can_be_told_is_in_the_report(program: Program) -> None:
    answer = post(program, **EVERYTHING)
    assert answer.status_code == 201
    report = Report.objects.get()
    assert (report.source, report.api_client, report.external_id, report.language) == (
        "api", program.client, "YD-17", "en",
    )  # fmt: skip
    assert (report.claimed_office, report.story, report.commune_raw) == (
        "police", STORY, "xã Yên Định",
    )  # fmt: skip
    assert (report.caller_number, report.demands, report.accounts) == (
        "+84 550 000 111", ["money", "isolation"], ["0550000123 ngân hàng A"],
    )  # fmt: skip
    assert (report.money_lost, report.happening_now, report.called_on_raw) == (
        True, False, "30/11/2026",
    )  # fmt: skip
    assert encryption.decrypt_field(report, "contact") == "0550 000 222"
    assert OutboxItem.objects.get(task=intake.TRIAGE_TASK).key == str(report.pk)


@pytest.mark.parametrize("ending", ["json", "xml"])
def test_the_receipt_code_is_in_the_notice_that_tools_show_to_their_user(
    program: Program, ending: str
) -> None:
    answer = post(program, f"{ROOT}/requests.{ending}", **EVERYTHING)
    notice = (
        json.loads(answer.content)[0]["service_notice"]
        if ending == "json"
        else etree.fromstring(answer.content).findtext("request/service_notice", "")
    )
    code = notice.partition("Mã tin báo: ")[2][:19].replace(" ", "")
    assert receipt_codes.report_for_code(code) == Report.objects.get()


def test_a_picture_by_address_is_not_fetched_and_its_sender_told_so(program: Program) -> None:
    [created] = json.loads(
        post(program, service_code="bank", media_url="https://photo.example/1.jpg").content
    )
    assert "media_url không được lấy về" in created["service_notice"]


def test_sent_again_under_its_senders_id_it_is_the_same_report(program: Program) -> None:
    first, again = post(program, **EVERYTHING), post(program, **EVERYTHING)
    assert (first.status_code, again.status_code) == (201, 200)
    assert json.loads(first.content) == json.loads(again.content)
    assert post(program, **EVERYTHING | {"description": "Khác."}).status_code == 201


def test_the_same_few_words_of_two_people_are_two_reports_with_two_receipts(
    program: Program,
) -> None:
    assert sent(program, description="Họ gọi.") != sent(program, description="Họ gọi.")


def test_an_idempotency_key_is_heeded_where_a_tool_sends_one(program: Program) -> None:
    headers = {"Idempotency-Key": "a-key-of-the-program"}
    body = _encode({"api_key": program.key, "service_code": "bank", "description": "Họ gọi."})
    answers = [
        program.web.post(REQUESTS, body, content_type=FORM, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    headers = {"Idempotency-Key": "short"}
    answer: Any = program.web.post(REQUESTS, body, content_type=FORM, headers=headers)
    assert "Idempotency-Key" in error_of(answer)[1]
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({}, 400, "service_code"),
        ({"service_code": "potholes"}, 404, "service_code"),
        ({"service_code": "bank", "descripton": "x"}, 400, "(descripton)"),
        ({"service_code": "bank", "attribute[x]": "x"}, 400, "(attribute[x])"),
        ({"service_code": "bank", "attribute[demands]": "gold"}, 400, "(demands/0)"),
        ({"service_code": "bank", "attribute[channel]": "phone"}, 400, "(channel)"),
        ({"service_code": "bank", "attribute[money_lost]": "1"}, 400, "(attribute[money_lost])"),
        ({"service_code": "bank", "x\x01": "x"}, 400, "mã lạ."),
        ({"service_code": "bank", "description": "x" * 1_500_001}, 413, "Dài quá"),
    ],
    ids=lambda each: str(each)[:40],
)
@pytest.mark.parametrize("ending", ["json", "xml"])
def test_a_mistake_of_a_program_is_named_before_words_are_lost(
    program: Program, fields: dict[str, str], status: int, named: str, ending: str
) -> None:
    answer = post(program, f"{ROOT}/requests.{ending}", **fields)
    if ending == "xml":
        [error] = etree.fromstring(answer.content)
        told = (int(error.findtext("code", "")), error.findtext("description", ""))
    else:
        told = error_of(answer)
    assert (answer.status_code, told[0]) == (status, status)
    assert named in told[1]
    assert not Report.objects.exists()


def test_another_kind_of_body_and_method_is_refused(program: Program) -> None:
    bearer = {"Authorization": f"Bearer {program.key}"}
    answer = program.web.post(REQUESTS, "{}", content_type="application/json", headers=bearer)
    assert error_of(answer)[0] == 415
    answer = program.web.put(REQUESTS, headers=bearer)
    assert error_of(answer)[0] == 405
    assert answer["Allow"] == "GET, HEAD, POST"


# --- keys


@pytest.mark.parametrize("key", ["", "x", "key_" + "x" * 43])
def test_without_a_valid_key_nothing_is_taken_and_nothing_told(program: Program, key: str) -> None:
    stranger = Program(program.client, key)
    assert error_of(post(stranger, **EVERYTHING))[0] == 403
    assert error_of(get(stranger))[0] == 403
    assert not Report.objects.exists()


def test_a_key_is_taken_from_header_form_or_address(program: Program) -> None:
    number = sent(program).public_number
    for answer in (get(program), program.web.get(REQUESTS, {"api_key": program.key})):
        assert [each["service_request_id"] for each in answer.json()] == [number]


def test_a_key_does_what_it_is_for(program: Program) -> None:
    ApiClient.objects.update(scopes=["reports:status"])
    assert error_of(post(program, **EVERYTHING))[0] == 403
    assert get(program).json() == []
    keys.revoke(ApiKey.objects.get(), by=ApiKey.objects.get().created_by)
    assert error_of(get(program))[0] == 403


@pytest.mark.usefixtures("enforced")
def test_who_floods_is_told_when_to_come_again() -> None:
    flooding = register(max_per_minute=1)
    assert post(flooding, **EVERYTHING).status_code == 201
    answer = post(flooding, **EVERYTHING)
    assert (error_of(answer)[0], answer["Retry-After"]) == (429, "60")


# --- states


@pytest.mark.parametrize(
    ("status", "open_or_closed", "notes"),
    [("new", "open", "received"), ("in_review", "open", "in_review"), ("junk", "closed", "closed")],
)
def test_a_program_is_told_the_state_and_nothing_of_what_was_told(
    program: Program, status: str, open_or_closed: str, notes: str
) -> None:
    report = sent(program, **EVERYTHING)
    Case.objects.update(status=status)
    [told] = get(program, f"{ROOT}/requests/{report.public_number}.json").json()
    assert (told["status"], told["status_notes"]) == (open_or_closed, notes)
    assert told.keys() == {
        "service_request_id", "status", "status_notes", "service_name", "service_code",
        "requested_datetime", "updated_datetime",
    }  # fmt: skip
    [request] = etree.fromstring(
        get(program, f"{ROOT}/requests/{report.public_number}.xml").content
    )
    assert {child.tag: child.text for child in request} == told


def test_others_requests_are_nothing_that_there_is(program: Program) -> None:
    others = (sent(register("Ngân hàng A")), report_factories.report())
    numbers = [each.public_number for each in others]
    assert get(program).json() == []
    assert get(program, service_request_id=",".join(numbers)).json() == []
    for number in [*numbers, "26-BCDF-GHJK", "x", "%00"]:
        assert error_of(get(program, f"{ROOT}/requests/{number}.json"))[0] == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "ab"),
        ({"status": "open"}, "a"),
        ({"status": "closed"}, "b"),
        ({"status": "open,closed"}, "ab"),
        ({"service_code": "bank"}, "b"),
        ({"service_code": "police,bank"}, "ab"),
        ({"start_date": "2000-01-01T00:00:00Z"}, "ab"),
        ({"start_date": "2000-01-01T00:00:00+19:21"}, "ab"),
        ({"start_date": "2000-01-01T00:00:00+07:00", "end_date": "2001-01-01T00:00:00Z"}, ""),
        ({"end_date": "2000-01-01 00:00"}, ""),
        (
            {"start_date": "0001-01-01T00:00:00+14:00", "end_date": "9999-12-31T23:59:59-12:00"},
            "ab",
        ),
        ({"service_request_id": "\0,x"}, ""),
    ],
    ids=str,
)
def test_a_list_is_narrowed_as_the_standard_has_it(
    program: Program, asked: dict[str, str], found: str
) -> None:
    first, second = sent(program), sent(program, service_code="bank")
    Case.objects.filter(report=second).update(status="junk")
    names = {first.public_number: "a", second.public_number: "b"}
    told = get(program, **asked).json()
    assert "".join(sorted(names[each["service_request_id"]] for each in told)) == found


def test_a_date_that_is_none_is_named(program: Program) -> None:
    status, description = error_of(get(program, start_date="gestern"))
    assert (status, "(start_date)" in description) == (400, True)


def test_of_an_erased_report_not_even_the_service_is_told(program: Program) -> None:
    report = sent(program, **EVERYTHING)
    erasure.erase(report.pk, cause="asked")
    [told] = get(program).json()
    assert told["service_code"] == "other"


def test_a_list_costs_two_statements(program: Program, django_assert_max_num_queries: Any) -> None:
    for _ in range(3):
        sent(program)
    get(program)
    with django_assert_max_num_queries(2):  # the key, the list
        assert len(get(program).json()) == 3
