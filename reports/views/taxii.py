"""A TAXII 2.1 server: one collection a kind of finding, to be read and not written.

Of each object the last version alone is kept: an earlier one would accuse what has been taken back.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.api import keys, problems
from core.api.problems import Problem, ProblemError
from core.api.views import Dialect, View, api_view
from core.form_data import parse_uuid
from core.models import ApiClient
from core.province import province
from reports.models import SubjectKind
from reports.outlets import listed_findings, stix
from reports.outlets.listed_findings import NAMESPACE, ListedFinding, Page, format_utc
from reports.views.finding_lists import parse_next, parse_since
from reports.views.numbers_api import NOT_NOW

MEDIA_TYPE = "application/taxii+json;version=2.1"
MAX_OBJECTS = 2_000  # of a page
NOT_ACCEPTABLE = Problem(
    "media_type", 406, _("Accept phải nhận application/taxii+json;version=2.1.")
)
NO_COLLECTION = Problem("no_collection", 404, _("Không có bộ sưu tập nào như vậy."))
NO_OBJECT = Problem("no_object", 404, _("Trong bộ sưu tập không có đối tượng ấy."))
BAD_LIMIT = Problem("bad_limit", 400, _("limit phải là một số lớn hơn 0."))
_ANY_VERSION = {"last", "first", "all"}  # of the one that there is


@dataclass(frozen=True)
class Collection:
    kind: SubjectKind
    title: str

    @property
    def id(self) -> UUID:
        return uuid5(NAMESPACE, self.kind)

    def describe(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "title": self.title,
            "can_read": True,
            "can_write": False,
            "media_types": [stix.MEDIA_TYPE],
        }


COLLECTIONS = {
    each.id: each
    for each in (
        Collection(SubjectKind.NUMBER, "Số điện thoại kẻ gian đã dùng"),
        Collection(SubjectKind.ACCOUNT, "Tài khoản kẻ gian đã dùng"),
        Collection(SubjectKind.LINK, "Trang kẻ gian đã dùng"),
    )
}


def render_problem(request: HttpRequest, error: ProblemError) -> HttpResponse:
    """Return the standard's error message."""
    response = problems.problem_response(request, error)
    problem = error.problem
    message = {
        "title": HTTPStatus(problem.status).phrase,
        "description": str(problem.detail),
        "error_code": problem.code,
        "http_status": str(problem.status),
    }
    response.content = json.dumps(message).encode()
    response.headers["Content-Type"] = MEDIA_TYPE
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="taxii", Bearer'
    return response


TAXII = Dialect(keys.read_bearer_or_basic, render_problem)


def taxii_view(view: Callable[..., dict[str, Any] | HttpResponse]) -> View:
    """Return the view for a program that may read findings; errors are as TAXII has them."""

    @api_view("GET", ApiClient.Scope.READ_FINDINGS, TAXII, NOT_NOW)
    @wraps(view)
    def answer(request: HttpRequest, client: ApiClient, **kwargs: Any) -> HttpResponse:
        if not request.accepts(MEDIA_TYPE) and not request.accepts(MEDIA_TYPE.partition(";")[0]):
            raise ProblemError(NOT_ACCEPTABLE)
        if collection := kwargs.get("collection"):
            if collection not in COLLECTIONS:
                raise ProblemError(NO_COLLECTION)
            kwargs["collection"] = COLLECTIONS[collection]
        found = view(request, **kwargs)
        return found if isinstance(found, HttpResponse) else _respond(found)

    return answer


def _respond(content: dict[str, Any], listed: Sequence[ListedFinding] = ()) -> HttpResponse:
    response = JsonResponse(content, content_type=MEDIA_TYPE)
    if listed:
        response.headers["X-TAXII-Date-Added-First"] = format_utc(listed[0].changed_at)
        response.headers["X-TAXII-Date-Added-Last"] = format_utc(listed[-1].changed_at)
    return response


@taxii_view
def discovery(request: HttpRequest) -> dict[str, Any]:
    root = f"{settings.PORTAL_URL}{reverse('taxii:api_root')}"
    return {
        "title": province.police,
        "description": "Điều hai cán bộ đã xác nhận kẻ gian dùng.",
        "contact": province.hotline,
        "default": root,
        "api_roots": [root],
    }


@taxii_view
def api_root(request: HttpRequest) -> dict[str, Any]:
    return {"title": province.police, "versions": [MEDIA_TYPE], "max_content_length": 1}


@taxii_view
def collection_list(request: HttpRequest) -> dict[str, Any]:
    return {"collections": [each.describe() for each in COLLECTIONS.values()]}


@taxii_view
def collection_detail(request: HttpRequest, collection: Collection) -> dict[str, Any]:
    return collection.describe()


@taxii_view
def objects(request: HttpRequest, collection: Collection) -> HttpResponse:
    return _respond_with_page(_load_page(request, collection), stix.build_object)


@taxii_view
def manifest(request: HttpRequest, collection: Collection) -> HttpResponse:
    return _respond_with_page(_load_page(request, collection), _build_record)


@taxii_view
def one_object(request: HttpRequest, collection: Collection, object_id: str) -> HttpResponse:
    found = _select(request, _get_objects(collection, object_id))
    return _respond_with_page(Page(found), stix.build_object)


@taxii_view
def object_versions(request: HttpRequest, collection: Collection, object_id: str) -> HttpResponse:
    found = _get_objects(collection, object_id)
    return _respond({"versions": [stix.version_of(each) for each in found]}, found)


def _build_record(finding: ListedFinding) -> dict[str, Any]:
    return {
        "id": stix.object_id(finding),
        "date_added": format_utc(finding.changed_at),
        "version": stix.version_of(finding),
        "media_type": stix.MEDIA_TYPE,
    }


def _respond_with_page(
    page: Page, build: Callable[[ListedFinding], dict[str, Any]]
) -> HttpResponse:
    """Return the objects of a page as `build` makes them; an empty page is an empty object."""
    content: dict[str, Any] = {"more": True, "next": str(page.next)} if page.next else {}
    if page.findings:
        content["objects"] = [build(each) for each in page.findings]
    return _respond(content, page.findings)


def _load_page(request: HttpRequest, collection: Collection) -> Page:
    """Return what the filters of a request leave. Raises ProblemError."""
    since = parse_since(request.GET.get("added_after"))
    after = parse_next(request.GET.get("next")) or listed_findings.start(since)
    limit = _parse_limit(request.GET.get("limit"))
    if not _matches(request, "type", "indicator") or not _matches(request, "spec_version", "2.1"):
        return Page(())
    if (ids := request.GET.get("match[id]")) is None:
        page = listed_findings.load_page(after, limit, (collection.kind,))
    else:
        found = listed_findings.load_by_id(_parse_ids(ids), collection.kind)
        page = Page([each for each in found if since is None or each.changed_at > since])
    return Page(_select(request, page.findings), page.next)


def _get_objects(collection: Collection, object_id: str) -> list[ListedFinding]:
    """Return the object of that id as the only one. Raises ProblemError."""
    if found := listed_findings.load_by_id(_parse_ids(object_id), collection.kind):
        return found
    raise ProblemError(NO_OBJECT)


def _select(request: HttpRequest, found: Sequence[ListedFinding]) -> list[ListedFinding]:
    """Return the findings in the versions that are wanted: each has one."""
    wanted = set(request.GET.get("match[version]", "last").split(","))
    return [each for each in found if wanted & {stix.version_of(each), *_ANY_VERSION}]


def _matches(request: HttpRequest, name: str, value: str) -> bool:
    return value in request.GET.get(f"match[{name}]", value).split(",")


def _parse_ids(typed: str) -> list[UUID]:
    """Return the ids of the findings that a list of ids of objects names."""
    named = (each.partition("--") for each in typed.split(","))
    ids = (parse_uuid(ident) for kind, _, ident in named if kind == "indicator")
    return [each for each in ids if each]


def _parse_limit(typed: str | None) -> int:
    if typed is None:
        return MAX_OBJECTS
    if not (typed.isascii() and typed.isdecimal()) or not (limit := int(typed[:9])):
        raise ProblemError(BAD_LIMIT)
    return min(limit, MAX_OBJECTS)
