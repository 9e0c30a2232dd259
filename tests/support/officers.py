"""The people of the desk, each with a browser in which the second factor has been given."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import roles
from accounts.models import EncryptedTOTPDevice
from core.audit import proposals
from core.audit.proposals import Act
from core.models import Proposal

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """An officer and the browser that the officer is logged in with."""

    user: User
    client: Client

    def read_page(self, address: str, **asked: Any) -> str:
        """The source of a page."""
        return self.client.get(address, asked or None).content.decode()

    def revoke(self, codename: str) -> None:
        """Take a permission from the officer's role."""
        group = self.user.groups.get()
        group.permissions.remove(group.permissions.get(codename=codename))


def create_officer(name: str, role: str) -> User:
    """An officer of that role, with a device."""
    with proposals.bypass_four_eyes():
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        user.groups.add(roles.group_of(role))
    EncryptedTOTPDevice.issue(user)
    return user


def phone_of(user: User) -> EncryptedTOTPDevice:
    """What makes an officer's codes."""
    return EncryptedTOTPDevice.objects.get(user=user)


def log_in(user: User) -> Client:
    """A browser of that officer, second factor given."""
    request, client = HttpRequest(), Client()
    request.session = SessionStore()
    login(request, user, backend="accounts.backends.DeskBackend")
    request.session[DEVICE_ID_SESSION_KEY] = phone_of(user).persistent_id
    request.session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return client


def second() -> User:
    """Another officer, who confirms what the first asked for."""
    return User.objects.filter(username="thu.hai").first() or create_officer("thu.hai", "duty")


def act_alone() -> None:
    """From here on, in this test, what takes two officers takes two, as in production."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL core.proposal = ''")


def confirm_open(act: Act, by: User | None = None) -> Proposal:
    """The one open proposal of that act, which another officer has confirmed."""
    proposal = Proposal.objects.get(kind=act.kind, state="open")
    return proposals.confirm(act, proposal.pk, by=by or second())


def _fixture_of(role: str) -> Any:
    @pytest.fixture(name=role)
    def person(db: None) -> Person:
        user = create_officer(role, role)
        return Person(user, log_in(user))

    return person


duty, lead, editor, approver, auditor = map(
    _fixture_of, ("duty", "lead", "editor", "approver", "auditor")
)


@pytest.fixture
def guarded(db: None) -> None:
    """As in production: the data files are in, and no row is written but by two."""
    act_alone()
    call_command("setup_desk", verbosity=0)
