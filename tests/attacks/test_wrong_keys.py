"""Keys that are not the database's are refused at every door: they never seal a report in silence."""

from io import StringIO
from unittest.mock import Mock

import pytest
from cryptography.fernet import Fernet
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from core import encryption
from core.keys import newest_key
from core.models import KeyProof
from portal.management.commands import rotate_keys
from reports.models import Report
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.resident_pages import send

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_keys(settings: Settings) -> None:
    """A restored database beside keys that somebody made anew."""
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)


@pytest.mark.usefixtures("other_keys")
def test_no_report_is_sealed_under_them_and_its_sender_is_told(client: Client) -> None:
    with pytest.raises(encryption.WrongKeysError):
        intake.submit_report(ReportSubmission(story="Họ dọa tôi."), "key-of-a-page-123")
    assert "Chưa gửi được" in send(client, story="Họ dọa tôi.").content.decode()
    assert not Report.objects.exists()


@pytest.mark.usefixtures("other_keys")
def test_who_asks_whether_the_portal_is_ready_is_told(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["why"]) == (503, "wrong_keys")
    with pytest.raises(CommandError, match="Put back the keys") as ended:
        call_command("queue_status", "--check")
    assert ended.value.returncode == 3


@pytest.mark.usefixtures("other_keys")
@pytest.mark.parametrize("command", ["serve", "migrate", "rotate_keys"])
def test_what_is_started_by_hand_is_refused_in_one_line(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.execve", Mock())
    with pytest.raises(CommandError) as refused:
        call_command(command)
    assert str(refused.value) == encryption.WRONG_KEYS
    assert "\n" not in encryption.WRONG_KEYS


@pytest.mark.usefixtures("other_keys")
def test_every_role_of_production_is_refused_by_the_check_before_it() -> None:
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert encryption.WRONG_KEYS in [each.msg for each in messages if each.id == "portal.E025"]


def test_rotation_seals_the_known_text_last_and_names_the_newest_key(settings: Settings) -> None:
    before, out = settings.FIELD_ENCRYPTION_KEYS, StringIO()
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(), *before)
    with pytest.raises(CommandError):
        call_command("rotate_keys", "--check", stdout=out)
    assert f"Newest key, by its digest: {newest_key().id}" in out.getvalue()
    assert "core_keyproof: 1 need an older key" in out.getvalue()
    assert rotate_keys.KINDS[-1].name == "core_keyproof"  # one that is cut short leaves it
    call_command("rotate_keys", stdout=out)
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert encryption.has_right_keys()
    settings.FIELD_ENCRYPTION_KEYS = before
    assert not encryption.has_right_keys()


def test_a_database_that_is_away_or_new_stops_no_start(monkeypatch: pytest.MonkeyPatch) -> None:
    KeyProof.objects.all().delete()
    assert encryption.find_key_problem() == ""
    monkeypatch.setattr(encryption, "has_right_keys", Mock(side_effect=OperationalError))
    assert encryption.find_key_problem() == ""
