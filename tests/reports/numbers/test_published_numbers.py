"""Published numbers, and what takes two officers at all: one asks, another confirms, and until then the
old one stays.
"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from core.audit import events, proposals
from core.errors import ActionError
from core.models import Proposal
from reports.models import BankHotline, OfficeNumber
from reports.reference.confirmed_statements import BANK_HOTLINE, OFFICE_NUMBER
from tests.support.officers import Person, second

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guarded")]
CHANGES = "/admin/core/proposal/"


def hotline() -> OfficeNumber:
    return OfficeNumber.objects.get(number="02373.725.725")


def propose_number(by: User, number: str = "0550 000 111") -> Proposal:
    row = hotline()
    row.number, row.key = number, "+84550000111"
    return OFFICE_NUMBER.propose(row, by)


def bank(**fields: str) -> BankHotline:
    given: dict[str, Any] = {"name": "Ngân hàng A", "number": "0550 000 199", "source": "mặt sau thẻ",
                             "verified_on": "2026-11-05"}  # fmt: skip
    return BankHotline(**(given | fields))


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE reports_officenumber SET number = '0550000111'",
        "UPDATE reports_officenumber SET source = 'nơi khác'",
        "DELETE FROM reports_officenumber",
        "INSERT INTO reports_bankhotline (name, number, source, verified_on) VALUES ('A', '1', 'x', now())",
        "UPDATE core_proposal SET new_values = '{}'",
        "DELETE FROM core_proposal",
    ],
)
def test_no_single_hand_changes_a_published_number_or_what_was_asked(
    lead: Person, act: str
) -> None:
    propose_number(lead.user)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(act)


def test_the_old_number_stays_until_another_confirms(lead: Person) -> None:
    change = propose_number(lead.user)
    assert hotline().number == "02373.725.725"
    proposals.confirm(OFFICE_NUMBER, change.pk, by=second())
    assert OfficeNumber.objects.filter(number="0550 000 111", key="+84550000111").count() == 1
    kinds = [event.kind for event in events.events_for("proposal", change.pk)]
    assert kinds == ["act_confirmed", "act_proposed"]


def test_nobody_confirms_what_they_asked_for(lead: Person) -> None:
    change = propose_number(lead.user)
    with pytest.raises(ActionError, match="không tự xác nhận"):
        proposals.confirm(OFFICE_NUMBER, change.pk, by=lead.user)
    assert hotline().number == "02373.725.725"


def test_one_change_of_a_row_waits_at_a_time(lead: Person) -> None:
    propose_number(lead.user)
    with pytest.raises(ActionError, match="đang có một đề nghị"):
        propose_number(second())


def test_the_same_bank_asked_for_twice_is_there_once(lead: Person) -> None:
    first, again = (BANK_HOTLINE.propose(bank(), lead.user) for _ in range(2))
    proposals.confirm(BANK_HOTLINE, first.pk, by=second())
    with pytest.raises(ActionError, match="đã có trong danh sách"):
        proposals.confirm(BANK_HOTLINE, again.pk, by=second())
    assert BankHotline.objects.count() == 1


def test_a_row_that_changed_meanwhile_is_not_overwritten(lead: Person) -> None:
    change = propose_number(lead.user)
    with proposals.bypass_four_eyes():
        OfficeNumber.objects.filter(pk=change.target).update(label="Trực ban mới")
    with pytest.raises(ActionError, match="đã đổi từ khi đề nghị"):
        proposals.confirm(OFFICE_NUMBER, change.pk, by=second())


def test_a_refusal_needs_a_reason_and_changes_nothing(lead: Person) -> None:
    change = propose_number(lead.user)
    with pytest.raises(ActionError, match="lý do"):
        proposals.refuse(OFFICE_NUMBER, change.pk, " ", by=second())
    proposals.refuse(OFFICE_NUMBER, change.pk, "không đúng nguồn", by=lead.user)
    with pytest.raises(ActionError, match="đã quyết rồi"):
        proposals.confirm(OFFICE_NUMBER, change.pk, by=second())
    assert hotline().number == "02373.725.725"


def test_the_desk_asks_and_a_colleague_confirms(lead: Person, duty: Person) -> None:
    row = hotline()
    form = {"office": row.office_id, "number": row.number, "label": "Trực ban", "label_en": "Duty",
            "source": "Công văn 140/CAT-PV01", "verified_on": "05/11/2026"}  # fmt: skip
    answer = lead.client.post(f"/admin/reports/officenumber/{row.pk}/change/", form, follow=True)
    assert "giữ như cũ cho đến khi một người khác xác nhận" in answer.content.decode()
    change = Proposal.objects.get()
    for person, may_confirm in ((duty, True), (lead, False)):
        page = person.client.get(f"{CHANGES}{change.pk}/change/").content.decode()
        assert ("Đã đối chiếu, xác nhận" in page) is may_confirm
    duty.client.post(f"{CHANGES}{change.pk}/confirm/")
    assert hotline().label == "Trực ban"


def test_a_role_without_the_right_is_refused(lead: Person, editor: Person) -> None:
    change = propose_number(lead.user)
    with pytest.raises(ActionError, match="quyền"):
        proposals.confirm(OFFICE_NUMBER, change.pk, by=editor.user)
    for act in ("confirm", "refuse"):
        editor.client.post(f"{CHANGES}{change.pk}/{act}/", {"reason": "x"})
    change.refresh_from_db()
    assert change.state == "open"
