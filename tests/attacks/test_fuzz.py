"""A walk over every public address with requests drawn by lot: no error of ours, and no answer that
forgets its headers, sends somebody elsewhere or runs what was sent.

`make fuzz` asks 50,000 of them; `FUZZ_SEED` finds those of another run again.
"""

import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.signals import got_request_exception
from django.test import Client
from lxml import html

from reports.models import Report
from tests.attacks.hostile_strings import STRINGS, faults_of_headers, faults_of_page
from tests.attacks.http_fuzzer import Asked, Lot
from tests.support import report_factories
from tests.support.alert_factories import issued
from tests.support.officers import Person
from tests.support.public_urls import public_paths

COUNT = int(os.environ.get("FUZZ_REQUESTS") or 600)
SEED = int(os.environ.get("FUZZ_SEED") or 20_261_127)
SLOWEST = 8_000  # characters of a trace that are shown
QUIET = {"/readyz"}  # may say that it is not ready


def named_and_hidden(
    client: Client, paths: list[str]
) -> tuple[list[str], dict[str, dict[str, str]]]:
    """The names of all fields on all pages, and the hidden fields of each page with their values."""
    names, fresh = set(), {}
    for path in paths:
        page = client.get(path)
        if page.status_code == 200 and "html" in page.headers.get("Content-Type", ""):
            tree = html.document_fromstring(page.content)
            names |= set(tree.xpath("//input/@name | //textarea/@name | //select/@name"))
            inputs = tree.xpath("//form[@method='post']//input[@type='hidden']")
            fresh[path] = {one.name: one.value or "" for one in inputs if one.name}
    return sorted(names), fresh


@contextmanager
def traces() -> Iterator[list[str]]:
    """What went wrong inside, in full."""
    texts: list[str] = []

    def note(**_: Any) -> None:
        texts.append(traceback.format_exc()[-SLOWEST:])

    got_request_exception.connect(note)
    yield texts
    got_request_exception.disconnect(note)


def ask(client: Client, request: Asked) -> Any:
    return client.generic(
        request.method,
        request.path,
        request.body,
        content_type=request.kind,
        headers=request.headers,
        QUERY_STRING=request.query,
    )


def faults(request: Asked, answer: Any) -> list[str]:
    """What is wrong with one answer."""
    wrong = faults_of_headers(answer.headers)
    if answer.status_code >= 500 and request.path not in QUIET:
        wrong.append(f"status {answer.status_code}")
    wrong += [
        f"no {name}"
        for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy")
        if name not in answer.headers
    ]
    to = urlsplit(answer.headers.get("Location", ""))
    if to.netloc not in {"", "testserver", "127.0.0.1:8000"} or to.scheme not in {"", "http"}:
        wrong.append(f"sent to {to.geturl()}")
    if re.match("text/html|application/xhtml", answer.headers.get("Content-Type", "")):
        wrong += faults_of_page(answer.getvalue()) if not answer.streaming else []
    return wrong


def walked(client: Client, lot: Lot, count: int) -> list[str]:
    client.raise_request_exception = False
    wrong = []
    with traces() as inside:
        for request in lot.requests(count):
            if trouble := faults(request, ask(client, request)):
                wrong.append(f"{trouble} {request} {inside[-1:]}")
                inside.clear()
    return wrong


@pytest.mark.django_db(transaction=True)
def test_no_request_drawn_by_lot_is_an_error_of_ours(client: Client) -> None:
    issued("khong-co")
    paths = public_paths()
    lot = Lot(SEED, paths, *named_and_hidden(client, paths))
    wrong = walked(client, lot, COUNT)
    assert wrong[:3] == [], f"{len(wrong)} of {COUNT}, seed {SEED}"
    ask(client, lot.sent("/bao-cao/", story=STRINGS["markup"]))
    assert Report.objects.exists(), "after all that the form takes no report any more"


@pytest.mark.django_db(transaction=True)
def test_nor_at_the_desk_by_somebody_who_is_in(lead: Person) -> None:
    report = report_factories.triaged("Họ xưng công an, số 0550 000 123, đòi chuyển 5 triệu.")
    bases = (
        "reports/report",
        "reports/campaign",
        "core/auditevent",
        "reports/numberfinding",
        "reports/dispute",
        "reports/unit",
        "reports/office",
        "reports/cannedreply",
    )
    paths = [f"/admin/{base}/" for base in bases] + ["/admin/", "/admin/auth/user/"]
    paths += [f"/admin/reports/report/{report.pk}/change/", "/admin/reports/report/export/"]
    paths += [
        f"/admin/reports/report/{report.pk}/{act}/" for act in ("note", "take", "junk", "correct")
    ]
    names, _ = named_and_hidden(lead.client, paths)
    lot = Lot(SEED, paths, [*names, "q", "viec", "o", "p", "page", "since", "until", "e"], {})
    wrong = walked(lead.client, lot, COUNT // 4)
    assert wrong[:3] == [], f"{len(wrong)} of {COUNT // 4}, seed {SEED}"
