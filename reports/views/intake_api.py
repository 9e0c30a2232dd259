"""The API by which programs of agencies send reports, follow-ups and files, and ask for a report's state.

What is sent goes the way of the report form (submission/sources.py). A program sees the state of the
reports that it sent: never what they say, nor anything of others.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.api import keys
from core.api.problems import NO_KEY, Problem, ProblemError
from core.api.views import api_view
from core.form_data import Fields
from core.models import ApiClient
from reports.attachments import storage, upload_handler
from reports.attachments.storage import Refusal, RefusedError
from reports.attachments.upload_handler import Upload
from reports.cases.legal_holds import ReportErasedError
from reports.models import Case, Report
from reports.models.report import is_public_number
from reports.reference import gazetteer
from reports.submission import flood_detection, intake, json_fields, receipt_codes
from reports.submission.form_parser import KEY, ReportFormParser
from reports.submission.intake import SubmissionResult
from reports.submission.json_fields import MalformedError, MemberError
from reports.submission.sources import IntakeSource, scope_key
from reports.tracking import followups
from reports.tracking.followups import LimitReachedError
from reports.tracking.forms import FollowupFormParser
from reports.views import form_errors

Scope, Status = ApiClient.Scope, Case.Status
NOT_FOUND = Problem("not_found", 404, _("Khóa này chưa gửi tin nào có số như vậy."))
ERASED = Problem("erased", 409, _("Tin này đã xóa dữ liệu nên không nhận thêm."))
FULL = Problem("full", 409, _("Tin này đã ghi thêm nhiều lần, không nhận thêm ở đây."))
LENGTH = Problem("length", 411, _("Phải có Content-Length: nội dung được đọc trọn hoặc không đọc."))
TOO_LARGE = Problem("too_large", 413, _("Dài quá: mỗi tin nhận đến 1,5 triệu byte."))
MEDIA_TYPE = Problem("media_type", 415, _("Nội dung phải là application/json."))
MALFORMED = Problem("malformed", 400, _("Nội dung không phải một đối tượng JSON viết bằng UTF-8."))
MEMBER = Problem(
    "member", 422, _("Một mục không có trong mô tả, khác kiểu, hoặc mang mã lạ: xem “pointer”.")
)
EMPTY = Problem("empty", 422, _("Chưa có gì về cuộc gọi: ghi một câu, một số, hoặc một ô."))
NO_IDEMPOTENCY_KEY = Problem(
    "idempotency_key",
    400,
    _("Phải có Idempotency-Key, 16 đến 64 chữ, số, dấu - hoặc _: gửi lại mà không thành hai tin."),
)
ONLY_SHORT = Problem(
    "only_short", 429, _("Lúc này chỉ nhận tin ngắn, đến 64 kB. Gửi lại sau."), 600
)
BUSY = Problem("busy", 503, _("Nhiều tin rất dài đang đến cùng lúc. Gửi lại sau."), 10)
OF_LENGTH = (LENGTH, TOO_LARGE, ONLY_SHORT, BUSY)
OF_BODY = (*OF_LENGTH, MEDIA_TYPE, MALFORMED, MEMBER, EMPTY, NO_IDEMPOTENCY_KEY)
FILES_UNREADABLE = Problem(
    "files_unreadable", 400, _("Phải là multipart/form-data, mỗi tệp một phần “files”.")
)
OF_FILES = {
    refusal: Problem(f"file_{refusal}", status, detail, wait)
    for refusal, status, detail, wait in (
        (Refusal.EMPTY, 422, _("Bên trong tệp không có gì."), 0),
        (Refusal.TOO_LARGE, 413, _("Tệp nặng quá 10 MB."), 0),
        (Refusal.UNKNOWN_TYPE, 415, _("Tệp không phải ảnh, ghi âm hay PDF."), 0),
        (Refusal.TOO_MANY, 409, _("Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF."), 0),
        (Refusal.ERASED, 409, ERASED.detail, 0),
        (Refusal.BUSY, 503, _("Nhiều nơi đang gửi tệp cùng lúc. Gửi lại sau."), 60),
        (Refusal.NO_ROOM, 503, _("Máy chủ hết chỗ cho tệp. Gửi lại sau."), 600),
        (Refusal.NOT_WRITTEN, 503, _("Chưa ghi được tệp. Gửi lại sau."), 60),
    )
}
STORED, KNOWN = "stored", "known"
# What a program is told of a case; what was decided is for the reporter.
STATES = {
    Status.NEW: "received",
    Status.IN_REVIEW: "in_review",
    Status.WAITING: "waiting_for_reporter",
    Status.HANDED_OVER: "handed_over",
    Status.CRIME_REPORT: "with_investigators",
    Status.CLOSED: "closed",
    Status.JUNK: "closed",
    Status.WITHDRAWN: "closed",
}


@api_view("POST", Scope.WRITE_REPORTS)
def create_report(request: HttpRequest, sender: ApiClient) -> HttpResponse:
    """Take in a report; the same words under the same Idempotency-Key are the same report and code."""
    submission_key = scope_key(f"api {sender.pk}", _get_idempotency_key(request))
    fields = _parse_body(request, json_fields.parse_report)
    accepted = take_in(sender, fields, submission_key)
    code = accepted.code and " ".join(receipt_codes.format_code(accepted.code))
    receipt = _describe_report(accepted.number) | {"code": code}
    response = JsonResponse(receipt, status=200 if accepted.again else 201)
    response.headers["Location"] = receipt["url"]
    return response


def take_in(sender: ApiClient, fields: Fields, submission_key: str) -> SubmissionResult:
    """Submit the fields of a program's report, `external_id` and `language` among them. Raises ProblemError."""
    parser = ReportFormParser(fields)
    if parser.is_empty:
        raise ProblemError(EMPTY)
    language = fields.get("language") or Report.Language.VIETNAMESE
    submission = replace(parser.to_submission(gazetteer.communes()), language=language)
    digests = flood_detection.sender_digests("api client", sender.pk)
    external_id = fields.get("external_id", "")
    source = IntakeSource(Report.Source.API, sender.pk, external_id, digests)
    return intake.submit_report(submission, submission_key, source)


@api_view("GET", Scope.READ_STATUS)
def report_state(request: HttpRequest, sender: ApiClient, number: str) -> HttpResponse:
    """Return the state of a report."""
    report = get_report(sender, number)
    case = Case.objects.only("status", "changed_at").get(report=report)
    state = {
        "received_at": report.received_local.isoformat(),
        "external_id": report.external_id,
        "state": STATES[Status(case.status)],
        "changed_at": timezone.localtime(case.changed_at).isoformat(),
    }
    return JsonResponse(_describe_report(number) | state)


@api_view("POST", Scope.WRITE_REPORTS)
def add_followup(request: HttpRequest, sender: ApiClient, number: str) -> HttpResponse:
    """Save what the reporter said later, once."""
    submission_key = _get_idempotency_key(request)
    report = get_report(sender, number)
    parser = FollowupFormParser(_parse_body(request, json_fields.parse_followup))
    places, key = (
        flood_detection.sender_digests("api client", sender.pk),
        (report.pk, submission_key),
    )
    flags = flood_detection.followup_flood_flags(places, parser.caller_last_digits, *key)
    submission = parser.to_submission(gazetteer.communes(), flags)
    if submission.is_empty:
        raise ProblemError(EMPTY)
    try:
        result = followups.submit_followup(report, submission, submission_key)
    except ReportErasedError as error:
        raise ProblemError(ERASED) from error
    except LimitReachedError as error:
        raise ProblemError(FULL) from error
    return JsonResponse(_describe_report(number), status=201 if result.is_new else 200)


@api_view("POST", Scope.WRITE_REPORTS)
def add_files(request: HttpRequest, sender: ApiClient, number: str) -> HttpResponse:
    """Store the files of a report, and say of each what became of it."""
    report = get_report(sender, number)
    try:
        with upload_handler.parse_multipart(request, of_program=True) as form:
            if keys.find_client(request) is None:  # revoked while they came
                raise ProblemError(NO_KEY)
            results = [_store(upload, report) for upload in form.uploads]
            results += [{"name": "", "result": Refusal.TOO_MANY}] * form.surplus
    except upload_handler.UnreadableError as error:
        raise ProblemError(FILES_UNREADABLE) from error
    except RefusedError as error:
        raise ProblemError(OF_FILES[error.code]) from error
    if not results:
        raise ProblemError(FILES_UNREADABLE)
    if not {STORED, KNOWN} & {each["result"] for each in results}:
        raise ProblemError(OF_FILES[Refusal(results[0]["result"])])
    return JsonResponse({"files": results}, status=201)


def _store(upload: Upload, report: Report) -> dict[str, str]:
    result: str | None = upload.refusal
    if result is None:
        try:
            result = STORED if storage.store(upload.draft, report) else KNOWN
        except RefusedError as refused:
            result = refused.code
    return {"name": upload.draft.name, "result": result}


def _get_idempotency_key(request: HttpRequest) -> str:
    typed = request.headers.get("Idempotency-Key", "")
    if not KEY.fullmatch(typed):
        raise ProblemError(NO_IDEMPOTENCY_KEY)
    return typed


def _parse_body(request: HttpRequest, parse: Callable[[dict[str, Any]], Fields]) -> Fields:
    """Return the fields of a JSON body, as `parse` makes them. Raises ProblemError."""
    try:
        return parse(json_fields.parse_object(read_body(request, "application/json", MEDIA_TYPE)))
    except (MalformedError, UnreadablePostError) as error:
        raise ProblemError(MALFORMED) from error
    except MemberError as error:
        raise ProblemError(MEMBER, pointer=error.pointer) from error


def read_body(request: HttpRequest, content_type: str, otherwise: Problem) -> bytes:
    """Return a body of that type. Raises ProblemError, and UnreadablePostError where it ends too soon."""
    if "HTTP_TRANSFER_ENCODING" in request.META:  # Django would read nothing
        raise ProblemError(LENGTH)
    if request.content_type != content_type:
        raise ProblemError(otherwise)
    if refusal := request.META.get(form_errors.REFUSAL):
        raise ProblemError(BUSY if refusal == form_errors.BUSY else ONLY_SHORT)
    if int(request.META.get("CONTENT_LENGTH") or 0) > form_errors.BODY_LIMIT:
        raise ProblemError(TOO_LARGE)
    try:
        return request.body
    except RequestDataTooBig as error:
        raise ProblemError(TOO_LARGE) from error


def get_report(sender: ApiClient, number: str) -> Report:
    """Return a report that the client sent. Raises ProblemError, alike for one that others sent."""
    sent = Report.objects.filter(public_number=number, api_client=sender)
    report = sent.first() if is_public_number(number) else None
    if report is None:
        raise ProblemError(NOT_FOUND)
    return report


def _describe_report(number: str) -> dict[str, Any]:
    return {"number": number, "url": reverse("api:report_state", args=[number])}
