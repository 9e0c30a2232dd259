"""Where an officer is logged in, for how long at most, and how that ends."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import sessions
from core.audit import events
from tests.support.officers import PASSWORD, Person, log_in

pytestmark = pytest.mark.django_db
PAGE = "/admin/sessions/"
PHONE = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36"
AGENTS = {
    PHONE: "Chrome trên Android",
    "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/132.0": "Firefox trên Windows",
    "Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0": "Edge trên Windows",
    "<script>alert(1)</script>": "Trình duyệt khác trên máy không rõ",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_device_is_told_in_words(duty: Person, agent: str) -> None:
    request = duty.client.get(PAGE, headers={"user-agent": agent}).wsgi_request
    assert sessions.device_of(request) == AGENTS[agent]


def test_the_page_shows_ones_own_places_alone(duty: Person, lead: Person) -> None:
    log_in(duty.user)
    page = duty.client.get(PAGE).content.decode()
    assert page.count("Vào lúc") == 2
    assert page.count("(chính máy này)") == 1
    assert "127.0.0.1" not in page
    assert duty.client.session.session_key not in page


def test_the_others_are_ended_and_this_one_stays(duty: Person, lead: Person) -> None:
    other = log_in(duty.user)
    assert duty.client.post(PAGE).status_code == 303
    answers = [client.get(PAGE).status_code for client in (other, duty.client, lead.client)]
    assert answers == [302, 200, 200]
    ended = events.events_for("user", duty.user.pk).get()
    assert (ended.kind, ended.detail) == ("sessions_ended", {"sessions": 1})


def test_a_new_password_ends_the_other_sessions(duty: Person) -> None:
    other, new = log_in(duty.user), "một câu rất dài mà dễ nhớ"
    typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert duty.client.post("/admin/password_change/", typed).status_code == 302
    assert other.get(PAGE).status_code == 302
    assert duty.client.get(PAGE).status_code == 200
    assert events.events_for("user", duty.user.pk).get().kind == "password_changed"


def test_a_wrong_old_password_ends_nothing(duty: Person) -> None:
    other = log_in(duty.user)
    duty.client.post("/admin/password_change/", {"old_password": "sai"})
    assert other.get(PAGE).status_code == 200


@pytest.mark.parametrize(("hours", "status"), [(12, 302), (24, 200)])
def test_nobody_stays_longer_than_the_setting_says_however_busy(
    duty: Person, settings: Settings, hours: int, status: int
) -> None:
    settings.SESSION_MAX_HOURS = hours
    began = timezone.now()
    for half_hours in range(1, 25):
        with time_machine.travel(began + timedelta(minutes=29 * half_hours), tick=False):
            duty.client.get(PAGE)
    with time_machine.travel(began + timedelta(hours=12, minutes=1), tick=False):
        assert duty.client.get(PAGE).status_code == status


def test_a_session_that_does_not_say_since_when_is_over(duty: Person) -> None:
    session = duty.client.session
    del session["began_at"]
    session.save()
    assert duty.client.get(PAGE).status_code == 302


def test_half_an_hour_without_a_page_ends_it(duty: Person) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert duty.client.get(PAGE).status_code == 302


@pytest.mark.parametrize("part", ["calls", "handovers"])
def test_a_page_that_asks_by_itself_does_not_put_off_the_end(duty: Person, part: str) -> None:
    """Nobody may sit down at a start page that was left open hours ago."""
    began, url = timezone.now(), f"/admin/reports/report/{part}/"
    for minutes, status in ((29, 200), (31, 302)):
        with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
            answer = duty.client.get(url)
            assert (answer.status_code, answer.headers["Vary"]) == (status, "Cookie")


def test_a_session_is_not_begun_by_who_is_not_let_in(client: Client) -> None:
    assert not client.get("/admin/login/").cookies.get("sessionid")
