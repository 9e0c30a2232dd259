"""Accounts that nobody uses are closed, told before, and never the last lead's."""

from datetime import timedelta

import pytest
from django.conf import settings as given
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts import idle_accounts, service
from core.audit import events
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def away(user: User, days: float, email: str = "") -> User:
    """Somebody who logged in for the last time so many days ago."""
    seen = timezone.now() - timedelta(days=days)
    User.objects.filter(pk=user.pk).update(last_login=seen, date_joined=seen, email=email)
    return user


def is_in(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_active


@pytest.fixture
def _mailing(settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://mail.invalid"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_an_account_that_nobody_used_is_closed_on_record(duty: Person, lead: Person) -> None:
    idle_one, busy = away(create_officer("nghi", "duty"), 46), away(duty.user, 44)
    idle_accounts.close_and_warn()
    assert (is_in(idle_one), is_in(busy)) == (False, True)
    closed = events.events_for("user", idle_one.pk).get()
    assert (closed.kind, closed.actor) == ("account_closed", None)


def test_who_was_invited_long_ago_and_came_often_is_not_idle(duty: Person) -> None:
    away(duty.user, 400)
    User.objects.filter(pk=duty.user.pk).update(last_login=timezone.now())
    idle_accounts.close_and_warn()
    assert is_in(duty.user)


def test_the_last_lead_stays_and_it_is_the_one_who_came_last(lead: Person) -> None:
    other = away(create_officer("hai", "lead"), 60)
    away(lead.user, 90)
    idle_accounts.close_and_warn()
    assert (is_in(lead.user), is_in(other)) == (False, True)


def test_an_account_that_was_reopened_is_not_closed_at_the_next_look(
    lead: Person, duty: Person
) -> None:
    away(duty.user, 50)
    idle_accounts.close_and_warn()
    service.reactivate(duty.user, by=lead.user, reason="quay lại")
    idle_accounts.close_and_warn()
    assert is_in(duty.user)


@pytest.mark.parametrize(("days", "stays"), [(0, True), (30, False)])
def test_the_setting_says_after_how_many_days(
    settings: Settings, lead: Person, duty: Person, days: int, stays: bool
) -> None:
    settings.ACCOUNT_IDLE_DAYS = days
    away(duty.user, 40)
    idle_accounts.close_and_warn()
    assert is_in(duty.user) is stays


@pytest.mark.usefixtures("_mailing")
def test_a_week_before_it_is_told_by_mail_once(lead: Person, duty: Person) -> None:
    away(duty.user, 39, "duty@desk.example")
    away(create_officer("khong.thu", "duty"), 39)
    idle_accounts.close_and_warn()
    idle_accounts.close_and_warn()
    (told,) = mail.outbox
    assert told.to == ["duty@desk.example"]
    assert "duty" in told.body
    assert "http" not in told.body
    assert events.events_for("user", duty.user.pk).get().kind == "account_warned"


@pytest.mark.usefixtures("_mailing")
def test_a_mail_that_could_not_be_sent_is_tried_again(
    lead: Person, duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(duty.user, 39, "duty@desk.example")
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", _fail)
        idle_accounts.close_and_warn()
    assert not events.events_for("user", duty.user.pk)
    idle_accounts.close_and_warn()
    assert len(mail.outbox) == 1


def _fail(*_: object) -> None:
    raise ConnectionRefusedError


@pytest.mark.usefixtures("_mailing")
def test_who_came_back_and_stays_away_again_is_told_again(lead: Person, duty: Person) -> None:
    away(duty.user, 39, "duty@desk.example")
    idle_accounts.close_and_warn()
    User.objects.filter(pk=duty.user.pk).update(last_login=timezone.now())
    idle_accounts.close_and_warn()
    assert len(mail.outbox) == 1


def test_beat_looks_every_hour() -> None:
    entry = given.CELERY_BEAT_SCHEDULE["close-idle-accounts"]
    assert entry == {"task": "accounts.close_idle_accounts", "schedule": 3600.0}
