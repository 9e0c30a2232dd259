"""The ministry's account: it says who somebody is, and whatever is odd about that opens nothing."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings
from redis import Redis

from accounts import officer_accounts, sessions
from accounts.models import OfficerProfile
from accounts.oidc import client as oidc_provider
from accounts.oidc.views import LOGINS
from tests.support.desk_login import code, enter
from tests.support.fake_oidc_provider import Provider
from tests.support.oidc_visit import BACK, BUTTON, CODE, START, Visit, provider, user, visit
from tests.support.processes import run_script

__all__ = ["provider", "user", "visit"]
pytestmark = pytest.mark.django_db


def says(answer: Any, status: int, words: str) -> None:
    assert answer.status_code == status
    page = answer.content.decode()
    assert words in page
    assert "Đăng nhập bằng tên và mật khẩu" in page


@pytest.mark.parametrize(
    ("claim", "claims"), [("sub", {}), ("so_hieu", {"sub": "khac", "so_hieu": "canbo-01"})]
)
def test_a_linked_officer_comes_in_with_the_code(
    visit: Visit, settings: Settings, claim: str, claims: dict[str, Any]
) -> None:
    settings.OIDC_CLAIM, settings.OIDC_SCOPES = claim, "openid profile"
    visit.provider.claims = claims
    assert visit.come_back().headers["Location"] == CODE
    assert not visit.is_in()
    entered = visit.send_code()
    assert (entered.status_code, entered.headers["Location"]) == (302, "/admin/sessions/")
    assert visit.is_in()


def test_the_session_is_one_like_others(visit: Visit) -> None:
    visit.come_back()
    before = visit.client.session.session_key
    visit.send_code()
    session = visit.client.session
    assert session.session_key != before
    assert not [name for name, _ in session.items() if name.startswith("oidc")]
    assert session["confirmed_at"] > time.time() - 60  # for personal data too
    assert [each.key for each in sessions.sessions_of(visit.user)] == [session.session_key]
    visit.user.refresh_from_db()
    assert visit.user.last_login is not None
    session["began_at"] = time.time() - 13 * 3600
    session.save()
    assert not visit.is_in()


@pytest.mark.parametrize("wrong", ["000000", "zz", "", " "])
def test_without_the_right_code_nobody_is_in(visit: Visit, wrong: str) -> None:
    visit.come_back()
    answer = visit.client.post(CODE, {"otp_token": wrong})
    assert answer.status_code == 422
    assert "Chưa đúng" in answer.content.decode()
    assert not visit.is_in()


def test_the_code_page_alone_knows_nobody(visit: Visit) -> None:
    says(visit.send_code(), 403, "Bấm lại từ đầu")


def test_the_code_must_come_soon(visit: Visit) -> None:
    visit.come_back()
    session = visit.client.session
    session["oidc_waiting"] |= {"at": time.time() - 601}
    session.save()
    says(visit.send_code(), 403, "quá lâu")


@pytest.mark.parametrize("claims", [{"amr": ["pwd", "otp"]}, {"acr": "otp"}])
def test_a_second_factor_that_is_named_is_believed_but_not_for_personal_data(
    visit: Visit, settings: Settings, claims: dict[str, Any]
) -> None:
    settings.OIDC_SECOND_FACTOR_AMR = ("otp",)
    visit.provider.claims = claims
    assert visit.come_back().headers["Location"] == "/admin/sessions/"
    assert visit.is_in()
    assert "confirmed_at" not in visit.client.session
    assert visit.client.session["began_at"] > time.time() - 60


@pytest.mark.parametrize(
    ("believed", "claims"),
    [
        (("otp",), {"amr": ["pwd"]}),
        (("otp",), {"amr": "otp"}),
        (("otp",), {"amr": [["otp"]]}),
        (("otp",), {}),
        ((), {"amr": ["otp", "mfa"], "acr": ""}),
    ],
)
def test_a_factor_that_the_setting_does_not_name_does_not_do(
    visit: Visit, settings: Settings, believed: tuple[str, ...], claims: dict[str, Any]
) -> None:
    settings.OIDC_SECOND_FACTOR_AMR = believed
    visit.provider.claims = claims
    assert visit.come_back().headers["Location"] == CODE


def test_a_stranger_is_told_what_to_tell_the_lead_and_gets_no_account(visit: Visit) -> None:
    visit.provider.claims = {"sub": "la<b>", "email": "ha@example.vn", "groups": ["admin"]}
    answer = visit.come_back()
    says(answer, 403, "chưa nối với cán bộ nào")
    assert "la&lt;b&gt;" in answer.content.decode()
    assert User.objects.count() == 3
    assert not visit.is_in()


def test_a_subject_of_another_provider_is_nobody(visit: Visit) -> None:
    OfficerProfile.objects.filter(user=visit.user).update(oidc_issuer="https://cu.example")
    says(visit.come_back(), 403, "chưa nối")


def test_an_account_that_is_closed_while_the_code_is_typed_is_refused(visit: Visit) -> None:
    visit.come_back()
    officer_accounts.deactivate(visit.user, by=User.objects.get(username="chi.huy"), reason="x")
    says(visit.send_code(), 403, "đã khóa")
    assert not visit.is_in()


@pytest.mark.parametrize("changed", [{"is_staff": False}, {"is_active": False}])
def test_who_is_no_officer_any_more_is_refused(visit: Visit, changed: dict[str, bool]) -> None:
    User.objects.filter(pk=visit.user.pk).update(**changed)
    says(visit.come_back(), 403, "đã khóa")


def test_a_locked_name_is_locked_at_this_door_too(visit: Visit) -> None:
    for _ in range(5):
        enter(visit.client, password="sai", token="000000")
    says(visit.come_back(), 403, "tạm khóa")


def test_an_officer_without_a_device_needs_an_invitation(visit: Visit, settings: Settings) -> None:
    settings.OIDC_SECOND_FACTOR_AMR = ("otp",)
    visit.provider.claims = {"amr": ["otp"]}
    visit.user.totpdevice_set.all().delete()
    says(visit.come_back(), 403, "lời mời")


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
def test_a_token_that_is_wrong_opens_nothing(visit: Visit, claims: dict[str, Any]) -> None:
    visit.provider.claims = claims
    says(visit.come_back(), 403, "không hợp lệ")
    assert not visit.is_in()


def test_a_token_that_somebody_else_signed_opens_nothing(visit: Visit) -> None:
    visit.provider.signs_with = "somebody else"
    says(visit.come_back(), 403, "không hợp lệ")


def test_a_state_of_nobody_opens_nothing(visit: Visit) -> None:
    says(visit.come_back(state="x"), 403, "không bắt đầu từ máy này")
    assert "/token" not in visit.provider.asked


def test_a_state_of_another_browser_opens_nothing(visit: Visit) -> None:
    elsewhere = Client().get(START).headers["Location"]
    visit.client.get(START)
    answer = visit.client.get(BACK, visit.provider.authorize(elsewhere))
    says(answer, 403, "không bắt đầu từ máy này")


def test_an_address_of_return_is_good_once(visit: Visit) -> None:
    query = visit.provider.authorize(visit.client.get(START).headers["Location"])
    assert visit.client.get(BACK, query).status_code == 302
    says(visit.client.get(BACK, query), 403, "Bấm lại từ đầu")


@pytest.mark.parametrize(
    ("answer", "told"),
    [({"code": "x"}, "không hợp lệ"), ({"error": "access_denied"}, "không xác nhận")],
)
def test_another_answer_of_the_provider_is_told(
    visit: Visit, answer: dict[str, str], told: str
) -> None:
    says(visit.come_back(**answer), 403, told)


def test_each_try_has_its_own_state_nonce_and_challenge(client: Client, provider: Provider) -> None:
    tries = [parse_qs(urlsplit(client.get(START).headers["Location"]).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert tries[0][name] != tries[1][name]
    assert tries[0]["scope"] == ["openid"]
    assert tries[0]["redirect_uri"] == [f"http://testserver{BACK}"]


def test_nobody_is_sent_to_another_site_afterwards(visit: Visit) -> None:
    away = visit.client.get(START, {"next": "https://ke-gian.example/"})
    visit.client.get(BACK, visit.provider.authorize(away.headers["Location"]))
    entered = visit.send_code()
    assert entered.headers["Location"] == "/admin/"


@pytest.mark.parametrize("how", ["gone", "broken", "strange", "open", "other"])
def test_without_the_provider_the_usual_log_in_is_still_there(
    visit: Visit, settings: Settings, how: str
) -> None:
    if how == "gone":
        settings.OIDC_ISSUER = "http://127.0.0.1:9"
    visit.provider.answers = 503 if how == "broken" else 200
    odd: dict[str, dict[str, Any]] = {
        "strange": {"token_endpoint": None},
        "open": {"token_endpoint": "ftp://127.0.0.1/"},
        "other": {"issuer": "https://ke-gian.example"},
    }
    visit.provider.discovery = odd.get(how, {})
    status, words = (403, "không hợp lệ") if how in odd else (503, "Thử lại sau ít phút")
    says(visit.client.get(START), status, words)
    assert BUTTON in visit.client.get("/admin/login/").content.decode()
    assert enter(visit.client, token=code(visit.user)).status_code == 302


def test_a_provider_that_dies_on_the_way_is_told_so(visit: Visit) -> None:
    query = visit.provider.authorize(visit.client.get(START).headers["Location"])
    visit.provider.answers = 500
    says(visit.client.get(BACK, query), 503, "Thử lại sau ít phút")


def test_a_provider_that_hangs_holds_two_threads_and_no_more(visit: Visit) -> None:
    with oidc_provider.translate_provider_errors(), oidc_provider.translate_provider_errors():
        says(visit.client.get(START), 503, "Thử lại sau ít phút")
    assert visit.client.get(START).status_code == 302


def test_who_tries_all_the_time_waits(client: Client, provider: Provider, enforced: Redis) -> None:
    most = LOGINS.requests
    answers = [client.get(START).status_code for _ in range(most + 1)]
    assert answers[-2:] == [302, 429]


def test_refusals_are_codes_in_the_log(visit: Visit, caplog: pytest.LogCaptureFixture) -> None:
    visit.provider.claims = {"sub": "nguoi-la"}
    visit.come_back()
    assert "oidc.refused" in caplog.text
    assert "nguoi-la" not in caplog.text


@pytest.mark.parametrize("missing", ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"])
def test_half_a_configuration_is_none(visit: Visit, settings: Settings, missing: str) -> None:
    get = visit.client.get
    assert BUTTON in get("/admin/login/").content.decode()
    setattr(settings, missing, "")
    assert BUTTON not in get("/admin/login/").content.decode()
    assert [get(each).status_code for each in (START, BACK, CODE)] == [404] * 3


def test_a_safe_issuer_does_not_lead_to_an_open_address(
    client: Client, provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OIDC_ISSUER = provider.discovery["issuer"] = "https://tai-khoan.example"
    plain, get = f"{provider.issuer}/.well-known/openid-configuration", requests.get
    monkeypatch.setattr(requests, "get", lambda _, timeout: get(plain, timeout=timeout))
    says(client.get(START), 403, "không hợp lệ")


def test_who_does_not_use_it_does_not_pay_for_it() -> None:
    script = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'portal.settings';"
        "django.setup(); from django.urls import reverse; reverse('admin:oidc_start');"
        "print({'requests', 'mozilla_django_oidc'} & set(sys.modules))"
    )
    assert run_script(script) == "set()"
