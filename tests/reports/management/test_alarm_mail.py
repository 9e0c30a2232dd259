"""The way of the alarms' mail, tried by hand: it arrives, or one line says why not."""

import smtplib
from io import StringIO
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from pytest_django import Settings

PEOPLE = ("truc@portal.example", "ky-thuat@portal.example")


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.EMAIL_URL = "memorymail://"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.ALARM_EMAILS = PEOPLE


@pytest.mark.parametrize(
    ("people", "line"), [(PEOPLE, "Sent to 2 addresses."), (PEOPLE[:1], "Sent to 1 address.")]
)
def test_it_goes_to_those_who_get_the_alarms(
    settings: Settings, people: tuple[str, ...], line: str
) -> None:
    settings.ALARM_EMAILS = people
    output = StringIO()
    call_command("test_alarm_mail", stdout=output)
    assert output.getvalue().strip() == line
    assert [sent.to for sent in mail.outbox] == [list(people)]


@pytest.mark.parametrize("name", ["EMAIL_URL", "ALARM_EMAILS"])
def test_it_says_when_alarms_go_nowhere(settings: Settings, name: str) -> None:
    setattr(settings, name, ())
    with pytest.raises(CommandError, match="is not set"):
        call_command("test_alarm_mail")


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(), smtplib.SMTPDataError(550, b"truc@portal.example")]
)
def test_a_mail_that_is_refused_is_one_line_with_its_class(
    monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    monkeypatch.setattr(EmailMessage, "send", Mock(side_effect=error))
    with pytest.raises(CommandError) as ended:
        call_command("test_alarm_mail")
    assert str(ended.value) == f"Not sent: {type(error).__name__}, see docs/operations/runbook.md"
