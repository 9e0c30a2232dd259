"""A walk over every public address with requests drawn by lot: no error of ours, and no answer that
forgets its headers, sends somebody elsewhere or runs what was sent.

`make fuzz` asks 50,000 of them; `FUZZ_SEED` finds those of another run again.
"""

import json
import os
import random
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.signals import got_request_exception
from django.test import Client
from lxml import html

from reports.models import Report
from tests.attacks.hostile_strings import STRINGS, encoded, faults_of_headers, faults_of_page
from tests.support import report_factories
from tests.support.alert_factories import issued
from tests.support.officers import Person
from tests.support.public_urls import public_paths

COUNT = int(os.environ.get("FUZZ_REQUESTS") or 600)
SEED = int(os.environ.get("FUZZ_SEED") or 20_261_127)
SLOWEST = 8_000  # characters of a trace that are shown
QUIET = {"/readyz"}  # may say that it is not ready

METHODS = ("GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS",
           "TRACE", "PROPFIND", "get", "CONNECT")  # fmt: skip
HEADERS = {
    "Accept": ("*/*", "application/json", "x", "text/html;q=9", ",,,;;="),
    "Accept-Encoding": ("gzip", "br", "identity;q=0", "*;q=0", "gzip;q=x", "\x7f"),
    "Accept-Language": ("en", "vi", "xx-" + "a" * 600, "en;q=,,", "*"),
    "Authorization": ("Bearer x", "Basic ====", "Bearer " + "a" * 3000, "Digest"),
    "Content-Encoding": ("gzip", "deflate", "br, gzip"),
    "Cookie": ("__Host-sessionid=x", "sessionid=" + "a" * 4000, "a=b; ; =; \x01", "receipt=x"),
    "Expect": ("100-continue", "x"),
    "Host": ("testserver", "evil.example", "testserver:99999", "a b", "[::1", "testserver@evil.example"),
    "If-Modified-Since": ("x", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Jan 0000 99:99:99 GMT"),
    "If-None-Match": ("*", '"x"', "W/", '"' * 500),
    "Origin": ("null", "https://evil.example", "http://testserver", "x"),
    "Range": ("bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=" + "0-1," * 500, "x"),
    "Referer": ("https://evil.example/", "x", "http://testserver/admin/"),
    "Sec-Fetch-Site": ("cross-site", "same-origin", "none", "x"),
    "X-Forwarded-For": ("1.2.3.4", "::1, x, 999.1.1.1", "," * 500, "' OR 1=1", "fe80::1%eth0"),
    "X-Forwarded-Host": ("evil.example", "a, b"),
    "X-Forwarded-Proto": ("https", "gopher", "https, http"),
    "X-HTTP-Method-Override": ("DELETE", "x"),
    "X-Original-URL": ("/admin/",),
}  # fmt: skip
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=nothing-like-it",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 300,
    "application/json",
    "application/csp-report",
    "application/reports+json",
    "text/xml",
    "",
    "a" * 300,
)
SEGMENTS = ("..", "%2e%2e", "%00", "%ff%fe", "a" * 300, "Ắ", "%ED%A0%80", ";x=y", "//evil.example", "\\",
            "1", "-1", "0" * 40, "x'--", "{{x}}", "%0d%0aX:1", "*", "~", "index.php", ".git", ".env")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request; `body` with its kind, the query as it stands behind the question mark."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Lot:
    """Draws requests at these addresses; `fields` are the names that the pages' forms have, `fresh` the
    hidden fields of each page as it was shown.
    """

    def __init__(
        self, seed: int, paths: list[str], fields: list[str], fresh: dict[str, dict[str, str]]
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.paths = paths + 3 * sorted(fresh)  # pages with a form, more often
        self.fields = fields
        self.fresh = fresh

    def requests(self, count: int) -> Iterator[Asked]:
        for _ in range(count):
            yield self._request()

    def sent(self, path: str, **typed: str) -> Asked:
        """What the page of that address sends when somebody types this."""
        return Asked("POST", path, body=encoded(self.fresh[path] | typed), kind=KINDS[0])

    def _request(self) -> Asked:
        draw = self.chance.random
        address = self.chance.choice(self.paths)
        path = address if draw() < 0.8 else self._bent(address)
        method = self.chance.choice(METHODS)
        kind, body = ("", b"") if method in {"GET", "HEAD"} else self._body(address)
        names = self.chance.sample(sorted(HEADERS), self.chance.randrange(4))
        headers = {name: self.chance.choice(HEADERS[name]) for name in names}
        query = "" if draw() < 0.6 else encoded(self._random_fields()).decode()
        return Asked(method, path, query, body, kind, headers)

    def _bent(self, path: str) -> str:
        parts = path.split("/")
        parts[self.chance.randrange(len(parts))] = self.chance.choice(SEGMENTS)
        return "/" + "/".join(parts).lstrip("/")

    def _random_fields(self) -> dict[str, str]:
        names = self.chance.choices(
            [*self.fields, "x", "", "__proto__"], k=self.chance.randrange(1, 6)
        )
        return {name: self._text() for name in names}

    def _text(self) -> str:
        text = self.chance.choice([*STRINGS.values(), "", "yes", "0550000123", "2/11/2026"])
        return text[: self.chance.choice((5, 60, 300, 9_000))]

    def _body(self, path: str) -> tuple[str, bytes]:
        """As the page of that address would send it, and less and less so."""
        fields = {**self.fresh.get(path, {}), **self._random_fields()}
        form = encoded(fields)
        at = self.chance.randrange(len(form) + 1)
        return self.chance.choice([
            (KINDS[0], form),
            (KINDS[0], form),
            (KINDS[0], form[:at] + b"%zz&=&&\xff\0" + form[at:]),
            (KINDS[3], self._parts(fields)),
            (KINDS[3], self._parts(fields)[:at]),
            ("application/json", json.dumps(fields).encode()),
            ("application/csp-report", b"[" * self.chance.choice((1, 2_000)) + form),
            (self.chance.choice(KINDS), form),
            (self.chance.choice(KINDS), self.chance.randbytes(self.chance.randrange(300))),
        ])  # fmt: skip

    def _parts(self, fields: dict[str, str]) -> bytes:
        lines = []
        for name, text in fields.items():
            file = self.chance.choice(("", '; filename="../../x.svg"', "; filename*=utf-8''%00"))
            head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            lines.append(head.encode() + text.encode("utf-8", "surrogatepass") + b"\r\n")
        return b"".join(lines) + b"--x--\r\n"


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
    more = {"headers": request.headers, "QUERY_STRING": request.query}
    return client.generic(request.method, request.path, request.body, request.kind, **more)


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
    models = ("report", "campaign", "numberfinding", "dispute", "unit", "office", "cannedreply")
    paths = [f"/admin/reports/{model}/" for model in models]
    paths += ["/admin/", "/admin/auth/user/", "/admin/core/auditevent/"]
    paths.append("/admin/reports/report/export/")
    acts = ("change", "note", "take", "junk", "facts")
    paths += [f"/admin/reports/report/{report.pk}/{act}/" for act in acts]
    names, _ = named_and_hidden(lead.client, paths)
    lot = Lot(SEED, paths, [*names, "q", "viec", "o", "p", "page", "since", "until", "e"], {})
    wrong = walked(lead.client, lot, COUNT // 4)
    assert wrong[:3] == [], f"{len(wrong)} of {COUNT // 4}, seed {SEED}"
