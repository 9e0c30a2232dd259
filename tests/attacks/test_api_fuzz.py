"""Schemathesis at every operation of both APIs, with a key and without: requests that fit their documents
and requests that do not. None is an error of ours, and none is answered otherwise than described.

`make fuzz` asks some 50,000 of them (REQUESTS); FUZZ_SEED finds those of another run again.
"""

import base64
import os
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from core.models import ApiClient
from reports import urls_api, urls_open311
from reports.models import Report
from tests.support import report_factories
from tests.support.api_program import Program, register

COUNT = int(os.environ.get("FUZZ_REQUESTS") or 800)
SEED = int(os.environ.get("FUZZ_SEED") or 20_261_202)
DOCUMENTS = ("/api/v1/openapi.json", "/api/open311/v2/openapi.json")
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
pytestmark = pytest.mark.django_db(transaction=True)  # each request is one, as in a portal


@pytest.fixture
def program(settings: Settings) -> Program:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "localhost"]
    settings.SIGNING_KEY = base64.b64encode(bytes(32)).decode()
    return register(max_per_minute=600)


def list_operations(document: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi(document, WSGIHandler())
    return (each.ok() for each in schema.get_all_operations())


@pytest.mark.parametrize("has_key", [True, False], ids=["with a key", "without"])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_request_is_an_error_of_ours_or_answered_otherwise_than_described(
    program: Program, document: str, has_key: bool
) -> None:
    headers = {"Authorization": f"Bearer {program.key}"} if has_key else {}
    own = report_factories.report("Họ gọi.")
    operations = list(list_operations(document))
    share = COUNT // (len(DOCUMENTS) * 2 * len(operations) * len(MODES))
    for operation in operations:
        described = operation.definition.raw
        for mode in MODES if described["parameters"] or "requestBody" in described else MODES[:1]:
            ask(operation, mode, headers, share)
    assert Report.objects.exclude(pk=own.pk).exists() is has_key
    assert ApiClient.objects.count() == 1


def ask(operation: Any, mode: GenerationMode, headers: dict[str, str], count: int) -> None:
    """Ask so many requests of an operation, and judge each answer."""

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=max(count, 1),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def judge(case: Any) -> None:
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)

    judge()


# The document itself, what is no address, no JSON, and a feed whose format is MISP's.
UNDESCRIBED = {
    "openapi.json", "findings/range/", "<path:rest>", "findings/pack.pem",
    *(f"findings/misp/{each}" for each in ("manifest.json", "hashes.csv", "<uuid:event>.json")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("document", "urls"), [*zip(DOCUMENTS, (urls_api, urls_open311), strict=True)], ids=DOCUMENTS
)
def test_a_document_names_every_address_of_its_api(document: str, urls: ModuleType) -> None:
    described = {each.path.removeprefix("/api/v1").strip("/") for each in list_operations(document)}
    addresses = {str(each.pattern) for each in urls.urlpatterns} - UNDESCRIBED
    assert {re.sub(r"<\w+:(\w+)>", r"{\1}", each) for each in addresses} == described
