"""The OpenAPI 3.1 document of the API for programs, built from what its views parse and answer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve, reverse
from django.utils import translation
from django.utils.functional import Promise

from core.api import problems
from core.api.problems import Problem
from core.api.views import public_api_view
from core.models import ApiClient
from reports.attachments import storage
from reports.facts import choices
from reports.outlets.lists import LIST_OUTLETS, ListOutlet
from reports.submission import json_fields
from reports.submission.form_parser import KEY
from reports.submission.json_fields import Member
from reports.views import blocking, finding_lists, intake_api, numbers_api
from reports.views.form_errors import BODY_LIMIT
from reports.views.intake_api import KNOWN, STATES, STORED

Schema = dict[str, Any]
_LIST: Schema = {"type": ["array", "null"], "maxItems": json_fields.MAX_ITEMS}
_TYPES: Mapping[Member, Schema] = {
    json_fields.parse_text: {"type": ["string", "integer", "null"]},
    json_fields.parse_texts: _LIST | {"items": {"type": ["string", "integer"]}},
    json_fields.parse_answer: {"type": ["boolean", "null"]},
    json_fields.parse_id: {
        "type": ["string", "integer", "null"],
        "maxLength": json_fields.MAX_EXTERNAL_ID_CHARS,
    },
}
# What the name of a member does not say. No text is refused, and most are kept as typed.
_MEANINGS = {
    "accounts": "Accounts that the money went to, each with its bank. Never a card number.",
    "called_day": "Or `called_on`.",
    "called_on": "A date, 2026-11-30; other words are kept as the time of the call.",
    "callback_phrase": "A secret of the reporter, which an officer reads out when calling back.",
    "caller_number": "What the phone displayed, which may be a name.",
    "channel": "Whether a number was displayed, hidden, or the call came by an app.",
    "claimed_office": "Whom the caller claimed to be; other words are kept as `claimed_name`.",
    "commune": "Where the reporter lives; old names too.",
    "contact_email": "For notices alone.",
    "contact_phone": "For an officer who calls the reporter back.",
    "demands": "What the caller wanted done. What no code says is told in the story.",
    "external_id": "How the sender calls the report; given back with its state. No number of a person.",
    "happening_now": "The caller still presses the reporter, or is about to call again.",
    "money_lost_vnd": "As typed: 20 triệu, 35.500.000.",
    "story": "In the reporter's own words.",
}
_OFFICES = [code for code, _ in choices.OFFICES]
_BEARER = "A key that the police give to your program: `Authorization: Bearer key_…`."
_CODE = "The reporter's own key to the report: show it once, keep it nowhere. Null where it was replaced."
_INTEGER = {"type": "integer"}
_AT = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "string", "examples": ["26-BCDF-GHJK"]}
_PREFIX = {"type": "string", "pattern": "^[0-9a-f]{4,8}$", "description": "Of a finding's SHA-256."}
_RECEIVED = {"number": _NUMBER, "url": {"type": "string"}}
_LIST_PARAMETERS: list[Schema] = [
    {
        "name": "since", "in": "query", "schema": _AT,
        "description": "Return what has changed since, ends among them; else what is in force.",
    },
    {
        "name": "next", "in": "query", "schema": {"type": "string"},
        "description": "As the Link header of the page before has it.",
    },
]  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """What a program may ask at an address: `body` and `answers` name schemas; without `scope` it needs
    no key.
    """

    address: str
    method: str
    name: str
    scope: str
    answers: Mapping[str, str]
    problems: tuple[Problem, ...]
    body: str = ""

    def describe(self) -> Schema:
        answers = {
            status: _describe_answer(
                "Sent before: as answered then." if status == "200" and self.body else f"{schema}.",
                "application/json",
                schema,
            )
            for status, schema in self.answers.items()
        }
        common = problems.COMMON if self.scope else (*problems.PUBLIC, numbers_api.NOT_NOW)
        described = {
            "summary": (resolve(self.address).func.__doc__ or "").partition("\n")[0],
            "operationId": self.name,
            "security": [{"key": [self.scope]}] if self.scope else [],
            "parameters": list(self._list_parameters()),
            "responses": answers | _group_problems((*common, *self.problems)),
        }
        return described | ({"requestBody": self._describe_body()} if self.body else {})

    def _list_parameters(self) -> Iterator[Schema]:
        for name, schema in (("number", _NUMBER), ("prefix", _PREFIX)):
            if f"{{{name}}}" in self.address:
                yield {"name": name, "in": "path", "required": True, "schema": schema}
        if self.body in _JSON_BODIES:
            schema = {"type": "string", "pattern": f"^{KEY.pattern}$"}
            yield {"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}

    def _describe_body(self) -> Schema:
        kind = "application/json" if self.body in _JSON_BODIES else "multipart/form-data"
        return {"required": True, "content": {kind: {"schema": _refer(self.body)}}}


_JSON_BODIES = ("Report", "Followup")
_WRITE, _READ = ApiClient.Scope.WRITE_REPORTS, ApiClient.Scope.READ_STATUS
_ONE = "/api/v1/reports/{number}"
# Of what was sent before 200 is answered, in place of 201.
OPERATIONS = (
    Operation(
        "/api/v1/reports", "post", "report_create", _WRITE,
        {"201": "Receipt", "200": "Receipt"}, intake_api.OF_BODY, "Report",
    ),
    Operation(_ONE, "get", "report_state", _READ, {"200": "State"}, (intake_api.NOT_FOUND,)),
    Operation(
        f"{_ONE}/followups", "post", "report_followups", _WRITE, {"201": "Received", "200": "Received"},
        (intake_api.NOT_FOUND, intake_api.ERASED, intake_api.FULL, *intake_api.OF_BODY),
        "Followup",
    ),
    Operation(
        f"{_ONE}/files", "post", "report_files", _WRITE, {"201": "Stored"},
        (intake_api.NOT_FOUND, intake_api.FILES_UNREADABLE, *intake_api.OF_FILES.values()), "Files",
    ),
    Operation(
        "/api/v1/findings/range/{prefix}", "get", "finding_range", "", {"200": "Range"},
        (numbers_api.BAD_PREFIX, numbers_api.TOO_MANY),
    ),
    Operation(
        "/api/v1/findings/pack.json", "get", "finding_pack", "", {"200": "Pack"},
        (numbers_api.NO_SIGNING_KEY, numbers_api.TOO_MANY),
    ),
)  # fmt: skip


@public_api_view(numbers_api.NOT_NOW)
def document(request: HttpRequest) -> HttpResponse:
    return JsonResponse(build_document(settings.PORTAL_URL), headers=numbers_api.CACHED)


@lru_cache(maxsize=1)
def build_document(portal: str) -> Schema:
    paths: Schema = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.address, {})[operation.method] = operation.describe()
    paths |= {
        reverse(f"api:{each.url_name}"): {"get": _describe_list(each)} for each in LIST_OUTLETS
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Reports of impersonation calls",
            "version": "1",
            "description": "What the report form takes is taken here. The same words under the same"
            " Idempotency-Key are one report with one receipt. Errors are problem details (RFC 9457),"
            f" in vi or en by Accept-Language. A body is UTF-8, {BODY_LIMIT} bytes at most.",
        },
        "servers": [{"url": portal}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": _BEARER}
            },
            "schemas": _build_schemas(),
        },
        "x-problems": _list_problems(),
    }


def _describe_list(outlet: ListOutlet) -> Schema:
    described = ", ".join(outlet.kinds)
    security = [] if outlet.is_public else [{"key": [ApiClient.Scope.READ_FINDINGS.value]}]
    possible = finding_lists.OF_PUBLIC_LIST if outlet.is_public else finding_lists.OF_LIST
    answer = {
        "description": "So many at most; the Link header leads to the next page.",
        "content": {outlet.media_type: {"schema": {"type": "string"}}},
    }
    return {
        "summary": f"Return what two officers confirmed and what has ended: {described}.",
        "operationId": outlet.url_name,
        "security": security,
        "parameters": _LIST_PARAMETERS,
        "responses": {"200": answer} | _group_problems(possible),
    }


def _build_schemas() -> dict[str, Schema]:
    text, lines = {"type": "string"}, {"type": "array", "items": _describe_file()}
    parts = {"type": "array", "items": {}, "minItems": 1, "maxItems": storage.MAX_COUNT}
    callers = _LIST | {"items": _refer("Caller")}
    problem = _require(
        {**dict.fromkeys(("type", "title", "detail", "code"), text), "status": _INTEGER}
    )
    problem["properties"]["pointer"] = text | {"description": "The member, by RFC 6901."}
    state = {"enum": sorted({*STATES.values()})}
    entry = dict.fromkeys(("hash", "confirmed_on", "valid_until"), text)
    return {
        "Report": _build_schema(json_fields.REPORT),
        "Caller": _build_schema(json_fields.CALLER),
        "Followup": _build_schema(json_fields.FOLLOWUP, callers=callers),
        "Files": _require({"files": parts}),
        "Received": _require(_RECEIVED),
        "Receipt": _require(
            _RECEIVED | {"code": {"type": ["string", "null"], "description": _CODE}}
        ),
        "State": _require(
            _RECEIVED | {"received_at": _AT, "external_id": text, "state": state, "changed_at": _AT}
        ),
        "Stored": _require({"files": lines}),
        "Range": _require({"entries": {"type": "array", "items": _require(entry)}}),
        "Pack": _require(
            dict.fromkeys(("algorithm", "key_id", "signature"), text)
            | {"payload": {"type": "object"}}
        ),
        "Problem": problem,
    }


def _group_problems(possible: Iterable[Problem]) -> Schema:
    by_status: dict[str, list[str]] = {}
    for problem in possible:
        by_status.setdefault(str(problem.status), []).append(problem.code)
    return {
        status: _describe_answer(", ".join(codes), problems.MEDIA_TYPE, "Problem")
        for status, codes in sorted(by_status.items())
    }


def _describe_answer(description: str, media_type: str, schema: str) -> Schema:
    return {"description": description, "content": {media_type: {"schema": _refer(schema)}}}


def _build_schema(members: Mapping[str, Member], **others: Schema) -> Schema:
    properties = {name: _describe_member(name, kind) for name, kind in members.items()}
    return {"type": "object", "properties": properties | others, "additionalProperties": False}


def _describe_member(name: str, kind: Member) -> Schema:
    schema = dict(_TYPES[kind])
    if name in _MEANINGS:
        schema["description"] = _MEANINGS[name]
    if name == "claimed_office":
        schema["examples"] = _OFFICES
    elif kind is json_fields.parse_texts and name in json_fields.CODES:
        schema["items"] = {"enum": [*json_fields.CODES[name]]}
    elif name in json_fields.CODES:
        schema["enum"] = [*json_fields.CODES[name], "", None]
    return schema


def _describe_file() -> Schema:
    results = [STORED, KNOWN, *(each.value for each in storage.Refusal)]
    return _require({"name": {"type": "string"}, "result": {"enum": results}})


def _require(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _refer(schema: str) -> Schema:
    return {"$ref": f"#/components/schemas/{schema}"}


def _list_problems() -> Schema:
    """Return every problem by its code, with its sentence in each language."""
    of_operations = {each for operation in OPERATIONS for each in operation.problems}
    others = (*problems.COMMON, *numbers_api.PROBLEMS, *finding_lists.PROBLEMS, *blocking.PROBLEMS)
    possible = {*others, *of_operations}
    return {
        each.code: {"type": each.type, "status": each.status, "detail": _translate(each.detail)}
        for each in sorted(possible, key=attrgetter("code"))
    }


def _translate(text: str | Promise) -> dict[str, str]:
    translations = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            translations[language] = str(text)
    return translations
