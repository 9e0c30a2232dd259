"""The ministry's account: it says who somebody is, and whatever is odd about that opens nothing."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from accounts import idle_accounts, service, sessions
from accounts.models import OfficerProfile
from accounts.oidc import client as oidc_provider
from core import rate_limits
from tests.accounts.test_login import code, enter
from tests.support import fake_oidc_provider
from tests.support.fake_oidc_provider import Provider, running
from tests.support.officers import create_officer

pytestmark = pytest.mark.django_db

START, BACK, CODE = "/admin/nganh/", "/admin/nganh/ve/", "/admin/nganh/ma/"
BUTTON = "Đăng nhập bằng tài khoản ngành"


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with running() as found:
        settings.OIDC_ISSUER = found.issuer
        settings.OIDC_CLIENT_ID = fake_oidc_provider.CLIENT
        settings.OIDC_CLIENT_SECRET = fake_oidc_provider.SECRET
        oidc_provider.clear_discovery_cache()
        yield found


@pytest.fixture
def user(provider: Provider) -> User:
    """An officer whom a lead has linked."""
    found = create_officer("ha", "duty")
    service.link(found, "canbo-01", by=create_officer("chi.huy", "lead"), reason="gặp tận mặt")
    return found


def come_back(client: Client, provider: Provider, **changed: str) -> HttpResponse:
    """The answer to who went to the provider and was sent back."""
    away = client.get(START, {"next": "/admin/sessions/"})
    assert away.status_code == 302, away.content.decode()
    return client.get(BACK, provider.authorize(away.headers["Location"]) | changed)  # type: ignore[return-value]


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def says(answer: HttpResponse, status: int, words: str) -> None:
    assert answer.status_code == status
    page = answer.content.decode()
    assert words in page
    assert "Đăng nhập bằng tên và mật khẩu" in page


def test_a_linked_officer_comes_in_with_the_code(
    client: Client, provider: Provider, user: User
) -> None:
    answer = come_back(client, provider)
    assert answer.headers["Location"] == CODE
    assert not is_in(client)
    entered = client.post(CODE, {"otp_token": code(user)})
    assert (entered.status_code, entered.headers["Location"]) == (302, "/admin/sessions/")
    assert is_in(client)


def test_the_session_is_one_like_others(client: Client, provider: Provider, user: User) -> None:
    come_back(client, provider)
    before = client.session.session_key
    client.post(CODE, {"otp_token": code(user)})
    assert client.session.session_key != before
    assert not [name for name, _ in client.session.items() if name.startswith("oidc")]
    assert [each.key for each in sessions.sessions_of(user)] == [client.session.session_key]
    user.refresh_from_db()
    assert user.last_login is not None
    session = client.session
    session["began_at"] = time.time() - 13 * 3600
    session.save()
    assert not is_in(client)


@pytest.mark.parametrize("wrong", ["000000", "zz", "", " "])
def test_without_the_right_code_nobody_is_in(
    client: Client, provider: Provider, user: User, wrong: str
) -> None:
    come_back(client, provider)
    answer = client.post(CODE, {"otp_token": wrong})
    assert answer.status_code == 422
    assert "Chưa đúng" in answer.content.decode()
    assert not is_in(client)


def test_the_code_page_alone_knows_nobody(client: Client, provider: Provider, user: User) -> None:
    says(client.post(CODE, {"otp_token": code(user)}), 403, "Bấm lại từ đầu")  # type: ignore[arg-type]


def test_the_code_must_come_soon(client: Client, provider: Provider, user: User) -> None:
    come_back(client, provider)
    session = client.session
    session["oidc_waiting"] |= {"at": time.time() - 601}
    session.save()
    says(client.post(CODE, {"otp_token": code(user)}), 403, "quá lâu")  # type: ignore[arg-type]


@pytest.mark.parametrize("told", [{"amr": ["pwd", "otp"]}, {"acr": "otp"}])
def test_a_second_factor_that_is_named_is_believed_but_not_for_personal_data(
    client: Client, provider: Provider, user: User, settings: Settings, told: dict[str, Any]
) -> None:
    settings.OIDC_SECOND_FACTOR_AMR = ("otp",)
    provider.claims = told
    assert come_back(client, provider).headers["Location"] == "/admin/sessions/"
    assert is_in(client)
    assert "confirmed_at" not in client.session
    assert client.session["began_at"] > time.time() - 60


@pytest.mark.parametrize("told", [{"amr": ["pwd"]}, {"amr": "otp"}, {"amr": [["otp"]]}, {}])
def test_another_factor_does_not_do(
    client: Client, provider: Provider, user: User, settings: Settings, told: dict[str, Any]
) -> None:
    settings.OIDC_SECOND_FACTOR_AMR = ("otp",)
    provider.claims = told
    assert come_back(client, provider).headers["Location"] == CODE


def test_by_itself_no_factor_of_the_provider_is_believed(
    client: Client, provider: Provider, user: User
) -> None:
    provider.claims = {"amr": ["otp", "mfa"], "acr": ""}
    assert come_back(client, provider).headers["Location"] == CODE


def test_a_code_given_here_counts_for_personal_data_as_at_the_usual_log_in(
    client: Client, provider: Provider, user: User
) -> None:
    come_back(client, provider)
    client.post(CODE, {"otp_token": code(user)})
    assert client.session["confirmed_at"] > time.time() - 60


def test_a_stranger_is_told_what_to_tell_the_lead_and_gets_no_account(
    client: Client, provider: Provider, user: User
) -> None:
    provider.claims = {"sub": "la<b>", "email": "ha@example.vn", "groups": ["admin"]}
    answer = come_back(client, provider)
    says(answer, 403, "chưa nối với cán bộ nào")
    assert "la&lt;b&gt;" in answer.content.decode()
    assert User.objects.count() == 2
    assert not is_in(client)


def test_a_subject_of_another_provider_is_nobody(
    client: Client, provider: Provider, user: User
) -> None:
    OfficerProfile.objects.filter(user=user).update(oidc_issuer="https://cu.example")
    says(come_back(client, provider), 403, "chưa nối")


def test_an_account_that_was_closed_for_want_of_use_is_refused(
    client: Client, provider: Provider, user: User
) -> None:
    long_ago = timezone.now() - timedelta(days=99)
    User.objects.filter(pk=user.pk).update(date_joined=long_ago)
    idle_accounts.close_and_warn()
    says(come_back(client, provider), 403, "đã khóa")


def test_an_account_that_is_closed_while_the_code_is_typed_is_refused(
    client: Client, provider: Provider, user: User
) -> None:
    come_back(client, provider)
    service.deactivate(user, by=User.objects.get(username="chi.huy"), reason="x")
    says(client.post(CODE, {"otp_token": code(user)}), 403, "đã khóa")  # type: ignore[arg-type]
    assert not is_in(client)


def test_somebody_who_is_no_officer_any_more_is_refused(
    client: Client, provider: Provider, user: User
) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=False)
    says(come_back(client, provider), 403, "đã khóa")


def test_a_locked_name_is_locked_at_this_door_too(
    client: Client, provider: Provider, user: User
) -> None:
    for _ in range(5):
        enter(client, password="sai", token="000000")
    says(come_back(client, provider), 403, "tạm khóa")


def test_an_officer_without_a_device_needs_an_invitation(
    client: Client, provider: Provider, user: User, settings: Settings
) -> None:
    settings.OIDC_SECOND_FACTOR_AMR = ("otp",)
    provider.claims = {"amr": ["otp"]}
    user.totpdevice_set.all().delete()
    says(come_back(client, provider), 403, "lời mời")


WRONG: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "expired": {"exp": 1_000_000_000},
    "without an end": {"exp": None},
    "for another program": {"aud": "another"},
    "for several, given to another": {"aud": ["portal", "another"], "azp": "another"},
    "for nobody": {"aud": None},
    "of another issuer": {"iss": "https://ke-gian.example"},
    "of no issuer": {"iss": None},
    "without a subject": {"sub": None},
    "of an empty subject": {"sub": ""},
    "of a long subject": {"sub": "x" * 256},
    "of a strange subject": {"sub": "canbo\u202e"},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_that_is_wrong_opens_nothing(
    client: Client, provider: Provider, user: User, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    says(come_back(client, provider), 403, "không hợp lệ")
    assert not is_in(client)


def test_a_token_that_somebody_else_signed_opens_nothing(
    client: Client, provider: Provider, user: User
) -> None:
    provider.signs_with = "somebody else"
    says(come_back(client, provider), 403, "không hợp lệ")


def test_a_state_of_nobody_opens_nothing(client: Client, provider: Provider, user: User) -> None:
    says(come_back(client, provider, state="x"), 403, "không bắt đầu từ máy này")
    assert "/token" not in provider.asked


def test_a_state_of_another_browser_opens_nothing(
    client: Client, provider: Provider, user: User
) -> None:
    elsewhere = Client().get(START).headers["Location"]
    client.get(START)
    answer = client.get(BACK, provider.authorize(elsewhere))
    says(answer, 403, "không bắt đầu từ máy này")  # type: ignore[arg-type]


def test_an_address_of_return_is_good_once(client: Client, provider: Provider, user: User) -> None:
    given = provider.authorize(client.get(START).headers["Location"])
    assert client.get(BACK, given).status_code == 302
    says(client.get(BACK, given), 403, "Bấm lại từ đầu")  # type: ignore[arg-type]


def test_a_code_that_the_provider_does_not_know_opens_nothing(
    client: Client, provider: Provider, user: User
) -> None:
    says(come_back(client, provider, code="x"), 403, "không hợp lệ")


def test_who_turns_back_at_the_provider_is_told_so(client: Client, provider: Provider) -> None:
    says(come_back(client, provider, error="access_denied"), 403, "không xác nhận")


def test_each_try_has_its_own_state_nonce_and_challenge(client: Client, provider: Provider) -> None:
    tries = [parse_qs(urlsplit(client.get(START).headers["Location"]).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert tries[0][name] != tries[1][name]
    assert tries[0]["scope"] == ["openid"]
    assert tries[0]["redirect_uri"] == [f"http://testserver{BACK}"]


def test_nobody_is_sent_to_another_site_afterwards(
    client: Client, provider: Provider, user: User
) -> None:
    away = client.get(START, {"next": "https://ke-gian.example/"})
    client.get(BACK, provider.authorize(away.headers["Location"]))
    entered = client.post(CODE, {"otp_token": code(user)})
    assert entered.headers["Location"] == "/admin/"


@pytest.mark.parametrize("how", ["gone", "broken", "strange", "open", "other"])
def test_without_the_provider_the_usual_log_in_is_still_there(
    client: Client, provider: Provider, user: User, settings: Settings, how: str
) -> None:
    if how == "gone":
        settings.OIDC_ISSUER = "http://127.0.0.1:9"
    provider.answers = 503 if how == "broken" else 200
    odd: dict[str, dict[str, Any]] = {
        "strange": {"token_endpoint": None},
        "open": {"token_endpoint": "ftp://127.0.0.1/"},
        "other": {"issuer": "https://ke-gian.example"},
    }
    provider.discovery = odd.get(how, {})
    status, words = (403, "không hợp lệ") if how in odd else (503, "Thử lại sau ít phút")
    says(client.get(START), status, words)  # type: ignore[arg-type]
    assert BUTTON in client.get("/admin/login/").content.decode()
    assert enter(client, token=code(user)).status_code == 302


def test_a_provider_that_dies_on_the_way_is_told_so(
    client: Client, provider: Provider, user: User
) -> None:
    given = provider.authorize(client.get(START).headers["Location"])
    provider.answers = 500
    says(client.get(BACK, given), 503, "Thử lại sau ít phút")  # type: ignore[arg-type]


def test_a_provider_that_hangs_holds_two_threads_and_no_more(
    client: Client, provider: Provider
) -> None:
    with oidc_provider.translate_provider_errors(), oidc_provider.translate_provider_errors():
        says(client.get(START), 503, "Thử lại sau ít phút")  # type: ignore[arg-type]
    assert client.get(START).status_code == 302


def test_who_tries_all_the_time_waits(client: Client, provider: Provider, enforced: Redis) -> None:
    most = rate_limits.WINDOWS["log_in"].amount
    answers = [client.get(START).status_code for _ in range(most + 1)]
    assert answers[-2:] == [302, 429]


def test_refusals_are_codes_in_the_log(
    client: Client, provider: Provider, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    provider.claims = {"sub": "nguoi-la"}
    come_back(client, provider)
    assert "oidc.refused" in caplog.text
    assert "nguoi-la" not in caplog.text


@pytest.mark.parametrize("missing", ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"])
def test_half_a_configuration_is_none(
    client: Client, provider: Provider, settings: Settings, missing: str
) -> None:
    assert BUTTON in client.get("/admin/login/").content.decode()
    setattr(settings, missing, "")
    assert BUTTON not in client.get("/admin/login/").content.decode()
    assert [client.get(each).status_code for each in (START, BACK, CODE)] == [404] * 3


def test_another_claim_and_scopes_may_be_named(
    client: Client, provider: Provider, user: User, settings: Settings
) -> None:
    settings.OIDC_CLAIM, settings.OIDC_SCOPES = "so_hieu", "openid profile"
    provider.claims = {"sub": "khac", "so_hieu": "canbo-01"}
    assert come_back(client, provider).headers["Location"] == CODE


def test_a_safe_issuer_does_not_lead_to_an_open_address(
    client: Client, provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OIDC_ISSUER = provider.discovery["issuer"] = "https://tai-khoan.example"
    plain, get = f"{provider.issuer}/.well-known/openid-configuration", requests.get
    monkeypatch.setattr(requests, "get", lambda _, timeout: get(plain, timeout=timeout))
    says(client.get(START), 403, "không hợp lệ")  # type: ignore[arg-type]
