"""Invitations: a link that works once, and lets a locked-out lead back in."""

import re
import time
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp

from accounts import invitations, officer_accounts
from accounts.models import EncryptedTOTPDevice, HashedBackupCodes
from core.audit import events
from tests.support.concurrency import in_parallel
from tests.support.officers import PASSWORD, act_alone, create_officer

pytestmark = pytest.mark.django_db

NEW = "một câu rất dài mà dễ nhớ"


def invited(name: str = "le.thu.ha", role: str = "duty") -> tuple[str, EncryptedTOTPDevice]:
    path = invitations.create_invitation(name, role)
    return path, EncryptedTOTPDevice.objects.get(user__username=name, confirmed=False)


def filled(device: EncryptedTOTPDevice, **changed: str) -> dict[str, str]:
    token = f"{totp(device.bin_key):06d}"
    return {"new_password1": NEW, "new_password2": NEW, "otp_token": token} | changed


def test_the_link_sets_password_and_device_and_gives_codes_on_paper(client: Client) -> None:
    path, device = invited()
    page = client.post(path, filled(device))
    user = User.objects.get(username="le.thu.ha")
    assert user.check_password(NEW)
    assert (user.is_active, user.is_staff, user.is_superuser) == (True, True, False)
    assert user.has_perm("reports.decide_case")
    codes = re.findall(r"<code>([a-z2-7]{8})", page.content.decode())
    assert len(set(codes)) == invitations.PAPER_CODES
    assert all(HashedBackupCodes.objects.get(user=user).verify_token(code) for code in codes)


def test_officers_say_how_they_are_called_and_may_leave_it(client: Client) -> None:
    for typed, kept in (("  Cán bộ Mẫu ", "Cán bộ Mẫu"), ("", "Cán bộ Mẫu")):
        path, device = invited()
        client.post(path, filled(device, full_name=typed))
        assert User.objects.get(username="le.thu.ha").get_full_name() == kept


def test_a_link_dies_on_use_and_as_soon_as_there_is_a_newer_or_the_account_is_closed(
    client: Client,
) -> None:
    older, _ = invited()
    newer, device = invited()
    assert [client.get(path).status_code for path in (older, newer)] == [410, 200]
    client.post(newer, filled(device))
    assert client.get(newer).status_code == 410
    last, device = invited()
    officer_accounts.deactivate(device.user, by=None, reason="lộ tin")
    assert client.get(last).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_counts() -> None:
    path, device = invited()
    answers = in_parallel([lambda: Client().post(path, filled(device)).status_code] * 4)
    assert sorted(answers) == [200, 410, 410, 410]
    assert EncryptedTOTPDevice.objects.get(pk=device.pk).confirmed


def test_a_link_dies_after_two_days(client: Client) -> None:
    path, _ = invited()
    with time_machine.travel(time.time() + timedelta(hours=48, minutes=1).total_seconds()):
        assert client.get(path).status_code == 410


def test_a_forged_link_opens_nothing(client: Client) -> None:
    path, device = invited()
    assert client.get(path.replace(f"/{device.pk}:", f"/{device.pk + 1}:")).status_code == 410


@pytest.mark.parametrize(
    "changed", [{"otp_token": "000000x"}, {"new_password2": "anders"}, {"new_password1": "ngắn"}]
)
def test_what_is_wrong_is_said_and_nobody_gets_in(
    client: Client, caplog: pytest.LogCaptureFixture, changed: dict[str, str]
) -> None:
    path, device = invited()
    page = client.post(path, filled(device, **changed))
    assert page.status_code == 422
    assert 'class="field-error"' in page.content.decode()
    assert not User.objects.get(username="le.thu.ha").is_active
    assert path not in caplog.text, "a link that still opens is not written down"
    assert client.get(path).status_code == 200


def test_an_invitation_changes_nothing_until_it_is_used(client: Client) -> None:
    lead = create_officer("chief", "lead")
    invited("chief", "lead")
    lead.refresh_from_db()
    assert lead.check_password(PASSWORD)
    assert EncryptedTOTPDevice.objects.filter(user=lead, confirmed=True).count() == 1


def test_a_locked_out_lead_comes_back_with_a_new_device(client: Client) -> None:
    lead = create_officer("chief", "lead")
    create_officer("other", "lead")  # the last one is never locked out
    User.objects.filter(pk=lead.pk).update(is_active=False), lead.groups.clear()
    act_alone()
    path, device = invited("chief", "lead")
    client.post(path, filled(device))
    lead.refresh_from_db()
    assert lead.is_active
    assert EncryptedTOTPDevice.objects.get(user=lead) == device
    kinds = set(events.events_for("user", lead.pk).values_list("kind", flat=True))
    assert kinds == {"invited", "enrolled"}


def test_the_page_shows_the_secret_as_a_square_and_sets_no_cookie(client: Client) -> None:
    path, _ = invited()
    page = client.get(path)
    assert '<path d="M' in page.content.decode()
    assert not page.cookies
    assert "no-store" in page.headers["Cache-Control"]
    assert "style=" not in page.content.decode()


def test_the_command_prints_the_link_and_refuses_a_name_that_is_none() -> None:
    call_command("invite_officer", "le.thu.ha", "--role", "duty", stdout=(out := StringIO()))
    assert out.getvalue().startswith("http://127.0.0.1:8000/can-bo/loi-moi/")
    with pytest.raises(CommandError, match="no log-in name"):
        call_command("invite_officer", "lê thu hà!", "--role", "duty")
