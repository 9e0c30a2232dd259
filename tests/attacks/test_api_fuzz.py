"""Schemathesis at every operation of both APIs, with a key and without: requests that fit their documents
and requests that do not. None is an error of ours, and none is answered otherwise than described.

`make fuzz` asks 50,000 of them (REQUESTS) and prints how many; FUZZ_SEED finds those of another run again.
"""

import base64
import os
import re
import sys
from collections.abc import Iterator
from math import ceil
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
    asked, share = 0, COUNT // (len(DOCUMENTS) * 2)
    kinds = list(list_kinds(document))
    while (left := share - asked) > 0:  # some operations have no more than one request to ask
        asked += sum(ask(*kind, headers, ceil(left / len(kinds)), SEED + asked) for kind in kinds)
    sys.stdout.write(f"{document}, with a key {has_key}: {asked} requests\n")
    assert Report.objects.exclude(pk=own.pk).exists() is has_key
    assert ApiClient.objects.count() == 1


def list_kinds(document: str) -> Iterator[tuple[Any, GenerationMode]]:
    """Each operation with requests that fit it, and one that takes anything with others."""
    for operation in list_operations(document):
        described = operation.definition.raw
        takes_any = described["parameters"] or "requestBody" in described
        yield from ((operation, mode) for mode in (MODES if takes_any else MODES[:1]))


def ask(
    operation: Any, mode: GenerationMode, headers: dict[str, str], count: int, seed: int
) -> int:
    """Ask so many requests of an operation at most, judge each answer, and say how many there were."""
    asked = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def judge(case: Any) -> None:
        nonlocal asked
        asked += 1
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)

    judge()
    return asked


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
