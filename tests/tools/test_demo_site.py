"""A first look has its people and its warning, once; production has neither, nor invented reports."""

import base64
import json
import stat
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import totp
from pytest_django import Settings

from accounts.models import EncryptedTOTPDevice
from alerts import publishing
from alerts.models import Alert, AlertRevision
from reports.models import PublicStatement, Report
from tests.support.officers import Person
from tools.demo import officers
from tools.demo import reports as demo
from tools.demo.site import create_demo_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data_folder")]


def prepare() -> dict:
    create_demo_site()
    return json.loads(officers.credentials_path().read_text())


def test_three_people_whose_log_ins_the_owner_alone_reads_and_the_first_warning_are_there() -> None:
    noted = prepare()
    assert [one["user"] for one in noted["people"]] == ["truc.ban", "bien.tap", "nguoi.duyet"]
    assert AlertRevision.objects.in_force().count() == 1
    revision = AlertRevision.objects.get()
    assert (revision.author.username, revision.issued_by.username) == ("bien.tap", "nguoi.duyet")
    assert stat.S_IMODE(officers.credentials_path().stat().st_mode) == 0o600


def test_a_noted_person_can_enter_the_desk() -> None:
    officer = prepare()["people"][0]
    device = EncryptedTOTPDevice.objects.get(user__username=officer["user"]).persistent_id
    code = totp(base64.b32decode(officer["totp_secret"]))
    entry = {"username": officer["user"], "password": officer["password"]}
    otp = {"otp_device": device, "otp_token": f"{code:06}"}
    answer = Client().post("/admin/login/?next=/admin/", entry | otp)
    assert answer.status_code == 302, answer.content.decode()


def test_a_second_start_changes_nothing_but_a_new_port(settings: Settings) -> None:
    first = prepare()
    before = list(User.objects.order_by("pk").values_list("password", "date_joined"))
    settings.PORTAL_URL = "http://127.0.0.1:8001"
    assert prepare() == first | {"url": "http://127.0.0.1:8001"}
    assert list(User.objects.order_by("pk").values_list("password", "date_joined")) == before
    assert AlertRevision.objects.count() == 1
    assert EncryptedTOTPDevice.objects.count() == 3


@pytest.mark.parametrize("rubbish", [None, "", "{", "[]", '{"people": [{"user": 1}]}'])
def test_lost_or_spoilt_notes_give_new_passwords_and_nobody_twice(rubbish: str | None) -> None:
    first = prepare()
    path = officers.credentials_path()
    path.unlink() if rubbish is None else path.write_text(rubbish)
    assert prepare()["people"][0]["password"] != first["people"][0]["password"]
    assert User.objects.count() == EncryptedTOTPDevice.objects.count() == 3


def test_notes_of_another_database_do_not_count() -> None:
    noted = prepare()
    User.objects.filter(username="truc.ban").update(password="another")
    assert prepare()["people"][0]["password"] != noted["people"][0]["password"]


def test_a_warning_cancelled_in_the_first_look_stays_cancelled() -> None:
    prepare()
    people = officers.ensure_demo_users()
    publishing.cancel(Alert.objects.get(), by=people["approver"])
    prepare()
    assert AlertRevision.objects.count() == 2


@pytest.mark.parametrize("create", [create_demo_site, demo.fill_desk])
def test_production_refuses_both(
    settings: Settings, duty: Person, create: Callable[[], object]
) -> None:
    settings.FIRST_LOOK = False
    with pytest.raises(CommandError, match="first look"):
        create()
    assert User.objects.get() == duty.user
    assert not Report.objects.exists()


def test_without_an_officer_it_says_what_to_start() -> None:
    with pytest.raises(CommandError, match="make run"):
        demo.fill_desk()


def test_setup_alone_turns_no_sentence_on(duty: Person) -> None:
    call_command("setup_desk", verbosity=0)
    assert not PublicStatement.objects.filter(is_public=True).exists()
