"""The way in: three things on one page, and what happens when one is wrong."""

from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import Settings

from accounts.models import EncryptedTOTPDevice, HashedBackupCodes
from portal.management.commands.officer_code import current_totp
from tests.support.desk_login import code, enter
from tests.support.officers import PASSWORD, Person, create_officer, phone_of

pytestmark = pytest.mark.django_db


def errors_of(answer: HttpResponse) -> list[str]:
    """What the log-in page says is wrong."""
    page = html.document_fromstring(answer.content.decode())
    return [each.text_content().strip() for each in page.xpath("//*[@class='errornote']")]


@pytest.mark.parametrize("shape", ["{}{}", "{} {}"])
def test_name_password_and_code_open_the_desk(client: Client, user: User, shape: str) -> None:
    token = code(user)
    assert enter(client, token=shape.format(token[:3], token[3:])).status_code == 302
    assert client.get("/admin/").status_code == 200


def test_a_wrong_try_says_when_to_try_again(client: Client, user: User, settings: Settings) -> None:
    [said] = errors_of(enter(client, password="sai", token="1"))
    minutes = int(settings.AXES_COOLOFF_TIME * 60)
    assert f"sai {settings.AXES_FAILURE_LIMIT} lần thì phải chờ {minutes} phút" in said


def test_a_code_on_paper_works_once(client: Client, user: User) -> None:
    first, second = HashedBackupCodes.issue(user, 2)
    assert enter(client, token=first.upper()).status_code == 302
    client.logout()
    assert enter(client, token=first).status_code == 200
    HashedBackupCodes.objects.update(throttling_failure_count=0)
    assert enter(client, token=second).status_code == 302


@pytest.mark.parametrize(
    "wrong", [{"name": "ai"}, {"password": "sai"}, {"token": "123456"}, {"token": "zz"}]
)
def test_whatever_is_wrong_the_answer_is_the_same(
    client: Client, user: User, wrong: dict[str, str]
) -> None:
    page = enter(client, **{"token": code(user), **wrong})
    assert page.status_code == 200
    assert "Tên đăng nhập, mật khẩu hoặc mã xác nhận chưa đúng" in page.content.decode()
    assert PASSWORD not in page.content.decode()
    assert client.get("/admin/").status_code == 302


def test_a_device_that_waits_does_not_tell_that_the_password_was_right(
    client: Client, user: User
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        enter(client, token="000000")
        said = [enter(client, password=password, token="000000") for password in (PASSWORD, "sai")]
    right, wrong = (errors_of(answer) for answer in said)
    assert phone_of(user).throttling_failure_count == 1
    assert right == wrong


def test_a_password_alone_opens_nothing(client: Client, user: User) -> None:
    assert "Đăng nhập trực ban" in enter(client).content.decode()
    assert client.get("/admin/reports/report/").status_code == 302


def test_a_session_without_the_second_factor_is_nobody(client: Client, user: User) -> None:
    client.force_login(user, backend="accounts.backends.DeskBackend")
    assert client.get("/admin/reports/report/").status_code == 302


def test_another_persons_device_does_not_count(client: Client, user: User) -> None:
    other = create_officer("minh", "duty")
    assert enter(client, token=code(other)).status_code == 200


def test_somebody_who_is_no_officer_stays_outside(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=False)
    assert enter(client, token=code(user)).status_code == 200


def test_five_wrong_passwords_lock_that_name_at_that_address(client: Client, user: User) -> None:
    answers = [enter(client, password="sai", token="000000") for _ in range(5)]
    assert answers[-1].status_code == 429
    assert "Tạm khóa đăng nhập" in answers[-1].content.decode()
    assert enter(client, token=code(user)).status_code == 429


def test_five_wrong_codes_lock_as_five_wrong_passwords_do(client: Client, user: User) -> None:
    """Or whoever is never locked out would know that the password was right."""
    answers = [enter(client, token="000000") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    EncryptedTOTPDevice.objects.update(throttling_failure_count=0)
    assert enter(client, token=code(user)).status_code == 429


def test_a_lock_out_is_a_code_in_the_log_without_name_and_address(
    client: Client, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        enter(client, password="sai")
    codes = [record.getMessage() for record in caplog.records if record.name.startswith("axes")]
    assert codes == ["login.failed"] * 5 + ["login.locked_out"]


def test_who_logs_in_leaves_no_line(
    client: Client, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    assert enter(client, token=code(user)).status_code == 302
    client.post("/admin/logout/")
    assert [record.name for record in caplog.records if record.name.startswith("axes")] == []


def test_a_lock_out_keeps_nobody_else_out(client: Client, user: User) -> None:
    other = create_officer("minh", "duty")
    for _ in range(5):
        enter(client, password="sai", token="000000")
    assert enter(client, name="minh", token=code(other)).status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert enter(elsewhere, token=code(user)).status_code == 302


def test_logging_out_needs_a_post_and_ends_it(duty: Person) -> None:
    assert duty.client.get("/admin/logout/").status_code == 405
    duty.client.post("/admin/logout/")
    assert duty.client.get("/admin/").status_code == 302


def test_officer_code_prints_a_code_that_opens(client: Client, user: User) -> None:
    out = StringIO()
    call_command("officer_code", "ha", stdout=out)
    assert enter(client, token=out.getvalue().strip()).status_code == 302


def test_officer_code_never_prints_a_code_twice(user: User) -> None:
    device = phone_of(user)
    first = current_totp(device)
    assert device.verify_token(first)
    second = current_totp(EncryptedTOTPDevice.objects.get())
    assert second != first
    EncryptedTOTPDevice.objects.update(throttling_failure_count=0)
    assert EncryptedTOTPDevice.objects.get().verify_token(second)


@pytest.mark.parametrize(
    ("name", "first_look", "why"), [("ha", False, "first look"), ("ai", True, "no officer")]
)
def test_officer_code_is_for_a_first_look_alone(
    user: User, settings: Settings, name: str, first_look: bool, why: str
) -> None:
    settings.FIRST_LOOK = first_look
    with pytest.raises(CommandError, match=why):
        call_command("officer_code", name)
