"""A browser that logs in with the account of the ministry."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from accounts import officer_accounts
from accounts.oidc import client as oidc_provider
from tests.support import fake_oidc_provider
from tests.support.desk_login import code
from tests.support.fake_oidc_provider import Provider, running
from tests.support.officers import confirm_open, create_officer

START, BACK, CODE = "/admin/nganh/", "/admin/nganh/ve/", "/admin/nganh/ma/"

BUTTON = "Đăng nhập bằng tài khoản ngành"


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with running() as server:
        settings.OIDC_ISSUER = server.issuer
        settings.OIDC_CLIENT_ID = fake_oidc_provider.CLIENT
        settings.OIDC_CLIENT_SECRET = fake_oidc_provider.SECRET
        oidc_provider.clear_discovery_cache()
        yield server


@pytest.fixture
def user(provider: Provider) -> User:
    """An officer whom a lead has linked."""
    officer = create_officer("ha", "duty")
    lead, other = create_officer("chi.huy", "lead"), create_officer("chi.huy.2", "lead")
    officer_accounts.link(officer, "canbo-01", by=lead, reason="gặp tận mặt")
    confirm_open(officer_accounts.ACCOUNT, by=other)
    return officer


@dataclass
class Visit:
    """A browser at the log-in, the provider, and the officer who is linked."""

    client: Client
    provider: Provider
    user: User

    def come_back(self, **changed: str) -> Any:
        """Go to the provider and return; the answer is that to the return."""
        away = self.client.get(START, {"next": "/admin/sessions/"})
        assert away.status_code == 302, away.content.decode()
        query = self.provider.authorize(away.headers["Location"])
        return self.client.get(BACK, query | changed)

    def send_code(self) -> Any:
        return self.client.post(CODE, {"otp_token": code(self.user)})

    def is_in(self) -> bool:
        return self.client.get("/admin/").status_code == 200


@pytest.fixture
def visit(client: Client, provider: Provider, user: User) -> Visit:
    return Visit(client, provider, user)
