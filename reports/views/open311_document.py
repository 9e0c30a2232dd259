"""The OpenAPI 3.1 document of Open311 GeoReport v2, built from what its views read and answer."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.api import problems
from core.api.problems import Problem
from core.api.views import public_api_view
from core.models import ApiClient
from reports.models.report import PUBLIC_NUMBER
from reports.submission import open311_fields
from reports.submission.form_parser import KEY
from reports.views import intake_api, numbers_api, open311
from reports.views.intake_api import STATES

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_AT: Schema = {"type": "string", "format": "date-time"}
_TRUTH: Schema = {"type": "boolean"}
_CODE: Schema = {
    "enum": [*open311_fields.SERVICES],
    "description": "Whom the caller claimed to be.",
}
_OWN = {
    "description": "The reporter's own words.",
    "address_string": "Where the reporter lives: the commune.",
    "phone": "For an officer who calls the reporter back.",
    "email": "For notices alone.",
}
_NUMBER: Schema = {"type": "string", "pattern": f"^{PUBLIC_NUMBER.pattern}$"}
# What narrows a list; a comma stands between two.
_QUERY: Schema = {
    "service_request_id": _TEXT,
    "service_code": {"enum": [*open311_fields.SERVICES, "police,bank"]},
    "start_date": _AT,
    "end_date": _AT,
    "status": {"enum": [open311.OPEN, open311.CLOSED, f"{open311.OPEN},{open311.CLOSED}"]},
}


@public_api_view(numbers_api.NOT_NOW)
def document(request: HttpRequest) -> HttpResponse:
    return JsonResponse(build_document(settings.PORTAL_URL), headers=numbers_api.CACHED)


@lru_cache(maxsize=1)
def build_document(portal: str) -> Schema:
    paths = {
        f"{address}.{ending}": {
            method: each.describe(ending) for method, each in operations.items()
        }
        for ending in open311.FORMATS
        for address, operations in _ADDRESSES.items()
    }
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
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "query", "name": "api_key"},
            }
        },
    }


@dataclass(frozen=True)
class Operation:
    """What a program may ask at an address: the view's name, and the schema of what it answers."""

    view: str
    answer: Schema
    scope: str = ""
    problems: tuple[Problem, ...] = ()
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None

    def describe(self, ending: str) -> Schema:
        """Return the operation as it is in one format."""
        common = problems.COMMON if self.scope else (*problems.PUBLIC, numbers_api.NOT_NOW)
        statuses = {
            403 if each.status == 401 else each.status for each in (*common, *self.problems)
        }
        answers = dict.fromkeys(("201", "200") if self.body else ("200",), self.answer)
        answers |= dict.fromkeys(sorted(map(str, statuses)), _ERRORS)
        described = {
            "operationId": f"{self.view}_{ending}",
            "summary": (getattr(open311, self.view).__doc__ or "").partition("\n")[0],
            "security": [{"key": [self.scope]}, {"api_key": [self.scope]}] if self.scope else [],
            "parameters": list(self.parameters),
            "responses": {
                status: {
                    "description": "As GeoReport v2 has it.",
                    "content": {
                        open311.MEDIA_TYPES[ending]: {"schema": schema} if ending == "json" else {}
                    },
                }
                for status, schema in answers.items()
            },
        }
        return described | ({"requestBody": self.body} if self.body else {})


def _list_fields() -> Schema:
    own = {name: _TEXT | {"description": meaning} for name, meaning in _OWN.items()}
    left_out = dict.fromkeys(sorted(open311_fields.LEFT_OUT), _TEXT)
    attributes = {f"attribute[{name}]": _TEXT for name in open311_fields.ATTRIBUTES}
    return left_out | own | {"service_code": _CODE} | attributes


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _list_of(**properties: Schema) -> Schema:
    return {"type": "array", "items": _object(**properties)}


def _describe_path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_ERRORS = _list_of(code={"type": "integer"}, description=_TEXT)
_SERVICES = _list_of(
    service_code=_CODE, service_name=_TEXT, description=_TEXT, metadata=_TRUTH,
    type={"enum": ["realtime"]}, keywords=_TEXT, group=_TEXT,
)  # fmt: skip
_DEFINITION = _object(
    service_code=_CODE,
    attributes=_list_of(
        variable=_TRUTH, code=_TEXT, datatype=_TEXT, required=_TRUTH, datatype_description=_TEXT,
        order={"type": "integer"}, description=_TEXT, values=_list_of(key=_TEXT, name=_TEXT),
    ),
)  # fmt: skip
_STATES = _list_of(
    service_request_id=_TEXT, status={"enum": [open311.OPEN, open311.CLOSED]},
    status_notes={"enum": sorted({*STATES.values()})}, service_name=_TEXT, service_code=_CODE,
    requested_datetime=_AT, updated_datetime=_AT,
)  # fmt: skip
_RECEIPT = _list_of(service_request_id=_TEXT, service_notice=_TEXT, account_id=_TEXT)
_FORM = {"type": "object", "properties": _list_fields(), "required": ["service_code"]}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": _TEXT | {"pattern": f"^{KEY.pattern}$"},
}
_BODY = {"required": True, "content": {open311.FORM_TYPE: {"schema": _FORM}}}
_NARROWING = tuple(
    {"name": name, "in": "query", "schema": schema} for name, schema in _QUERY.items()
)
_WRITE, _READ = ApiClient.Scope.WRITE_REPORTS, ApiClient.Scope.READ_STATUS
# By address without its ending, then by method.
_ADDRESSES = {
    "/discovery": {"get": Operation("discovery", _object(endpoints={"type": "array"}))},
    "/services": {"get": Operation("services", _SERVICES)},
    "/services/{code}": {
        "get": Operation(
            "service", _DEFINITION, "", (open311.NOT_FOUND,), (_describe_path("code", _CODE),)
        )
    },
    "/requests": {
        "get": Operation("list_requests", _STATES, _READ, (open311.BAD_FIELD,), _NARROWING),
        "post": Operation("create_request", _RECEIPT, _WRITE, open311.OF_CREATION, (_KEY,), _BODY),
    },
    "/requests/{number}": {
        "get": Operation(
            "request_state",
            _STATES,
            _READ,
            (intake_api.NOT_FOUND,),
            (_describe_path("number", _NUMBER),),
        )
    },
}
