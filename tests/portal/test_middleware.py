"""What public pages do without, and what nobody may do to them."""

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from pytest_django import Settings

from tests.support.officers import Person
from tests.support.public_urls import public_paths


def test_the_walk_finds_the_public_pages() -> None:
    known = {"/", "/bao-cao/", "/en/bao-cao/", "/canh-bao/", "/nhung/", "/theo-doi/"}
    assert known <= set(public_paths())


@pytest.mark.django_db
@pytest.mark.parametrize("path", public_paths())
def test_no_other_site_posts_to_a_public_page(path: str) -> None:
    client = Client(enforce_csrf_checks=True, HTTP_ORIGIN="https://other.example")
    answer = client.post(path, {"story": "x", "code": "x"})
    assert answer.status_code in {403, 404, 405}


@pytest.mark.django_db
@pytest.mark.parametrize("path", public_paths())
def test_no_public_page_knows_a_session(client: Client, path: str) -> None:
    client.cookies["sessionid"] = "x" * 32
    answer = client.get(path)
    assert not hasattr(answer.wsgi_request, "session")
    assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/bao-cao/", "/nhung/", "/khong-co/", "/admin/login/"])
def test_the_policy_is_the_one_that_the_package_builds(client: Client, path: str) -> None:
    with override_settings(MIDDLEWARE=_with("csp.middleware.CSPMiddleware")):
        built = _directives(Client().get(path))
    assert _directives(client.get(path)) == built
    assert "default-src 'none'" in built


def _with(package: str) -> list[str]:
    ours = "portal.middleware.ContentSecurityPolicy"
    return [package if name == ours else name for name in settings.MIDDLEWARE]


def _directives(answer: HttpResponse) -> set[str]:
    return set(answer.headers["Content-Security-Policy"].split("; "))


@pytest.mark.django_db
def test_the_desk_still_refuses_a_forged_post() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/admin/login/", {"username": "x"}).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["core/auditevent/?subject_id=a%00", "core/auditevent/?kind=%00", "alerts/alert/?stage=a%00"],
)
def test_a_nul_in_a_filter_finds_nothing(lead: Person, address: str) -> None:
    assert lead.client.get(f"/admin/{address}", follow=True).status_code == 200


@pytest.mark.django_db
def test_a_nul_in_a_session_cookie_is_nobodys_session(client: Client) -> None:
    answer = client.get("/admin/", headers={"cookie": 'sessionid="abcdefgh\\000ijkl"'})
    assert answer.status_code == 302


def test_no_logger_is_left_to_pythons_last_resort(settings: Settings) -> None:
    for logger in settings.LOGGING["loggers"].values():
        assert logger.get("propagate", True) or logger["handlers"]


def test_an_english_page_says_so_and_varies_by_its_address_alone(client: Client) -> None:
    answer = client.get("/en/theo-doi/", headers={"Accept-Language": "vi"})
    assert b'<html lang="en">' in answer.content
    assert "Language" not in answer.headers.get("Vary", "")
    assert b'<html lang="vi">' in client.get("/theo-doi/").content


def test_a_page_leads_to_itself_in_the_other_language(client: Client) -> None:
    assert b'href="/en/theo-doi/" lang="en"' in client.get("/theo-doi/").content
    assert b'href="/theo-doi/" lang="vi"' in client.get("/en/theo-doi/").content
