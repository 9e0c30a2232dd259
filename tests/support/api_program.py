"""The program of an agency that uses the API; each answer is held against the API's own document."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from jsonschema import Draft202012Validator

from core.api import keys
from core.models import ApiClient
from reports.models import Report
from reports.views import openapi
from tests.support.officers import create_officer

REPORTS = "/api/v1/reports"
IDEMPOTENCY_KEY = "a-key-of-the-program"
DOCUMENT = openapi.build_document("https://portal.example")


@dataclass
class Program:
    client: ApiClient
    key: str
    web: Client = field(default_factory=Client)

    def ask(self, method: str, address: str, body: Any = None, **options: Any) -> HttpResponse:
        """The answer to a request, which the document foresees."""
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": IDEMPOTENCY_KEY}
        headers = {k: v for k, v in (headers | options.pop("headers", {})).items() if v is not None}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        options = {"content_type": "application/json", "headers": headers} | options
        if method == "get":
            content = b""
        answer = self.web.generic(method.upper(), address, content, **options)
        judge_answer(method, address, answer)
        return answer

    def send(self, **members: Any) -> HttpResponse:
        return self.ask("post", REPORTS, members)

    def send_files(self, report: Report, *files: tuple[str, bytes]) -> HttpResponse:
        """The answer to these files, each a part of the form."""
        address = f"{REPORTS}/{report.public_number}/files"
        parts = [SimpleUploadedFile(name, content) for name, content in files]
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self.web.post(address, {"files": parts}, headers=headers)
        judge_answer("post", address, answer)
        return answer


def register(name: str = "UBND xã Yên Định", **values: Any) -> Program:
    """A program with a key of its own, which may do everything."""
    scopes = list(ApiClient.Scope.values)
    client = ApiClient.objects.create(name=name, **{"scopes": scopes} | values)
    return Program(client, keys.issue(client, by=create_officer(f"of {client.pk}", "lead")))


def judge_answer(method: str, address: str, answer: HttpResponse) -> None:
    """Fail where the document knows no such answer."""
    described = _find_operation(method, address)["responses"][str(answer.status_code)]
    media_type = answer.headers["Content-Type"]
    schema = described["content"][media_type]["schema"]
    validator = Draft202012Validator(schema | {"components": DOCUMENT["components"]})
    validator.validate(json.loads(answer.content))


def _find_operation(method: str, address: str) -> dict[str, Any]:
    rest = address.removeprefix(REPORTS).strip("/")
    _, _, what = rest.partition("/")
    path = "/".join(filter(None, (REPORTS, "{number}" if rest else "", what)))
    operation: dict[str, Any] = DOCUMENT["paths"][path][method]
    return operation
