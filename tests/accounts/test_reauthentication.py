"""Personal data opens to who has lately said who they are; else the desk asks and goes on."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django_otp.oath import totp
from lxml import html
from pytest_django import Settings

from core.audit import events
from core.models import AuditEvent
from tests.support import report_factories
from tests.support.officers import PASSWORD, Person, create_officer, phone_of
from tests.support.transfer_slips import handed, take

STORY = "Xưng công an, dọa bắt."
TWENTY_MINUTES = timedelta(minutes=20).total_seconds()
WHY = {"why": "call", "reason": "Gọi lại <b>& hỏi thêm"}


def reveal(who: Person, address: str, **typed: str) -> Any:
    return who.client.post(address, {**WHY, **typed})


@pytest.fixture
def address(db: None) -> str:
    report = report_factories.report(STORY, contact="0992 000 118")
    return f"/admin/reports/report/{report.pk}/reveal-contact/"


def hidden_of(page: bytes) -> dict[str, str]:
    fields = html.fromstring(page.decode()).xpath(
        "//form[.//input[@name='confirm_proof']]//input[@type='hidden']"
    )
    return {field.get("name"): field.get("value") for field in fields}


def asks(answer: Any) -> bool:
    return b"confirm_proof" in answer.content


@pytest.mark.parametrize("minutes", [0, 20])
def test_who_has_lately_logged_in_is_not_asked(
    duty: Person, address: str, settings: Settings, minutes: int
) -> None:
    settings.REAUTHENTICATION_MINUTES = minutes + 10
    with time_machine.travel(time.time() + minutes * 60):
        assert not asks(reveal(duty, address))
    assert not events.events_for("user", duty.user.pk)


def test_later_the_desk_asks_and_shows_nothing(duty: Person, address: str) -> None:
    with time_machine.travel(time.time() + TWENTY_MINUTES):
        answer = reveal(duty, address)
    assert asks(answer)
    assert not any(number in answer.content.decode() for number in ("0992 000", "0992000"))
    assert not AuditEvent.objects.filter(kind="revealed").exists()
    assert hidden_of(answer.content).items() >= WHY.items(), "what was posted is carried along"


@pytest.mark.parametrize("is_code", [True, False])
def test_the_right_password_or_code_goes_on_with_the_act(
    duty: Person, address: str, is_code: bool
) -> None:
    with time_machine.travel(time.time() + TWENTY_MINUTES, tick=False):
        carried = hidden_of(reveal(duty, address).content)
        code = f"{totp(phone_of(duty.user).bin_key):06d}"
        carried["confirm_proof"] = code if is_code else PASSWORD
        assert not asks(duty.client.post(address, carried))
        assert not asks(reveal(duty, address))


@pytest.mark.parametrize("wrong", ["", "000000", "not the password at all"])
def test_a_wrong_one_opens_nothing(duty: Person, address: str, wrong: str) -> None:
    with time_machine.travel(time.time() + TWENTY_MINUTES):
        answer = reveal(duty, address, confirm_proof=wrong)
        assert (answer.status_code, asks(answer)) == (422, True)
        assert asks(reveal(duty, address))


def test_guesses_of_the_password_lock_as_at_the_door(duty: Person, address: str) -> None:
    with time_machine.travel(time.time() + TWENTY_MINUTES):
        answers = [reveal(duty, address, confirm_proof="not the password") for _ in range(5)]
    assert answers[-1].status_code == 429


def test_who_lacks_the_right_is_refused_and_not_asked(editor: Person, address: str) -> None:
    with time_machine.travel(time.time() + TWENTY_MINUTES):
        assert reveal(editor, address).status_code == 403


def test_an_export_asks_before_its_page_and_leads_to_it(lead: Person) -> None:
    page = "/admin/reports/report/export/?q=x"
    with time_machine.travel(time.time() + TWENTY_MINUTES):
        carried = hidden_of(lead.client.get(page).content)
        answer = lead.client.post(page, {**carried, "confirm_proof": PASSWORD})
        assert (answer.status_code, answer.headers["Location"]) == (303, page)
        assert not asks(lead.client.get(page))


def test_a_new_code_is_not_given_to_who_only_found_the_desk_open(duty: Person) -> None:
    report = report_factories.report(STORY, contact="0992 000 118", phrase="bến đò")
    page = f"/admin/reports/report/{report.pk}/release-code/"
    events.log_event("report", report.pk, "revealed", by=duty.user, field="phrase")
    with time_machine.travel(time.time() + TWENTY_MINUTES, tick=False):
        asked = duty.client.post(page, {"reason": "đọc đúng câu hẹn"})
        assert asks(asked)
        assert (
            not events.events_for("report", report.pk).filter(kind="one_time_word_issued").exists()
        )
        carried = {**hidden_of(asked.content), "confirm_proof": PASSWORD}
        assert not asks(duty.client.post(page, carried))
    released = events.events_for("report", report.pk).get(kind="one_time_word_issued")
    assert released.detail["reason"] == "đọc đúng câu hẹn"


def test_a_paper_with_what_is_sealed_asks_and_one_without_does_not(duty: Person) -> None:
    report = handed(duty, contact="0992 000 118")
    with time_machine.travel(time.time() + TWENTY_MINUTES):
        assert asks(take(duty, report, whole="1"))
        assert (
            not events.events_for("report", report.pk).filter(kind="transfer_slip_printed").exists()
        )
        assert take(duty, report).headers["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    ("times", "act", "is_asked"),
    [
        (29, {"kind": "revealed"}, False),
        (30, {"kind": "revealed"}, True),
        (30, {"kind": "case_exported", "personal": True}, True),
        (1, {"kind": "exported", "personal": True, "rows": 30}, True),
        (1, {"kind": "exported", "personal": False, "rows": 30}, False),
    ],
)
def test_who_has_opened_thirty_within_ten_minutes_is_asked_again_and_not_refused(
    lead: Person, address: str, times: int, act: Any, *, is_asked: bool
) -> None:
    for by in times * [lead.user, create_officer("khac", "duty")]:  # each is counted alone
        events.log_event("report", "1", by=by, **act)
    answer = reveal(lead, address, why="Gọi lại người báo")
    assert asks(answer) == is_asked
    if is_asked:
        assert asks(reveal(lead, address.replace("reveal-contact", "case-file"), personal="on"))
        assert "chỉ huy được báo" in answer.content.decode()
        assert not events.events_for("report", address.split("/")[4]).filter(actor=lead.user)
        carried = {**hidden_of(answer.content), "confirm_proof": PASSWORD}
        lead.client.post(address, carried)
        assert "0992 000 118" in lead.read_page(address.replace("reveal-contact", "change"))
