"""Every address of ours, by its name, and what its answer says in its headers."""

import base64
import hashlib
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest import mock
from unittest.mock import Mock

import pytest
from django.http import HttpResponse
from django.template import Template
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone
from lxml import html
from pytest_django import Settings

from tests.support.admin_urls import AdminUrls, pages
from tests.support.alert_factories import commune, issued, office
from tests.support.broken_pages import Broken
from tests.support.header_matrix import FRAMES, KINDS, kind_of
from tests.support.officers import Person
from tests.support.public_urls import FILLED, _leaves
from tests.support.resident_pages import send

pytestmark = pytest.mark.django_db

SLUG = "gia-dien-luc"
API = "api:"
# The page for who is on the call asks for nothing more: its icon is an empty address.
ICON = "data:"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.METRICS_TOKEN = "m" * 32


def public() -> dict[str, URLPattern]:
    """Every named address outside of the desk."""
    leaves = _leaves(get_resolver(), "/")
    return {str(at.name): at for at, path in leaves if not path.startswith("/admin/")}


def address_of(pattern: URLPattern, filled: dict[str, Any]) -> str:
    parts = getattr(pattern.pattern, "converters", {})
    given = {part: filled.get(part, "x") for part in parts}
    if "codename" in given and "office" in str(pattern.name):
        given["codename"] = "dien-luc"
    app = {"reports": "reports:", "alerts": "alerts:"}
    room = pattern.callback.__module__.partition(".")[0]
    for space in ("", app.get(room, ""), API, "open311:", "taxii:", "subscriptions:", "warnings:"):
        with suppress(NoReverseMatch):
            return reverse(f"{space}{pattern.name}", kwargs=given)
    raise KeyError(pattern.name)


def wrong_in(answer: HttpResponse, kind: str, *, framed: bool = False) -> list[str]:
    """What an answer says other than its kind should."""
    wanted = KINDS[kind] | ({"X-Frame-Options": None} if framed else {})
    headers = [name for name, said in wanted.items() if answer.headers.get(name) != said]
    cookies = answer.cookies.items()
    loose = [name for name, each in cookies if not (each["httponly"] and each["samesite"])]
    return headers + wrong_policy(answer, framed=framed) + loose


def wrong_policy(answer: HttpResponse, *, framed: bool) -> list[str]:
    policy = answer.headers.get("Content-Security-Policy", "")
    parts = dict(part.partition(" ")[::2] for part in policy.split("; "))
    wrong = [] if parts.get("default-src") == "'none'" else ["no policy"]
    wrong += ["unsafe"] if "unsafe" in policy else []
    ancestors = parts.pop("frame-ancestors", "")
    wrong += ["framed"] if ancestors != ("*" if framed else "'none'") else []
    if parts.get("img-src") == ICON:
        del parts["img-src"]
    sources = " ".join(parts.values())
    loose = re.compile(r"(^| )(\*|https?:|data:|blob:)")
    return wrong + (["loose source"] if loose.search(sources) else [])


def unhashed(answer: HttpResponse) -> list[str]:
    """Inline script and style of a page that its policy does not let run."""
    tree = html.document_fromstring(answer.content)
    policy = answer.headers["Content-Security-Policy"]
    inline = tree.xpath("//style | //script[not(@src) and not(contains(@type, 'json'))]")
    digests = [hashlib.sha256((each.text or "").encode()).digest() for each in inline]
    loose = [d for d in digests if f"'sha256-{base64.b64encode(d).decode()}'" not in policy]
    acts = tree.xpath("//@style | //@*[starts-with(name(), 'on')]")
    return [*map(str, loose), *map(str, acts)]


@pytest.fixture
def filled() -> dict[str, Any]:
    """A warning and what its pages are called; a commune and an office that have frames."""
    revision = issued(SLUG, expires=timezone.now() + timedelta(days=1))
    commune("hac-thanh"), office("dien-luc")
    named = {"slug": SLUG, "codename": "hac-thanh", "prefix": "1a2b"}
    named |= {name: FILLED[name] for name in ("event", "collection")}
    return named | {"identifier": revision.identifier}


def test_every_address_is_placed() -> None:
    for name in public():
        assert kind_of(name) in KINDS


def test_an_address_says_what_its_kind_says(filled: dict[str, Any]) -> None:
    wrong = {}
    for name, pattern in public().items():
        answer: Any = Client().get(address_of(pattern, filled), secure=True)
        is_there = answer.status_code < 300
        is_shared = "Access-Control-Allow-Origin" in answer.headers  # a program may read why not
        kind = kind_of(name) if is_there or is_shared else "ours"
        found = wrong_in(answer, kind, framed=is_there and name in FRAMES)
        if is_there and answer["Content-Type"].startswith("text/html"):
            found += unhashed(answer)
        if found or "Server" in answer.headers:
            wrong[name] = (answer.status_code, found)
    assert wrong == {}


@mock.patch.object(Template, "_render", Mock(return_value=""))  # drawn elsewhere
def test_every_page_of_the_desk_says_what_the_desk_says(lead: Person) -> None:
    addresses = AdminUrls()
    for name, page in pages().items():
        answer = lead.client.get(addresses.build(name, page), secure=True)
        if "sandbox" not in answer.headers.get("Content-Security-Policy", ""):
            assert wrong_in(answer, "desk") == [] or is_preview(name, answer), name
        assert "Location" not in answer.headers or answer["Location"].startswith("/"), name


def is_preview(name: str, answer: HttpResponse) -> bool:
    """What a warning will look like is shown in a frame of our own page, and of no other's."""
    return "preview" in name and "frame-ancestors 'self'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin", "/bao-cao", "/khong-co/"])
def test_doors_redirects_and_what_does_not_exist(client: Client, path: str) -> None:
    assert wrong_in(client.get(path, secure=True), "ours") == []


def test_plain_http_is_led_to_https_and_nothing_else(client: Client) -> None:
    answer = client.get("/bao-cao/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/bao-cao/")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_errors_say_it_too(settings: Settings) -> None:
    settings.ROOT_URLCONF = Broken
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    elsewhere = "ke-gian.example"
    answers = [
        *(client.get(path, secure=True) for path in ("/lost/x/", "/wrong/", "/khong-co/")),
        client.post("/admin/login/", {"username": "x"}, secure=True),
        client.put("/theo-doi/", secure=True),
        client.get("/", secure=True, headers={"Host": elsewhere}),
        client.post("/bao-cao/", headers={"Origin": f"https://{elsewhere}"}, secure=True),
    ]
    assert [answer.status_code for answer in answers] == [503, 500, 404, 403, 405, 400, 403]
    for answer in answers:
        assert wrong_in(answer, "ours") == [], answer.status_code


def test_static_files_say_what_they_are(client: Client) -> None:
    answer = client.get("/static/css/portal.css", secure=True)
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()
    wanted = {name: said for name, said in KINDS["ours"].items() if name != "X-Frame-Options"}
    assert [name for name, said in wanted.items() if answer.headers.get(name) != said] == []


def test_the_cookie_of_a_receipt_is_ours_alone(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = False
    settings.HTTPS, settings.RECEIPT_COOKIE_NAME = True, "__Host-receipt"
    cookie = send(client, story="Họ xưng công an, đòi tiền.").cookies["__Host-receipt"]
    assert (cookie["path"], cookie["domain"], cookie["secure"]) == ("/", "", True)
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "Mã tin báo" in client.get("/bao-cao/da-nhan/", secure=True).content.decode()


EVIL = (
    "https://ke-gian.example/",
    "//ke-gian.example/",
    r"\\ke-gian.example",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_leads_elsewhere(client: Client, lead: Person, evil: str) -> None:
    """By whatever name somebody puts an address into one of ours."""
    given = dict.fromkeys(("next", "back", "url", "then", "redirect", "_changelist_filters"), evil)
    for path in ("/admin/", "/admin/login/", "/admin/nganh/", "/theo-doi/them/", "/bao-cao/gui/"):
        for visitor in (client, lead.client):
            for answer in (visitor.get(path, given), visitor.post(path, given)):
                assert "ke-gian" not in answer.headers.get("Location", "").partition("?")[0]
    lead.client.logout()


@pytest.mark.parametrize(
    "path", ["//ke-gian.example/bao-cao", "//ke-gian.example/%2e%2e", "/\\ke-gian.example"]
)
def test_a_path_is_not_taken_for_a_host(client: Client, path: str) -> None:
    location = client.get(path, secure=True).headers.get("Location", "/")
    assert location.startswith("/")
    assert not location.startswith("//")
