"""What one officer tries alone with every button there is: to speak for the police, to take a warning
of a number off, to give power, to destroy a report.
"""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import officer_accounts, roles
from accounts.models import OfficerProfile
from core.audit import proposals
from core.models import Proposal
from reports.models import Case, ErasureRequest, NumberFinding, Office, PublicStatement, Report
from reports.numbers import findings
from reports.retention import erasure_requests
from reports.retention import purge as purging
from tests.support import report_factories
from tests.support.data_files import read_cases
from tests.support.desk_pages import page_of, press
from tests.support.number_factories import proposed
from tests.support.officers import Person, confirm_open, create_officer, log_in
from tests.support.resident_pages import create_resident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guarded")]
WORDS = "Công an không làm việc qua Zalo."


def test_alone_no_word_of_a_public_page_is_changed(lead: Person) -> None:
    row = PublicStatement.objects.get(pk="never_by_phone")
    form = {"text": WORDS, "text_en": row.text_en, "is_public": "on"}
    lead.client.post("/admin/reports/publicstatement/never_by_phone/change/", form)
    office = Office.objects.get(pk="dien-luc")
    fields = {"codename": office.pk, "name": office.name, "other_names": "EVN", "position": "1"}
    lead.client.post("/admin/reports/office/dien-luc/change/", fields | {"never_by_phone": WORDS})
    assert not PublicStatement.objects.filter(text=WORDS).exists()
    assert not Office.objects.filter(never_by_phone=WORDS).exists()


@pytest.mark.parametrize("role", ["lead", "approver", "auditor"])
def test_alone_no_lead_gives_or_takes_power(
    lead: Person, duty: Person, role: str, settings: Settings
) -> None:
    """Nor has themselves taken for another by the ministry's log-in."""
    other = create_officer("hai", role)
    power = {"role": str(roles.group_of(role).pk), "reason": "x"}
    lead.client.post(f"/admin/auth/user/{duty.user.pk}/role/", power)
    assert list(duty.user.groups.all()) == [roles.group_of("duty")]
    lead.client.post(f"/admin/auth/user/{other.pk}/close/", {"reason": "x"})
    none = {"role": str(roles.group_of("duty").pk), "reason": "x"}
    lead.client.post(f"/admin/auth/user/{other.pk}/role/", none)
    other.refresh_from_db()
    assert other.is_active
    settings.OIDC_ISSUER = "https://tai-khoan.example"
    lead.client.post(f"/admin/auth/user/{duty.user.pk}/link/", {"subject": "x", "reason": "x"})
    assert not officer_accounts.is_linked(duty.user)
    assert list(other.groups.all()) == [roles.group_of(role)]


def test_alone_no_lead_takes_back_what_two_have_confirmed(duty: Person, lead: Person) -> None:
    row = findings.confirm(proposed(duty).pk, by=lead.user)
    lead.client.post(f"/admin/reports/numberfinding/{row.pk}/withdraw/", {"reason": "Nhầm"})
    assert NumberFinding.objects.get().withdrawn_at is None


@pytest.mark.parametrize("what", ["phrase", "contact"])
def test_who_made_themselves_the_reporter_does_not_erase(
    lead: Person, client: Client, what: str
) -> None:
    """The phrase shown, the code released, a new code fetched, the wish made with it and granted."""
    resident = create_resident(
        client, story="Họ gọi, dọa bắt.", phrase="Hoa gạo đỏ", contact="0992 000 118"
    )
    report = resident.report
    lead.client.post(page_of(report, f"reveal-{what}"), {"why": "gọi lại cho người báo"})
    page = lead.client.post(page_of(report, "release-code"), {"reason": "đúng câu hẹn"})
    word = page.context["revealed"]["word"]
    client.post("/theo-doi/ma-moi/", {"public_number": report.public_number, "word": word})
    erasure_requests.request_erasure(report, "")
    version = Case.objects.get(pk=report.pk).version
    lead.client.post(page_of(report, "grant-erasure"), {"version": version})
    granted = {"outcome": "granted", "decided_by": lead.user, "decided_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureRequest.objects.update(**granted)
    assert Report.objects.get().erased_at is None
    other = log_in(create_officer("hai", "lead"))
    page = other.get(page_of(report, "keeping")).content.decode()
    assert "lead đã cho lấy mã mới" in page


def test_alone_nobody_leaves_a_report_to_the_night(duty: Person, lead: Person) -> None:
    """Nor is any withdrawn without its reporter's wish."""
    report = report_factories.triaged("Tôi chuyển 900 triệu.", money_lost=True)
    assert press(duty.client, report, "withdraw", anyway="on").status_code == 409
    for by in (duty, lead):
        press(by.client, report, "junk" if by == duty else "second", anyway="on")
        assert ("tin rác, tin rút chờ người" in duty.read_page("/admin/")) == (by == duty)
        press(duty.client, report, "second")
        with time_machine.travel(timezone.now() + timedelta(days=40)):
            assert purging.run_until(purging.start_run(), 60)
        assert (Report.objects.get().erased_at is None) == (by == duty)


@pytest.mark.parametrize("statement", read_cases("two_people.json", "statements"))
def test_the_database_wants_two_people(lead: Person, duty: Person, statement: str) -> None:
    other = create_officer("hai", "lead")
    officer_accounts.on_enrolment(other)
    officer_accounts.on_enrolment(duty.user)
    with proposals.bypass_four_eyes():
        OfficerProfile.objects.filter(user=duty.user).update(oidc_subject="x9", oidc_issuer="i")
    findings.confirm(proposed(duty).pk, by=lead.user)
    officer_accounts.deactivate(other, by=lead.user, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")


def test_the_desk_lists_what_waits_and_another_lead_confirms(lead: Person, duty: Person) -> None:
    other = log_in(create_officer("hai", "lead"))
    row = findings.confirm(proposed(duty).pk, by=lead.user)
    findings.withdraw(row.pk, "Nhầm", by=lead.user)
    approver = roles.group_of("approver")
    officer_accounts.change_role(duty.user, approver, by=lead.user, reason="chuyển việc")
    assert "2</b> việc chờ người thứ hai" in other.get("/admin/").content.decode()
    page = other.get("/admin/core/proposal/").content.decode()
    assert "Gỡ ghi nhận" in page
    assert "duty: Đổi vai trò Người duyệt" in page
    role = Proposal.objects.get(kind="account").pk
    shown = other.get(f"/admin/core/proposal/{role}/change/").content.decode()
    assert f'<div class="readonly">{roles.group_of("duty")}</div>' in shown
    for proposal in Proposal.objects.all():
        assert other.get(f"/admin/core/proposal/{proposal.pk}/change/").status_code == 200
        other.post(f"/admin/core/proposal/{proposal.pk}/confirm/")
    assert NumberFinding.objects.get().withdrawn_at
    assert list(duty.user.groups.all()) == [approver]


def test_who_shall_be_closed_refuses_nothing(lead: Person) -> None:
    other = create_officer("hai", "lead")
    officer_accounts.deactivate(other, by=lead.user, reason="thôi việc")
    desk = log_in(other)
    assert "0 đề nghị" in desk.get("/admin/core/proposal/").content.decode()
    desk.post(f"/admin/core/proposal/{Proposal.objects.get().pk}/refuse/", {"reason": "không"})
    confirm_open(officer_accounts.ACCOUNT, create_officer("ba", "lead"))
