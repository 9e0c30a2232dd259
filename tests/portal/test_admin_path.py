"""Where the desk is, and to whom: at a path of its own, and nowhere for who is not of its networks."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from portal.middleware import is_staff_path
from tests.support.processes import ROOT, run_script
from tools.source import ROOMS

ELSEWHERE = """
import django; django.setup()
from django.conf import settings
from django.test import Client
from django.urls import reverse
from portal.middleware import is_staff_path
settings.ALLOWED_HOSTS = ["testserver"]
path = reverse("admin:index")
print(path, settings.SESSION_COOKIE_PATH, is_staff_path("/truc-ban-x"), is_staff_path("/admin/"))
print(Client().get("/admin/").status_code, Client().get("/robots.txt").content.decode().split())
"""


def test_the_desk_may_have_a_path_of_its_own() -> None:
    env = {"ADMIN_PATH": "/truc-ban-x/", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    first, second = run_script(ELSEWHERE, **env).splitlines()
    assert first == "/truc-ban-x/ /truc-ban-x/ True False"
    assert second.startswith("404")
    assert "admin" not in second
    assert "truc-ban" not in second


def test_nobody_but_the_settings_spells_the_desks_path() -> None:
    spelled = re.compile(r"""["'}=]/admin/""")
    files = [
        path
        for folder in (*ROOMS, "templates", "static/js")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".js", ".txt"} and "migrations" not in path.parts
    ]
    assert len(files) > 300
    assert [path.name for path in files if spelled.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("path", "staff"),
    [("/admin", True), ("/admin/x", True), ("/can-bo/", True), ("/adminx/", False), ("/", False)],
)
def test_what_is_the_staffs(path: str, staff: bool) -> None:
    assert is_staff_path(path) is staff


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [("10.20.3.4", 302), ("2001:db8:7::9", 302), ("10.21.0.1", 404), ("192.0.2.1", 404), ("", 404)],
)
def test_outside_of_its_networks_the_desk_does_not_exist(
    settings: Settings, address: str, status: int
) -> None:
    settings.ADMIN_NETWORKS = ("10.20.0.0/16", "2001:db8:7::/48")
    client = Client(REMOTE_ADDR=address)
    assert client.get("/admin/").status_code == status
    assert client.get("/theo-doi/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/login/", "/can-bo/loi-moi/x/"])
def test_there_it_looks_like_any_page_that_does_not_exist(settings: Settings, path: str) -> None:
    settings.ADMIN_NETWORKS = ("10.20.0.0/16",)
    hidden, nothing = Client().get(path), Client().get("/khong-co/")
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.content == nothing.content
    assert dict(hidden.headers) == dict(nothing.headers)


@pytest.mark.django_db
def test_the_proxys_word_decides_and_not_the_visitors(settings: Settings) -> None:
    settings.ADMIN_NETWORKS, settings.TRUSTED_PROXIES = ("10.20.0.0/16",), 1
    headers = {"X-Forwarded-For": "10.20.0.1, 192.0.2.7"}
    assert Client(headers=headers, REMOTE_ADDR="10.20.0.2").get("/admin/").status_code == 404
