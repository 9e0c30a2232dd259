"""Open311 GeoReport v2 for the programs that speak it: services, requests and their status, as JSON or XML.

A request is taken in as a report of the API is (intake_api.py), by the same keys, and so is its state told.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, tostring  # nosec B405

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.api import keys
from core.api.problems import Problem, ProblemError
from core.api.views import Dialect, api_view, public_api_view, route_post
from core.form_data import Fields, parse_fields
from core.models import ApiClient
from core.province import province
from reports.models import Case, Report
from reports.submission import json_fields, open311_fields, receipt_codes
from reports.submission.form_parser import KEY
from reports.submission.json_fields import MemberError
from reports.submission.open311_fields import SERVICES
from reports.submission.sources import scope_key
from reports.views import intake_api, numbers_api
from reports.views.intake_api import STATES, Scope

FORM_TYPE = "application/x-www-form-urlencoded"
MEDIA_TYPES = {"json": "application/json", "xml": "text/xml"}
FORMATS = tuple(MEDIA_TYPES)
MAX_LISTED = 1000
MAX_NAMED_CHARS = 80  # of a field, in an error
CHANGED = "2026-12-02T00:00:00+07:00"  # services, fields or formats, the last time
OPEN, CLOSED = "open", "closed"
NOT_FOUND = Problem("service", 404, _("Không có service_code như vậy: lấy ở services.json."))
NO_SERVICE = Problem("no_service", 400, _("Thiếu service_code: lấy ở services.json."))
BAD_FIELD = Problem("field", 400, _("Một mục không có trong mô tả, hoặc mang mã lạ."))
NO_FORM = Problem("media_type", 415, _("Nội dung phải là application/x-www-form-urlencoded."))
UNREADABLE = Problem("malformed", 400, _("Không đọc được nội dung gửi đến."))
OF_CREATION = (
    NO_SERVICE, BAD_FIELD, intake_api.NO_IDEMPOTENCY_KEY, UNREADABLE, NO_FORM, NOT_FOUND,
    *intake_api.OF_LENGTH,
)  # fmt: skip
# Beyond them, and with offsets of 16 hours, which Python reads, PostgreSQL knows no time.
_FIRST_DAY, _LAST_DAY = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_CLOSED = [status for status, state in STATES.items() if state == CLOSED]
# What an item of a list is called in XML.
_ITEMS = {
    "services": "service", "attributes": "attribute", "values": "value", "errors": "error",
    "service_requests": "request", "endpoints": "endpoint", "formats": "format",
}  # fmt: skip


def read_key(request: HttpRequest) -> str:
    """Return the key of a request: in its header, else `api_key` of its form or its address."""
    if bearer := keys.read_bearer(request):
        return bearer
    fields = _parse_form(request) if request.method == "POST" else Fields()
    return fields.get("api_key") or request.GET.get("api_key") or ""


def render_problem(request: HttpRequest, error: ProblemError) -> HttpResponse:
    """Return the standard's list of errors; it knows no 401, and names the field behind the sentence."""
    problem = error.problem
    status = 403 if problem.status == 401 else problem.status
    field = error.members.get("pointer", "")[:MAX_NAMED_CHARS]
    is_named = field and field.isprintable()  # XML cannot hold the rest
    description = f"{problem.detail} ({field})" if is_named else str(problem.detail)
    response = _render(request, "errors", [{"code": status, "description": description}], status)
    if problem.wait:
        response.headers["Retry-After"] = str(problem.wait)
    return response


OPEN311 = Dialect(read_key, render_problem)


@public_api_view(numbers_api.NOT_NOW, OPEN311)
def discovery(request: HttpRequest) -> HttpResponse:
    """Return where the services are, in which version and formats."""
    address = f"{settings.PORTAL_URL}{reverse('open311:discovery_json')}"
    document = {
        "changeset": CHANGED,
        "contact": f"{province.hotline}, {settings.PORTAL_URL}",
        "key_service": f"{settings.PORTAL_URL}{reverse('alerts:for_agencies')}#reports",
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": address.rpartition("/")[0],
                "changeset": CHANGED,
                "type": "production",
                "formats": [*MEDIA_TYPES.values()],
            }
        ],
    }
    return _render(request, "discovery", document)


@public_api_view(numbers_api.NOT_NOW, OPEN311)
def services(request: HttpRequest) -> HttpResponse:
    """Return the services: whom a caller may claim to be."""
    return _render(request, "services", open311_fields.describe_services())


@public_api_view(numbers_api.NOT_NOW, OPEN311)
def service(request: HttpRequest, code: str) -> HttpResponse:
    """Return what may be told of such a call besides the standard's own fields."""
    if code not in SERVICES:
        raise ProblemError(NOT_FOUND)
    attributes = open311_fields.describe_attributes()
    definition = {"service_code": code, "attributes": attributes}
    return _render(request, "service_definition", definition)


@api_view("POST", Scope.WRITE_REPORTS, OPEN311)
def create_request(request: HttpRequest, sender: ApiClient) -> HttpResponse:
    """Take in a request; its receipt code is in `service_notice`, for its reporter alone."""
    form = _parse_form(request)
    code = form.get("service_code", "").strip()
    if not code:
        raise ProblemError(NO_SERVICE)
    if code not in SERVICES:
        raise ProblemError(NOT_FOUND)
    try:
        fields = json_fields.parse_report(open311_fields.parse_request(form))
    except MemberError as error:
        raise ProblemError(BAD_FIELD, pointer=error.pointer.lstrip("/")) from error
    submission_key = scope_key(f"api {sender.pk}", _choose_key(request, fields))
    accepted = intake_api.take_in(sender, fields, submission_key)
    created = {
        "service_request_id": accepted.number,
        "service_notice": _write_notice(accepted.code, has_media=bool(form.get("media_url"))),
        "account_id": "",
    }
    return _render(request, "service_requests", [created], 200 if accepted.again else 201)


def _choose_key(request: HttpRequest, fields: Fields) -> str:
    """Return what makes a second POST the same report: the header, else the sender's own id.

    Without either each is a report of its own: the same few words of two people must not share a receipt.
    Raises ProblemError for a header that is no key: its sender relies on it.
    """
    if typed := request.headers.get("Idempotency-Key", ""):
        if not KEY.fullmatch(typed):
            raise ProblemError(intake_api.NO_IDEMPOTENCY_KEY)
        return typed
    external_id = fields.get("external_id", "")
    return f"open311 {external_id}" if external_id else secrets.token_urlsafe(24)


def _write_notice(code: str | None, *, has_media: bool) -> str:
    page = f"{settings.PORTAL_URL}{reverse('reports:track')}"
    sentences = []
    if code:
        words = {"code": " ".join(receipt_codes.format_code(code)), "page": page}
        told = gettext("Mã tin báo: %(code)s. Giữ kín, nhập ở %(page)s để xem tin đến đâu.")
        sentences.append(told % words)
    if has_media:
        sentences.append(gettext("Ảnh ở media_url không được lấy về: nhập mã rồi gửi ở trang ấy."))
    return " ".join(sentences)


@api_view("GET", Scope.READ_STATUS, OPEN311)
def list_requests(request: HttpRequest, sender: ApiClient) -> HttpResponse:
    """Return the state of the newest requests that the key's program sent."""
    sent = Report.objects.filter(api_client=sender).order_by("-received_at")
    return _render(request, "service_requests", _describe_all(_filter(sent, request)[:MAX_LISTED]))


requests = route_post(create_request, list_requests)


@api_view("GET", Scope.READ_STATUS, OPEN311)
def request_state(request: HttpRequest, sender: ApiClient, number: str) -> HttpResponse:
    """Return the state of one request."""
    sent = Report.objects.filter(pk=intake_api.get_report(sender, number).pk)
    return _render(request, "service_requests", _describe_all(sent))


def _filter(sent: QuerySet[Report], request: HttpRequest) -> QuerySet[Report]:
    """Return the requests that the address asks for. Raises ProblemError for a date that is none."""
    asked = {name: text.replace("\0", "") for name, text in request.GET.dict().items()}
    if numbers := asked.get("service_request_id"):
        sent = sent.filter(public_number__in=numbers.split(",")[:MAX_LISTED])
    if codes := asked.get("service_code"):
        chosen = set(codes.split(","))
        sent = sent.filter(claimed_office__in=chosen | ({""} if "other" in chosen else set()))
    for name, lookup in (("start_date", "received_at__gte"), ("end_date", "received_at__lte")):
        if typed := asked.get(name):
            sent = sent.filter(**{lookup: _parse_time(name, typed)})
    states = set(asked.get("status", "").split(",")) & {OPEN, CLOSED}
    if states == {OPEN}:
        return sent.exclude(case__status__in=_CLOSED)
    return sent.filter(case__status__in=_CLOSED) if states == {CLOSED} else sent


def _parse_time(name: str, typed: str) -> datetime:
    try:
        parsed = parse_datetime(typed.replace(" ", "+"))  # a plus sign that nobody has escaped
    except ValueError:
        parsed = None
    if parsed is None:
        raise ProblemError(BAD_FIELD, pointer=name)
    aware = parsed if timezone.is_aware(parsed) else timezone.make_aware(parsed)
    return max(_FIRST_DAY, min(aware, _LAST_DAY)).astimezone(UTC)


def _describe_all(reports: QuerySet[Report]) -> list[dict[str, Any]]:
    """Return number, service, state and times of each: nothing of what it says, nor of who decided what."""
    rows = reports.select_related("case").only(
        "public_number",
        "claimed_office",
        "received_at",
        "erased_at",
        "case__status",
        "case__changed_at",
    )
    return [_describe(report, _get_service(report)) for report in rows]


def _get_service(report: Report) -> str:
    """Return what a report was sent as, "other" where that is erased or was told in words."""
    office = report.claimed_office
    return office if office in SERVICES and not report.erased_at else "other"


def _describe(report: Report, code: str) -> dict[str, Any]:
    status, changed = Case.Status(report.case.status), report.case.changed_at
    return {
        "service_request_id": report.public_number,
        "status": CLOSED if status in _CLOSED else OPEN,
        "status_notes": STATES[status],
        "service_name": open311_fields.name_service(code),
        "service_code": code,
        "requested_datetime": report.received_local.isoformat(),
        "updated_datetime": timezone.localtime(changed).isoformat(),
    }


def _parse_form(request: HttpRequest) -> Fields:
    """Return the fields of a POST. Raises ProblemError."""
    try:
        intake_api.read_body(request, FORM_TYPE, NO_FORM)
        return parse_fields(request)
    except (UnreadablePostError, TooManyFieldsSent) as error:
        raise ProblemError(UNREADABLE) from error


def _render(request: HttpRequest, name: str, document: Any, status: int = 200) -> HttpResponse:
    """Return the document in the format of the address; `name` is its root in XML."""
    if request.path.endswith(".xml"):
        content = tostring(_build_element(name, document), "utf-8", xml_declaration=True)
        return HttpResponse(content, content_type="text/xml; charset=utf-8", status=status)
    return JsonResponse(document, safe=False, status=status)


def _build_element(name: str, value: Any) -> Element:
    element = Element(name)
    if isinstance(value, Mapping):
        element.extend(_build_element(key, each) for key, each in value.items())
    elif isinstance(value, list):
        element.extend(_build_element(_ITEMS[name], each) for each in value)
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)
    return element
