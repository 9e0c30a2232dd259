"""Accounts that nobody uses are closed, told before, and never the last lead's."""

from datetime import timedelta
from unittest.mock import Mock

import pytest
import time_machine
from django.conf import settings as given
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from accounts import officer_accounts
from core.audit import events
from tests.support.officers import Person, act_alone, create_officer

pytestmark = pytest.mark.django_db


def away(user: User, days: float, email: str = "") -> User:
    """Somebody who logged in for the last time so many days ago."""
    seen = timezone.now() - timedelta(days=days)
    User.objects.filter(pk=user.pk).update(last_login=seen, date_joined=seen, email=email)
    return user


def is_in(user: User) -> bool:
    return User.objects.get(pk=user.pk).is_active


@pytest.fixture
def leaving(settings: Settings, lead: Person, duty: Person) -> User:
    """Somebody who has a week left, and an address."""
    settings.EMAIL_URL = "smtp://mail.invalid"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return away(duty.user, 39, "duty@desk.example")


def test_a_week_before_it_is_told_by_mail_once(leaving: User) -> None:
    away(create_officer("khong.thu", "duty"), 39)
    officer_accounts.close_idle_accounts()
    officer_accounts.close_idle_accounts()
    (told,) = mail.outbox
    assert told.to == ["duty@desk.example"]
    assert "duty" in told.body
    assert "http" not in told.body
    assert events.events_for("user", leaving.pk).get().kind == "account_warned"


def test_a_mail_that_failed_is_tried_again(leaving: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(mail.EmailMessage, "send", Mock(side_effect=ConnectionRefusedError))
        officer_accounts.close_idle_accounts()
    assert not events.events_for("user", leaving.pk)
    officer_accounts.close_idle_accounts()
    assert len(mail.outbox) == 1


def test_who_came_back_and_stays_away_again_is_told_again(leaving: User) -> None:
    officer_accounts.close_idle_accounts()
    came = timezone.now() + timedelta(minutes=1)
    User.objects.filter(pk=leaving.pk).update(last_login=came)
    officer_accounts.close_idle_accounts()
    assert len(mail.outbox) == 1
    with time_machine.travel(came + timedelta(days=39)):
        officer_accounts.close_idle_accounts()
    assert len(mail.outbox) == 2


def test_an_account_that_nobody_used_is_closed_on_record(duty: Person, lead: Person) -> None:
    names = ("nghi", "chua.vao", "moi.cu")
    idle_one, never, invited_long_ago = (away(create_officer(name, "duty"), 46) for name in names)
    User.objects.filter(pk=never.pk).update(last_login=None)
    User.objects.filter(pk=invited_long_ago.pk).update(last_login=timezone.now())
    busy = away(duty.user, 44)
    officer_accounts.close_idle_accounts()
    assert [is_in(user) for user in (idle_one, never)] == [False, False]
    assert [is_in(user) for user in (invited_long_ago, busy)] == [True, True]
    closed = events.events_for("user", idle_one.pk).get()
    assert (closed.kind, closed.actor) == ("account_closed", None)


def test_the_last_lead_stays_and_it_is_the_one_who_came_last(lead: Person) -> None:
    other = away(create_officer("hai", "lead"), 60)
    away(lead.user, 90), act_alone()
    officer_accounts.close_idle_accounts()
    assert (is_in(lead.user), is_in(other)) == (False, True)


def test_an_account_that_was_reopened_is_not_closed_at_once(lead: Person, duty: Person) -> None:
    away(duty.user, 50)
    officer_accounts.close_idle_accounts()
    officer_accounts.reactivate(duty.user, by=lead.user, reason="quay lại")
    officer_accounts.close_idle_accounts()
    assert is_in(duty.user)


@pytest.mark.parametrize(("days", "stays"), [(0, True), (30, False)])
def test_the_setting_says_after_how_many_days(
    settings: Settings, lead: Person, duty: Person, days: int, stays: bool
) -> None:
    settings.ACCOUNT_IDLE_DAYS = days
    away(duty.user, 40)
    officer_accounts.close_idle_accounts()
    assert is_in(duty.user) is stays


def test_beat_looks_every_hour() -> None:
    entry = given.CELERY_BEAT_SCHEDULE["close-idle-accounts"]
    assert entry == {"task": "accounts.close_idle_accounts", "schedule": 3600.0}
