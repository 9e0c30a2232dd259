"""Who leaves the desk leaves the provider, and who leaves the provider is out at the desk."""

import time
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html
from pytest_django import Settings
from redis import Redis

from accounts.oidc import client as oidc_provider
from accounts.oidc import views
from core import rate_limits
from core.audit import events
from tests.support.fake_oidc_provider import CLIENT, LOG_OUT, Provider
from tests.support.officers import create_officer, log_in
from tests.support.oidc_visit import Visit, provider, user, visit

__all__ = ["provider", "user", "visit"]
pytestmark = pytest.mark.django_db
OUT, TOLD_OUT = "/admin/logout/", "/admin/nganh/ra/"


def let_in(visit: Visit, sid: str = "") -> Visit:
    """Another browser that logged in by the provider, in its session of that name."""
    again = Visit(Client(), visit.provider, visit.user)
    visit.provider.claims = {"sid": sid} if sid else {}
    again.come_back()
    visit.user.totpdevice_set.update(last_t=-1)
    assert again.send_code().status_code == 302
    return again


def leave(client: Client) -> Any:
    return html.document_fromstring(client.post(OUT).content.decode())


def tell(provider: Provider, **claims: Any) -> HttpResponse:
    """Post a log-out token of the provider."""
    return Client().post(TOLD_OUT, {"logout_token": provider.left(**claims)})  # type: ignore[return-value]


def test_leaving_the_desk_leads_to_the_end_at_the_provider(visit: Visit) -> None:
    visit = let_in(visit)
    page = leave(visit.client)
    away = page.xpath("string(//meta[@http-equiv='refresh']/@content)").partition("url=")[2]
    assert page.xpath("//a[@class='button']/@href") == [away]
    query = parse_qs(urlsplit(away).query)
    assert away.startswith(f"{visit.provider.issuer}/out?")
    assert query["post_logout_redirect_uri"] == ["http://testserver/admin/login/"]
    assert query["client_id"] == [CLIENT]
    assert query["id_token_hint"][0].count(".") == 2
    assert not visit.is_in()


@pytest.mark.parametrize("how", ["none", "gone"])
def test_where_the_provider_cannot_be_left_the_desk_is_and_says_so(visit: Visit, how: str) -> None:
    visit = let_in(visit)
    oidc_provider.clear_discovery_cache()
    visit.provider.discovery = {"end_session_endpoint": None} if how == "none" else {}
    visit.provider.answers = 200 if how == "none" else 503
    page = leave(visit.client)
    assert "Chưa thoát được ở hệ thống tài khoản ngành" in page.text_content()
    assert not page.xpath("//meta[@http-equiv='refresh']")
    assert not visit.is_in()


def test_who_came_by_name_and_password_is_sent_nowhere(provider: Provider) -> None:
    page = leave(log_in(create_officer("ten", "duty")))
    assert "tài khoản ngành" not in page.text_content()
    assert not page.xpath("//meta[@http-equiv='refresh']")


def test_what_the_provider_opened_ends_when_it_says_so_on_record(visit: Visit) -> None:
    there, by_password = let_in(visit), log_in(visit.user)
    answer = tell(visit.provider)
    assert (answer.status_code, answer.content) == (200, b"")
    assert "no-store" in answer.headers["Cache-Control"]
    assert not there.is_in()
    assert by_password.get("/admin/").status_code == 200
    assert events.events_for("user", visit.user.pk)[0].kind == "provider_logged_out"


@pytest.mark.parametrize(
    ("claims", "stay"),
    [
        ({"sid": "o-nha", "sub": None}, [True, True, False]),
        ({"sid": "o-nha"}, [False, True, False]),
        ({"sub": "canbo-02"}, [True, True, True]),
    ],
    ids=["of a session", "of a person in a session", "of another person"],
)
def test_the_sessions_that_are_named_end(
    visit: Visit, claims: dict[str, Any], stay: list[bool]
) -> None:
    """One that was never named ends with its person."""
    places = [let_in(visit), let_in(visit, "tai-co-quan"), let_in(visit, "o-nha")]
    assert tell(visit.provider, **claims).status_code == 200
    assert [place.is_in() for place in places] == stay


def test_who_left_the_provider_before_the_code_comes_in_no_more(visit: Visit) -> None:
    visit.come_back()
    tell(visit.provider)
    assert visit.send_code().status_code == 403


def test_a_token_of_a_log_out_is_good_once(visit: Visit) -> None:
    let_in(visit)
    assert tell(visit.provider).status_code == 200
    there = let_in(visit)
    assert tell(visit.provider).status_code == 400
    assert there.is_in()
    assert tell(visit.provider, jti="two").status_code == 200
    assert not there.is_in()


def test_also_where_no_session_fell_and_none_is_good_for_long(visit: Visit) -> None:
    assert [tell(visit.provider).status_code for _ in range(2)] == [200, 400]
    there = let_in(visit)
    made = int(time.time()) - oidc_provider.MAX_LOGOUT_AGE_SECONDS - 1
    assert tell(visit.provider, jti="two", iat=made, exp=made + 99_999).status_code == 400
    assert there.is_in()


def test_the_providers_word_is_heard_however_often_and_what_is_none_is_counted(
    provider: Provider, enforced: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "FALSE_LOGOUTS", rate_limits.Window("log_out", 2))
    true = [tell(provider, jti=f"{number}").status_code for number in range(4)]
    assert true == [200] * 4
    junk = [tell(provider, aud="another").status_code for _ in range(3)]
    assert junk == [400, 400, 429]


def test_what_cannot_be_a_log_out_asks_nothing_and_the_keys_are_kept(provider: Provider) -> None:
    oidc_provider.clear_discovery_cache()
    for claims in ({"aud": "another"}, {"iss": "https://ke-gian.example"}, {"events": {}}):
        assert tell(provider, **claims).status_code == 400
    assert provider.asked == []
    assert [tell(provider, jti=jti).status_code for jti in ("one", "two")] == [200, 200]
    assert provider.asked.count("/keys") == 1


def test_log_outs_take_no_place_of_log_ins(visit: Visit) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(oidc_provider.translate_provider_errors(oidc_provider.logout_slots))
        assert tell(visit.provider).status_code == 503
        assert let_in(visit).is_in()


WRONG: dict[str, dict[str, Any]] = {
    "with a nonce": {"nonce": "x"},
    "with an empty nonce": {"nonce": ""},
    "of no event": {"events": None},
    "of another event": {"events": {"https://x.example/other": {}}},
    "of an event in a list": {"events": [LOG_OUT]},
    "of an event that says nothing": {"events": {LOG_OUT: "x"}},
    "of nobody": {"sub": None},
    "of a strange subject": {"sub": "canbo\u202e"},
    "of many": {"sub": ["canbo-01"]},
    "without a name": {"jti": None},
    "without a time": {"iat": None},
    "without an end": {"exp": None},
    "expired": {"exp": 1_000_000_000},
    "for another program": {"aud": "another"},
    "of another issuer": {"iss": "https://ke-gian.example"},
    "of another kind": {"typ": "at+jwt"},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_log_out_that_is_not_right_ends_nothing(visit: Visit, claims: dict[str, Any]) -> None:
    there = let_in(visit)
    assert tell(visit.provider, **claims).status_code == 400
    assert there.is_in()


def test_a_log_out_that_somebody_else_signed_ends_nothing(visit: Visit) -> None:
    there, visit.provider.signs_with = let_in(visit), "somebody else"
    assert tell(visit.provider).status_code == 400
    assert there.is_in()


def test_a_token_that_let_somebody_in_lets_nobody_out(visit: Visit) -> None:
    there = let_in(visit)
    token = there.client.session["opened"]["token"]
    assert Client().post(TOLD_OUT, {"logout_token": token}).status_code == 400
    assert there.is_in()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\0"])
def test_what_is_no_token_is_no_error_of_ours(provider: Provider, token: str) -> None:
    assert Client().post(TOLD_OUT, {"logout_token": token}).status_code == 400


def test_the_door_is_a_post_needs_a_provider_and_is_not_knocked_at_all_the_time(
    provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Client().get(TOLD_OUT).status_code == 405
    monkeypatch.setattr(rate_limits, "retry_after", lambda *_: 60)
    assert Client().post(TOLD_OUT).status_code == 429
    settings.OIDC_ISSUER = ""
    assert Client().post(TOLD_OUT).status_code == 404


def test_a_try_that_did_not_end_marks_no_other_log_in(visit: Visit) -> None:
    visit.come_back()
    other = create_officer("khac", "duty")
    visit.client.force_login(other, backend="accounts.backends.DeskBackend")
    assert "opened" not in visit.client.session
