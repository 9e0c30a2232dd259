"""Reports of programs: taken as the form's are, with the same receipt, and each program sees its own."""

import json
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries, Settings

from core import encryption
from core.api import keys
from core.models import ApiClient, ApiKey, OutboxItem
from reports.attachments import upload_handler
from reports.models import Case, EvidenceFile, Followup, Report
from reports.retention import erasure
from reports.submission import flood_detection, intake, receipt_codes
from reports.submission.intake import ReportSubmission
from reports.views import numbers_api
from tests.support import report_factories
from tests.support.api_program import DOCUMENT, IDEMPOTENCY_KEY, REPORTS, Program, register
from tests.support.evidence_files import JPEG
from tests.support.report_factories import STORY
from tests.support.resident_pages import send

pytestmark = pytest.mark.django_db
EVERYTHING: dict[str, Any] = {
    "story": STORY,
    "caller_number": "+84 550 000 111",
    "channel": "number",
    "claimed_office": "police",
    "claimed_name": "Đại úy Minh",
    "demands": ["money", "isolation"],
    "accounts": ["0550000123 ngân hàng A"],
    "links": ["cong-an.example"],
    "called_on": "2026-11-30",
    "called_time": "khoảng 9 giờ",
    "money_lost": True,
    "money_lost_vnd": 20_000_000,
    "happening_now": False,
    "commune": "xã Yên Định",
    "contact_phone": "0550 000 222",
    "callback_phrase": "hai cái nồi",
    "on_behalf": True,
    "language": "en",
    "external_id": "YD-17",
}


@pytest.fixture
def program() -> Program:
    return register()


def sent(program: Program, **members: Any) -> Report:
    """The report that the program has sent."""
    number = parse(program.send(**{"story": STORY} | members))["number"]
    return Report.objects.get(public_number=number)


def parse(answer: HttpResponse) -> Any:
    return json.loads(answer.content)


def code_of(answer: HttpResponse) -> tuple[int, str]:
    """The status of a problem and its code."""
    return answer.status_code, parse(answer)["code"]


# --- a report


def test_everything_a_report_can_hold_is_taken(program: Program) -> None:
    answer = program.send(**EVERYTHING)
    assert answer.status_code == 201
    report = Report.objects.get()
    assert receipt_codes.report_for_code(parse(answer)["code"].replace(" ", "")) == report
    assert answer["Location"] == f"{REPORTS}/{report.public_number}"
    assert (report.source, report.api_client, report.external_id) == (
        "api", program.client, "YD-17",
    )  # fmt: skip
    assert report.demands == ["money", "isolation"]
    assert report.called_on_raw == "30/11/2026, khoảng 9 giờ"
    assert (report.money_lost, report.happening_now, report.on_behalf) == (True, False, True)
    assert (report.money_lost_raw, report.language) == ("20000000", "en")
    assert encryption.decrypt_field(report, "contact") == "0550 000 222"
    assert OutboxItem.objects.get(task=intake.TRIAGE_TASK).key == str(report.pk)


def test_it_is_the_report_that_the_form_would_have_made(program: Program, client: Any) -> None:
    words = {
        "story": "x" * 600,
        "caller_number": "không rõ",
        "money_lost_vnd": "nhiều lắm",
        "commune": "Xã Không Có",
        "contact_phone": "12",
        "claimed_office": "ai đó",
        "channel": "",
    }
    assert program.send(**words).status_code == 201
    send(client, **words)
    by_form, by_api = Report.objects.order_by("source").reverse()
    own = {
        "id", "public_number", "received_at", "source", "api_client", "submission_key",
        "content_digest", "story_sealed", "contact_sealed", "phrase_sealed", "flags",
    }  # fmt: skip
    names = {field.name for field in Report._meta.fields} - own
    assert {name: getattr(by_form, name) for name in names} == {
        name: getattr(by_api, name) for name in names
    }
    assert {*by_form.flags} - {*by_api.flags} <= {"too_fast"}


def test_sent_again_it_is_the_same_report_and_receipt(program: Program) -> None:
    first, again = program.send(**EVERYTHING), program.send(**EVERYTHING)
    assert (first.status_code, again.status_code) == (201, 200)
    assert parse(first) == parse(again)


def test_other_words_under_the_same_key_are_lost_by_nobody(program: Program) -> None:
    assert sent(program) != sent(program, story=f"{STORY}!")


def test_the_same_key_of_another_program_or_a_form_is_another_report(program: Program) -> None:
    own = sent(program)
    others = sent(register("Ngân hàng A"))
    by_form = intake.submit_report(ReportSubmission(story=STORY), IDEMPOTENCY_KEY).report
    assert len({own.pk, others.pk, by_form.pk}) == 3


@pytest.mark.usefixtures("enforced")
def test_a_program_is_one_network_for_a_number_and_no_crowded_place(program: Program) -> None:
    reports = [sent(program, story=f"{number} {STORY}") for number in range(12)]
    arrivals = [
        flood_detection.Arrival(str(each.pk), each.flood_sample.origin_digests, ("550000111",))
        for each in reports
    ]
    others = sent(register("Ngân hàng A")).flood_sample.origin_digests
    arrivals.append(flood_detection.Arrival("x", others, ("550000111",)))
    assert flood_detection.flood_flags(arrivals) == [(), *[("same_network",)] * 11, ()]


def test_a_report_costs_few_statements(
    program: Program, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    program.send(story="Người ta gọi.")
    with django_assert_max_num_queries(3):  # the key, the report, the NOTIFY
        assert program.send(story="Họ lại gọi.").status_code == 201


# --- what is refused, each with one clear line


@pytest.mark.parametrize(
    ("body", "problem", "pointer"),
    [
        (b"{", (400, "malformed"), None),
        (b"[]", (400, "malformed"), None),
        (b" ", (400, "malformed"), None),
        ("{}".encode("utf-16"), (400, "malformed"), None),
        (b'{"story": "\xff"}', (400, "malformed"), None),
        (b'{"story": NaN}', (400, "malformed"), None),
        (b'{"money_lost_vnd": ' + b"9" * 5000 + b"}", (400, "malformed"), None),
        (b'{"story": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", (400, "malformed"), None),
        (b'{"story": "x", "story": "y"}', (400, "malformed"), None),
        (b"{}", (422, "empty"), None),
        (b'{"story": " "}', (422, "empty"), None),
        (b'{"storry": "x"}', (422, "member"), "/storry"),
        (b'{"a/b~c": "x"}', (422, "member"), "/a~1b~0c"),
        (b'{"story": ["x"]}', (422, "member"), "/story"),
        (b'{"demands": "money"}', (422, "member"), "/demands"),
        (b'{"demands": [null]}', (422, "member"), "/demands"),
        (b'{"links": [%s0]}' % (b"0," * 2000), (422, "member"), "/links"),
        (b'{"money_lost": "yes"}', (422, "member"), "/money_lost"),
        (b'{"money_lost_vnd": 1.5}', (422, "member"), "/money_lost_vnd"),
        (b'{"external_id": "%s"}' % (b"x" * 65), (422, "member"), "/external_id"),
        (b'{"story": "x", "channel": "phone"}', (422, "member"), "/channel"),
        (b'{"story": "x", "demands": ["money", "gold"]}', (422, "member"), "/demands/1"),
        (b'{"story": "%s"}' % (b"x" * 1_500_000), (413, "too_large"), None),
        (b'{"story": "%s"}' % (b"x" * 5_000_000), (413, "too_large"), None),
    ],
    ids=lambda each: each[:24].decode(errors="replace") if isinstance(each, bytes) else None,
)  # fmt: skip
def test_what_is_no_report_is_refused_with_its_reason(
    program: Program, body: bytes, problem: tuple[int, str], pointer: str | None
) -> None:
    answer = program.ask("post", REPORTS, body)
    assert code_of(answer) == problem
    assert parse(answer).get("pointer") == pointer
    assert not Report.objects.exists()


def test_what_no_page_could_hold_is_replaced_and_the_report_taken(program: Program) -> None:
    body = b'\xef\xbb\xbf{"story": "a\\u0000b\\ud800c", "commune": null}'
    assert program.ask("post", REPORTS, body).status_code == 201
    report = Report.objects.get()
    assert report.story == "a\ufffdb\ufffdc"
    assert "chars_replaced" in report.flags


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"headers": {"Idempotency-Key": None}}, (400, "idempotency_key")),
        ({"headers": {"Idempotency-Key": "ngắn"}}, (400, "idempotency_key")),
        ({"content_type": "text/plain"}, (415, "media_type")),
        ({"content_type": "application/x-www-form-urlencoded"}, (415, "media_type")),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, (411, "length")),
        ({"headers": {"Authorization": None}}, (401, "key")),
        ({"headers": {"Authorization": "Bearer key_" + "x" * 43}}, (401, "key")),
    ],
    ids=str,
)
def test_a_request_of_another_form_is_refused(
    program: Program, options: dict[str, Any], problem: tuple[int, str]
) -> None:
    assert code_of(program.ask("post", REPORTS, {"story": STORY}, **options)) == problem
    assert not Report.objects.exists()


def test_a_key_does_what_it_is_for_where_it_is_for(program: Program) -> None:
    number = sent(program).public_number
    ApiClient.objects.update(scopes=["reports:status"])
    assert code_of(program.send(story=STORY)) == (403, "scope")
    assert program.ask("get", f"{REPORTS}/{number}").status_code == 200
    ApiClient.objects.update(scopes=["reports:write"], networks=["198.51.100.0/24"])
    assert code_of(program.send(story=STORY)) == (403, "network")


def test_a_revoked_key_is_told_so_and_how_to_show_one(program: Program) -> None:
    keys.revoke(ApiKey.objects.get(), by=ApiKey.objects.get().created_by)
    answer = program.send(story=STORY)
    assert code_of(answer) == (401, "key")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.usefixtures("enforced")
def test_who_floods_is_told_when_to_come_again_and_others_are_not_held_up() -> None:
    flooding, other = register(max_per_minute=3), register("Ngân hàng A")
    answers = [flooding.send(story=f"{STORY} {number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[-1]["Retry-After"] == "60"
    assert other.send(story=STORY).status_code == 201


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "Thiếu khóa"), ("en-GB,en;q=0.9", "no longer valid"), ("fr", "Thiếu khóa")],
)
def test_a_problem_speaks_the_language_that_is_asked_for(
    program: Program, language: str, words: str
) -> None:
    headers = {"Authorization": None, "Accept-Language": language}
    answer = program.ask("post", REPORTS, {}, headers=headers)
    assert words in parse(answer)["detail"]
    assert answer["Content-Language"] == language[:2].replace("fr", "vi")


def test_while_nothing_can_be_written_it_is_asked_to_come_again(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_write", Mock(side_effect=OperationalError))
    answer = program.send(story=STORY)
    assert code_of(answer) == (503, "not_saved")
    assert answer["Retry-After"] == "30"


# --- one report


@pytest.mark.parametrize(("status", "state"), [("new", "received"), ("junk", "closed")])
def test_a_program_is_told_how_far_its_report_is_and_nothing_of_it(
    program: Program, status: str, state: str
) -> None:
    report = sent(program, **EVERYTHING)
    Case.objects.update(status=status)
    told = parse(program.ask("get", f"{REPORTS}/{report.public_number}"))
    assert (told["state"], told["external_id"]) == (state, "YD-17")
    assert told.keys() == {"number", "url", "received_at", "external_id", "state", "changed_at"}


@pytest.mark.parametrize("what", ["", "/followups", "/files"])
def test_what_others_sent_is_nothing_that_there_is(program: Program, what: str) -> None:
    others = (sent(register("Ngân hàng A")), report_factories.report())
    numbers = [each.public_number for each in others]
    for number in [*numbers, "26-BCDF-GHJK", "x", "26-BCDF-GHJ%00"]:
        answer = program.ask("post" if what else "get", f"{REPORTS}/{number}{what}", {"story": "x"})
        assert code_of(answer) == (404, "not_found")


def test_what_the_reporter_says_later_is_kept_once(program: Program) -> None:
    report = sent(program)
    address = f"{REPORTS}/{report.public_number}/followups"
    said = {
        "story": "Họ gọi lại, đòi thêm.",
        "callers": [{"number": "0550 000 333", "office": "bank"}],
        "money_lost_vnd": "thêm 5 triệu",
    }
    answers = [program.ask("post", address, said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    followup = Followup.objects.get()
    assert followup.callers == [
        {"number": "0550 000 333", "channel": "", "office": "bank", "name": ""}
    ]
    assert (followup.report, followup.kind) == (report, "more")


@pytest.mark.parametrize(
    ("said", "problem", "pointer"),
    [
        ({}, (422, "empty"), None),
        ({"callers": {"number": "x"}}, (422, "member"), "/callers"),
        ({"callers": ["x"]}, (422, "member"), "/callers/0"),
        ({"callers": [{}] * 2001}, (422, "member"), "/callers"),
        ({"callers": [{"number": []}]}, (422, "member"), "/callers/0/number"),
        ({"callers": [{"number": "1", "channel": "x"}]}, (422, "member"), "/callers/0/channel"),
        ({"external_id": "x"}, (422, "member"), "/external_id"),
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_is_nothing_said_later_is_refused(
    program: Program, said: dict[str, Any], problem: tuple[int, str], pointer: str | None
) -> None:
    address = f"{REPORTS}/{sent(program).public_number}/followups"
    answer = program.ask("post", address, said)
    assert (code_of(answer), parse(answer).get("pointer")) == (problem, pointer)


def test_of_an_erased_report_a_program_is_told_no_more_and_adds_nothing(program: Program) -> None:
    report = sent(program, **EVERYTHING)
    erasure.erase(report.pk, cause="asked")
    address = f"{REPORTS}/{report.public_number}"
    assert parse(program.ask("get", address))["external_id"] == ""
    answer = program.ask("post", f"{address}/followups", {"story": "Họ gọi lại."})
    assert code_of(answer) == (409, "erased")
    assert code_of(program.send_files(report, ("a.jpg", JPEG))) == (409, "file_erased")


# --- files


def test_files_are_stored_once_and_each_is_accounted_for(program: Program) -> None:
    report = sent(program)
    answer = program.send_files(report, ("ảnh.jpg", JPEG), ("a.exe", b"MZ" * 99), ("b.jpg", JPEG))
    assert answer.status_code == 201
    results = [each["result"] for each in parse(answer)["files"]]
    assert results == ["stored", "unknown_type", "known"]
    assert EvidenceFile.objects.get().report == report


@pytest.mark.parametrize(
    ("content", "problem"), [(b"", (422, "file_empty")), (b"MZ" * 99, (415, "file_unknown_type"))]
)
def test_where_no_file_is_taken_the_first_reason_is_told(
    program: Program, content: bytes, problem: tuple[int, str]
) -> None:
    assert code_of(program.send_files(sent(program), ("x", content))) == problem


def test_what_is_no_form_of_files_is_refused(program: Program) -> None:
    address = f"{REPORTS}/{sent(program).public_number}/files"
    for content_type in ("application/json", "multipart/form-data; boundary=x"):
        answer = program.ask("post", address, {}, content_type=content_type)
        assert code_of(answer) == (400, "files_unreadable")


def test_a_key_that_is_revoked_while_files_come_stores_none(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, parse = sent(program), upload_handler._parse_form

    def revoke_and_parse(*args: Any) -> Any:
        key = ApiKey.objects.get()
        keys.revoke(key, by=key.created_by)
        return parse(*args)

    monkeypatch.setattr(upload_handler, "_parse_form", revoke_and_parse)
    assert code_of(program.send_files(report, ("a.jpg", JPEG))) == (401, "key")
    assert not EvidenceFile.objects.exists()


def test_a_stranger_is_turned_away_before_a_file_is_read(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_handler, "parse_multipart", Mock(side_effect=AssertionError))
    stranger = Program(program.client, "key_" + "x" * 43)
    assert code_of(stranger.send_files(sent(program), ("a.jpg", JPEG))) == (401, "key")


# --- the document


def test_the_document_is_served_and_names_every_address(client: Any, settings: Settings) -> None:
    served = client.get("/api/v1/openapi.json").json()
    assert served["servers"] == [{"url": settings.PORTAL_URL}]
    assert served["paths"] == json.loads(json.dumps(DOCUMENT["paths"]))
    assert all(each["summary"] for path in served["paths"].values() for each in path.values())
    assert {each.code for each in numbers_api.PROBLEMS} <= served["x-problems"].keys()
