"""Findings on numbers: one proposes, another confirms, either is taken back; disputes answered."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from lxml import html

from core.audit import proposals
from core.errors import ActionError
from core.models import AuditEvent
from desk.numbers.findings import FindingForm
from portal.management import reference_data
from reports.models import Dispute, NumberFinding, OfficeNumber
from reports.numbers import disputes, findings
from reports.numbers.lookup import VerdictKind
from reports.reference.confirmed_statements import OFFICE_NUMBER
from tests.support.desk_pages import words
from tests.support.number_factories import (
    DISPUTES,
    KEY,
    NUMBER,
    NUMBERS,
    file_report,
    look_up,
    proposed,
    submit_dispute,
)
from tests.support.officers import Person, act_alone, confirm_open, create_officer, second

OFFICES = "/admin/reports/officenumber/"
FORM = {"number": NUMBER, "finding": "confirmed", "reason": "Thử", "valid_until": "18/02/2099"}
pytestmark = pytest.mark.django_db


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("kind", flat=True))


def test_a_proposal_of_three_months_is_public_only_once_another_confirms(
    duty: Person, lead: Person
) -> None:
    row = proposed(duty)
    assert (row.key, look_up().kind) == (KEY, VerdictKind.UNKNOWN)
    assert row.valid_until == timezone.localdate() + timedelta(days=92)
    findings.confirm(row.pk, by=lead.user)
    assert look_up().kind == VerdictKind.CONFIRMED
    assert acts() == ["number_proposed", "number_confirmed"]


def test_nobody_confirms_the_own_proposal(lead: Person) -> None:
    row = proposed(lead)
    with pytest.raises(ActionError, match="không tự xác nhận"):
        findings.confirm(row.pk, by=lead.user)
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        NumberFinding.objects.filter(pk=row.pk).update(confirmed_by=lead.user, confirmed_at=Now())
    assert connection.is_usable()


def test_who_may_not_confirm_cannot(duty: Person, editor: Person, lead: Person) -> None:
    row = proposed(lead)
    with pytest.raises(ActionError, match="quyền xác nhận"):
        findings.confirm(row.pk, by=duty.user)
    with pytest.raises(ActionError, match="quyền đề nghị"):
        proposed(editor, number="0550000999")


@pytest.mark.parametrize(
    ("words_", "why"),
    [
        ({"number": "số ẩn"}, "Chưa đọc được"),
        ({"number": "02373.725.725"}, "số công bố"),
        ({"number": "113"}, "số công bố"),
        ({"reason": "  "}, "căn cứ"),
        ({"valid_until": timezone.localdate()}, "sau hôm nay"),
        ({"finding": "cleared", "valid_until": timezone.localdate() + timedelta(days=59)}, "60 ngày"),
    ],
)  # fmt: skip
def test_what_speaks_against_a_proposal_is_said(
    duty: Person, words_: dict[str, Any], why: str
) -> None:
    reference_data.load_offices()
    with pytest.raises(ActionError, match=why):
        proposed(duty, **words_)
    assert not NumberFinding.objects.exists()


def test_a_number_has_one_finding_at_a_time(duty: Person, lead: Person) -> None:
    row = proposed(duty)
    with pytest.raises(ActionError, match="Đã có một ghi nhận"):
        proposed(lead)
    findings.withdraw(row.pk, "Nhầm số", by=duty.user)
    assert proposed(lead).pk != row.pk


def test_what_is_cleared_outlasts_all_that_was_told_before(duty: Person, lead: Person) -> None:
    file_report(0), file_report(1)
    row = proposed(duty, finding="cleared", valid_until=timezone.localdate() + timedelta(days=60))
    for days, expected in ((0, "SEVERAL"), (30, "UNKNOWN"), (61, "UNKNOWN")):
        with time_machine.travel(timezone.now() + timedelta(days=days)):
            if days == 30:
                file_report(2), file_report(3)
                findings.confirm(row.pk, by=lead.user)
                NumberFinding.objects.update(confirmed_at=timezone.now())
            assert look_up().kind.name == expected
    row.refresh_from_db()
    assert row.valid_until == timezone.localdate() + timedelta(days=90)


def test_what_is_confirmed_two_take_back_one_of_whom_may_confirm(
    duty: Person, lead: Person
) -> None:
    act_alone()
    row = findings.confirm(proposed(duty).pk, by=lead.user)
    with pytest.raises(ActionError, match="lý do"):
        findings.withdraw(row.pk, " ", by=lead.user)
    proposal = findings.withdraw(row.pk, "Nhầm", by=lead.user)
    assert proposal
    for person in (lead, duty):
        with pytest.raises(ActionError):
            proposals.confirm(findings.WITHDRAWAL, proposal.pk, by=person.user)
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberFinding.objects.update(withdrawn_at=timezone.now(), withdrawn_by=lead.user)
    assert look_up().kind == VerdictKind.CONFIRMED
    proposals.confirm(findings.WITHDRAWAL, proposal.pk, by=create_officer("hai", "lead"))
    assert (look_up().kind, acts()[-1]) == (VerdictKind.UNKNOWN, "number_withdrawn")


def test_an_upheld_dispute_takes_the_finding_back_and_forgets_what_was_told(
    duty: Person, lead: Person
) -> None:
    act_alone()
    file_report(0), file_report(1)
    findings.confirm(proposed(duty).pk, by=lead.user)
    dispute = disputes.answer(submit_dispute().pk, upheld=True, text="Số đã đổi chủ.", by=duty.user)
    assert (dispute.status, look_up().kind) == ("open", VerdictKind.CONFIRMED)
    dispute = disputes.confirm_clearing(dispute.pk, by=lead.user)
    assert (dispute.status, dispute.answer) == ("upheld", "Số đã đổi chủ.")
    assert look_up().kind == VerdictKind.UNKNOWN
    assert acts()[-3:] == ["dispute_proposed", "dispute_answered", "number_withdrawn"]
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        file_report(2), file_report(3)
        assert look_up().kind == VerdictKind.SEVERAL


def test_nobody_upholds_a_dispute_alone(lead: Person) -> None:
    file_report(0), file_report(1)
    dispute = submit_dispute()
    with pytest.raises(ActionError, match="Chưa ai đề nghị"):
        disputes.confirm_clearing(dispute.pk, by=lead.user)
    disputes.answer(dispute.pk, upheld=True, text="Được.", by=lead.user)
    with pytest.raises(ActionError, match="không tự xác nhận"):
        disputes.confirm_clearing(dispute.pk, by=lead.user)
    with pytest.raises(IntegrityError, match="dispute_four_eyes"), transaction.atomic():
        Dispute.objects.filter(pk=dispute.pk).update(status="upheld", answered_by=lead.user)
    assert look_up().kind == VerdictKind.SEVERAL


def test_clearing_by_a_dispute_needs_one_who_may_confirm(duty: Person, lead: Person) -> None:
    """Whether that one proposes or confirms, so that an office with one lead can clear a number."""
    dispute = disputes.answer(submit_dispute().pk, upheld=True, text="Được.", by=duty.user)
    with pytest.raises(ActionError, match="quyền xác nhận"):
        disputes.confirm_clearing(dispute.pk, by=second())
    assert disputes.confirm_clearing(dispute.pk, by=lead.user).status == "upheld"
    other = submit_dispute("0550000001")
    disputes.answer(other.pk, upheld=True, text="Được.", by=lead.user)
    assert disputes.confirm_clearing(other.pk, by=duty.user).status == "upheld"


def test_what_a_colleague_wants_cleared_may_still_be_kept(duty: Person, lead: Person) -> None:
    file_report(0), file_report(1)
    dispute = disputes.answer(submit_dispute().pk, upheld=True, text="Được.", by=duty.user)
    with pytest.raises(ActionError, match="Đã có người đề nghị"):
        disputes.answer(dispute.pk, upheld=True, text="Gỡ.", by=lead.user)
    dispute = disputes.answer(dispute.pk, upheld=False, text="Chưa đủ căn cứ.", by=lead.user)
    assert (dispute.status, dispute.answer) == ("rejected", "Chưa đủ căn cứ.")
    assert look_up().kind == VerdictKind.SEVERAL


def test_a_dispute_is_answered_once_with_words_and_when_rejected_the_finding_stays(
    duty: Person, lead: Person
) -> None:
    findings.confirm(proposed(duty).pk, by=lead.user)
    dispute = submit_dispute()
    with pytest.raises(ActionError, match="câu trả lời"):
        disputes.answer(dispute.pk, upheld=False, text=" ", by=lead.user)
    disputes.answer(dispute.pk, upheld=False, text="Không đủ căn cứ.", by=lead.user)
    with pytest.raises(ActionError, match="đã được trả lời"):
        disputes.answer(dispute.pk, upheld=True, text="Gỡ.", by=lead.user)
    assert look_up().kind == VerdictKind.CONFIRMED


def test_disputes_over_what_is_no_number_clear_nothing(duty: Person, lead: Person) -> None:
    dispute = disputes.answer(submit_dispute("số ẩn").pk, upheld=True, text="Được.", by=duty.user)
    disputes.confirm_clearing(dispute.pk, by=lead.user)
    file_report(0), file_report(1)
    assert look_up().kind == VerdictKind.SEVERAL


# --- the desk


def test_the_desk_proposes_says_what_is_wrong_and_confirms(duty: Person, lead: Person) -> None:
    for wrong, sentence in (
        ({"valid_until": "mai"}, "Ghi như 24/11/2026"),
        ({"number": "ẩn số"}, "Chưa đọc được một số nào"),
    ):
        assert sentence in words(duty.client.post(f"{NUMBERS}add/", FORM | wrong))
    assert duty.client.post(f"{NUMBERS}add/", FORM).status_code == 303
    row = NumberFinding.objects.get()
    assert (row.proposed_by, row.key, f"{row.valid_until:%d/%m/%Y}") == (
        duty.user, KEY, "18/02/2099",
    )  # fmt: skip
    page = f"{NUMBERS}{row.pk}/change/"
    assert "không tự xác nhận" in words(duty.client.get(page))
    assert "Xác nhận, cho hiện" in words(lead.client.get(page))
    assert "Đã xác nhận." in words(lead.client.post(f"{NUMBERS}{row.pk}/confirm/", follow=True))
    assert "Đề nghị ghi nhận một số, tài khoản, link: Thử" in words(lead.client.get(page))


def test_a_form_that_is_only_looked_at_writes_nothing(duty: Person) -> None:
    form = FindingForm(FORM)
    form.by = duty.user
    assert form.is_valid()
    assert not NumberFinding.objects.exists()
    assert acts() == []


def test_of_two_who_propose_at_once_the_slower_is_told(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quicker(row: NumberFinding) -> None:
        raise ActionError("Số này đã có một ghi nhận.")

    monkeypatch.setattr(findings, "store_proposal", quicker)
    assert "đã có một ghi nhận" in words(duty.client.post(f"{NUMBERS}add/", FORM, follow=True))
    assert not LogEntry.objects.exists()


def test_the_desk_takes_back_with_a_reason(duty: Person) -> None:
    address = f"{NUMBERS}{proposed(duty).pk}/withdraw/"
    assert "Chưa ghi lý do" in words(duty.client.post(address, follow=True))
    assert "Đã gỡ ghi nhận." in words(duty.client.post(address, {"reason": "Nhầm"}, follow=True))


def test_nothing_but_the_buttons_changes_a_finding(duty: Person, lead: Person) -> None:
    row = proposed(duty)
    assert lead.client.post(f"{NUMBERS}{row.pk}/change/", {"number": "1"}).status_code == 403
    assert lead.client.post(f"{NUMBERS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert duty.client.post(f"{NUMBERS}{row.pk}/confirm/").status_code == 403
    assert NumberFinding.objects.get().confirmed_at is None


def test_open_disputes_come_by_their_hour(duty: Person) -> None:
    late, early, done = (submit_dispute(f"055000000{digit}") for digit in "123")
    Dispute.objects.filter(pk=late.pk).update(due_at=timezone.now() + timedelta(days=3))
    Dispute.objects.filter(pk=early.pk).update(due_at=timezone.now() - timedelta(days=3))
    Dispute.objects.filter(pk=done.pk).update(status="rejected")
    page = words(duty.client.get(DISPUTES))
    assert page.index("0550000002") < page.index("quá hạn") < page.index("0550000001")
    assert "0550000003" not in page


def test_the_desk_answers_a_dispute(lead: Person, duty: Person) -> None:
    file_report(0), file_report(1)
    dispute = submit_dispute()
    page = words(duty.client.get(f"{DISPUTES}{dispute.pk}/change/"))
    assert "Số của tôi." in page
    assert "đã có 2 người báo" in page
    form = {"decision": "upheld", "answer": "Số đã đổi chủ."}
    answer = duty.client.post(f"{DISPUTES}{dispute.pk}/answer/", form, follow=True)
    assert "duty đề nghị gỡ, chờ người khác xác nhận" in words(answer)
    assert "Xác nhận gỡ" not in words(answer)
    answer = lead.client.post(f"{DISPUTES}{dispute.pk}/agree/", follow=True)
    assert "Đã gỡ." in words(answer)
    assert look_up().kind == VerdictKind.UNKNOWN


def test_no_address_of_the_desk_holds_the_number(duty: Person, lead: Person) -> None:
    report, row, dispute = file_report(0), proposed(duty), submit_dispute()
    for page in (f"{DISPUTES}{dispute.pk}/change/", f"{NUMBERS}{row.pk}/change/"):
        seen = html.document_fromstring(lead.client.get(page).content)
        links = seen.xpath("//a/@href | //form/@action")
        assert f"/admin/reports/report/{report.pk}/change/" in links
        assert not [link for link in links if KEY[3:] in link]


def test_whom_to_ring_is_shown_once_and_on_record(duty: Person, auditor: Person) -> None:
    dispute = submit_dispute()
    page = f"{DISPUTES}{dispute.pk}/"
    assert "0550000111" not in words(duty.client.get(f"{page}change/"))
    assert "0550000111" in words(duty.client.post(f"{page}reveal/"))
    event = AuditEvent.objects.get()
    assert (event.kind, event.subject_type, event.actor) == ("revealed", "dispute", duty.user)
    assert auditor.client.post(f"{page}reveal/").status_code == 403


def test_a_published_number_gets_its_key_and_is_on_record(lead: Person) -> None:
    reference_data.load_offices()
    form = {"office": "dien-luc", "number": "1900 1234", "label": "Chăm sóc khách hàng",
            "source": "Hóa đơn tiền điện", "verified_on": "24/11/2026"}  # fmt: skip
    assert lead.client.post(f"{OFFICES}add/", form).status_code == 303
    confirm_open(OFFICE_NUMBER)
    assert OfficeNumber.objects.get(office="dien-luc").key == "+8419001234"
    assert acts() == ["act_proposed", "act_confirmed"]
    assert "đã có trong danh sách" in words(lead.client.post(f"{OFFICES}add/", form))
    form |= {"number": "không rõ"}
    assert "Chưa đọc được một số nào" in words(lead.client.post(f"{OFFICES}add/", form))
