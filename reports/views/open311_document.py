"""The OpenAPI 3.1 document of Open311 GeoReport v2, built from what its views read and answer."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.api import problems
from core.api.problems import Problem
from core.api.views import public_api_view
from core.models import ApiClient
from reports.submission import open311_fields
from reports.submission.form_parser import KEY
from reports.views import intake_api, numbers_api, open311
from reports.views.intake_api import STATES

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_AT: Schema = {"type": "string", "format": "date-time"}
_CODE: Schema = {"enum": [*open311_fields.SERVICES]}
_ITEM_OF_SERVICES = {
    **dict.fromkeys(("service_name", "description", "keywords", "group"), _TEXT),
    "service_code": _CODE,
    "metadata": {"type": "boolean"},
    "type": {"enum": ["realtime"]},
}
_VALUE = {"key": _TEXT, "name": _TEXT}
_STATE = {
    "service_request_id": _TEXT,
    "status": {"enum": [open311.OPEN, open311.CLOSED]},
    "status_notes": {"enum": sorted({*STATES.values()})},
    "service_name": _TEXT,
    "service_code": _CODE,
    "requested_datetime": _AT,
    "updated_datetime": _AT,
}
_PARAMETERS = {
    "service_request_id": "Numbers, a comma between two.",
    "service_code": "Services, a comma between two.",
    "start_date": "Received at this time or later.",
    "end_date": "Received at this time or before.",
    "status": "open or closed.",
}
_OWN = {
    "description": "The reporter's own words.",
    "address_string": "Where the reporter lives: the commune.",
    "phone": "For an officer who calls the reporter back.",
    "email": "For notices alone.",
    "service_code": "Whom the caller claimed to be.",
}


@public_api_view(numbers_api.NOT_NOW)
def document(request: HttpRequest) -> HttpResponse:
    return JsonResponse(build_document(settings.PORTAL_URL), headers=numbers_api.CACHED)


@lru_cache(maxsize=1)
def build_document(portal: str) -> Schema:
    write, read = ApiClient.Scope.WRITE_REPORTS, ApiClient.Scope.READ_STATUS
    services = _list_of(_ITEM_OF_SERVICES)
    number = _describe_path("number", _TEXT)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Open311 GeoReport v2: reports of impersonation calls",
            "version": "2",
            "description": "A service is whom a caller claimed to be. No place on a map is needed; names of"
            " people, coordinates and media_url are taken and not kept. The receipt code of a request is"
            " in service_notice: show it to its reporter once, keep it nowhere.",
        },
        "servers": [{"url": f"{portal}/api/open311/v2"}],
        "paths": {
            "/discovery.{ending}": _get("discovery", {"200": _object({})}, ()),
            "/services.{ending}": _get("services", {"200": services}, ()),
            "/services/{code}.{ending}": _get(
                "service", {"200": _describe_definition()}, (open311.NOT_FOUND,),
                parameters=[_describe_path("code", _TEXT)],
            ),
            "/requests.{ending}": {
                **_get(
                    "requests", {"200": _list_of(_STATE)}, (open311.BAD_FIELD,), read,
                    [_describe_query(*each) for each in _PARAMETERS.items()],
                ),
                **_post(write),
            },
            "/requests/{number}.{ending}": _get(
                "request", {"200": _list_of(_STATE)}, (intake_api.NOT_FOUND,), read, [number]
            ),
        },
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "query", "name": "api_key"},
            }
        },
    }  # fmt: skip


def _get(
    name: str,
    answers: dict[str, Schema],
    possible: tuple[Problem, ...],
    scope: str = "",
    parameters: Iterable[Schema] = (),
) -> Schema:
    return {"get": _describe(name, answers, possible, scope, parameters)}


def _post(scope: str) -> Schema:
    receipt = dict.fromkeys(("service_request_id", "service_notice", "account_id"), _TEXT)
    created = _list_of(receipt)
    key = {"name": "Idempotency-Key", "in": "header", "schema": _TEXT | {"pattern": KEY.pattern}}
    answers = {"201": created, "200": created}
    operation = _describe("create_request", answers, open311.OF_CREATION, scope, [key])
    form = {"type": "object", "properties": _list_fields(), "required": ["service_code"]}
    body = {"required": True, "content": {open311.FORM_TYPE: {"schema": form}}}
    return {"post": operation | {"requestBody": body}}


def _list_fields() -> Schema:
    own = {name: _TEXT | {"description": meaning} for name, meaning in _OWN.items()}
    named = dict.fromkeys(sorted(open311_fields.LEFT_OUT), _TEXT)
    attributes = {f"attribute[{name}]": _TEXT for name in open311_fields.ATTRIBUTES}
    return (
        named | own | {"service_code": _CODE | {"description": _OWN["service_code"]}} | attributes
    )


def _describe(
    name: str,
    answers: dict[str, Schema],
    possible: tuple[Problem, ...],
    scope: str,
    parameters: Iterable[Schema],
) -> Schema:
    common = problems.COMMON if scope else (problems.METHOD, numbers_api.NOT_NOW)
    statuses = {403 if each.status == 401 else each.status for each in (*common, *possible)}
    errors = _list_of({"code": {"type": "integer"}, "description": _TEXT})
    every = answers | {str(status): errors for status in sorted(statuses)}
    return {
        "operationId": name,
        "summary": (getattr(open311, _VIEWS.get(name, name)).__doc__ or "").partition("\n")[0],
        "security": [{"key": [scope]}, {"api_key": [scope]}] if scope else [],
        "parameters": [*parameters, _describe_path("ending", {"enum": [*open311.FORMATS]})],
        "responses": {status: _describe_answer(schema) for status, schema in every.items()},
    }


_VIEWS = {"requests": "list_requests", "request": "request_state"}


def _describe_answer(schema: Schema) -> Schema:
    content = {"application/json": {"schema": schema}, "text/xml": {}}
    return {"description": "As GeoReport v2 has it.", "content": content}


def _describe_definition() -> Schema:
    attribute = {
        **dict.fromkeys(("code", "datatype", "datatype_description", "description"), _TEXT),
        **{name: {"type": "boolean"} for name in ("variable", "required")},
        "order": {"type": "integer"},
        "values": _list_of(_VALUE),
    }
    return _object({"service_code": _CODE, "attributes": _list_of(attribute)})


def _describe_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _describe_query(name: str, meaning: str) -> Schema:
    return {"name": name, "in": "query", "description": meaning, "schema": _TEXT}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _list_of(properties: Schema) -> Schema:
    return {"type": "array", "items": _object(properties)}
