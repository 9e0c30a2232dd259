"""The pages on which officers judge a number and answer who asks for a second look."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import encryption
from core.errors import ActionError
from core.models import AuditEvent
from reports.models import Dispute, NumberFinding
from reports.numbers import disputes, findings
from reports.numbers.disputes import DisputeSubmission
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, tree, words
from tests.support.desk_pages import page_of as report_page
from tests.support.number_factories import (
    DISPUTES,
    NUMBER,
    NUMBERS,
    file_report,
    proposed,
    submit_dispute,
)
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


def page_of(row: Dispute) -> str:
    return f"{DISPUTES}{row.pk}/change/"


def buttons(person: Person, row: Dispute) -> set[str]:
    page = tree(person.client.get(page_of(row)))
    return set(page.xpath("//button[@name='decision']/@value"))


def test_a_proposal_is_not_called_confirmed(duty: Person) -> None:
    page = words(duty.client.get(f"{NUMBERS}add/"))
    assert "Đề nghị ghi nhận một số, tài khoản, link" in page
    form = {"number": NUMBER, "finding": "confirmed", "reason": "Thử", "valid_until": "18/02/2099"}
    page = words(duty.client.post(f"{NUMBERS}add/", form, follow=True))
    assert "Đã đề nghị. Chờ người khác xác nhận." in page
    assert "thành công" not in page


def test_who_confirms_sees_what_was_told_of_the_number(duty: Person, lead: Person) -> None:
    row = proposed(duty)
    first, _ = file_report(0), file_report(1)
    answer = lead.client.get(f"{NUMBERS}{row.pk}/change/")
    assert "2 tin nêu điều này" in words(answer)
    assert "2 người báo độc lập trong 60 ngày qua." in words(answer)
    assert answer.content.count(f"{QUEUE}".encode() + str(first.pk).encode()) == 1


def test_who_confirms_a_link_reads_the_whole_site_that_is_named(duty: Person, lead: Person) -> None:
    form = {"number": "https://nop-phat.top/tra?id=1", "finding": "confirmed", "reason": "Thử", "valid_until": "18/02/2099"}  # fmt: skip
    duty.client.post(f"{NUMBERS}add/", form)
    row = NumberFinding.objects.get()
    assert row.number == row.key == "nop-phat.top"
    page = words(lead.client.get(f"{NUMBERS}{row.pk}/change/"))
    assert "Ghi nhận về đường link nop-phat[.]top" in page
    assert "/tra" not in page


def test_reports_of_the_same_digits_at_another_bank_are_not_counted(
    duty: Person, lead: Person
) -> None:
    named = [report_factories.report(f"tin {n}") for n in range(3)]
    for report, bank in zip(named, ("Vietcombank", "", "MB Bank"), strict=True):
        account = {"kind": "account", "number_kind": "", "bank": bank}
        report_factories.number(report, "0992000456789", **account)
    account = "Vietcombank 0992000456789"
    row = findings.store_proposal(
        findings.validate_finding(account, "confirmed", "Thử.", by=duty.user)
    )
    page = lead.client.get(f"{NUMBERS}{row.pk}/change/")
    assert "2 tin nêu điều này" in words(page)
    assert [str(each.pk).encode() in page.content for each in named] == [True, True, False]


def test_clearing_a_number_is_proposed_and_confirmed_by_who_may(duty: Person, lead: Person) -> None:
    dispute = submit_dispute()
    assert buttons(duty, dispute) == {"rejected", "upheld"}
    disputes.answer(dispute.pk, upheld=True, text="Đúng.", by=duty.user)
    assert buttons(lead, dispute) == {"rejected"}
    assert "Xác nhận gỡ" in words(lead.client.get(page_of(dispute)))
    assert "Xác nhận gỡ" not in words(duty.client.get(page_of(dispute)))


def test_who_may_press_nothing_more_is_given_no_field_to_write_in(
    duty: Person, lead: Person
) -> None:
    findings.confirm(proposed(duty).pk, by=lead.user)
    dispute = submit_dispute()
    disputes.answer(dispute.pk, upheld=True, text="Đúng.", by=duty.user)
    answer = duty.client.get(page_of(dispute))
    assert not tree(answer).xpath("//textarea")
    assert "nên không tự giữ" in words(answer)


def test_who_proposed_a_number_does_not_reject_its_dispute(duty: Person, lead: Person) -> None:
    findings.confirm(proposed(duty).pk, by=lead.user)
    dispute = submit_dispute()
    assert buttons(duty, dispute) == {"upheld"}
    with pytest.raises(ActionError, match="không tự giữ"):
        disputes.answer(dispute.pk, upheld=False, text="Giữ.", by=duty.user)
    disputes.answer(dispute.pk, upheld=False, text="Giữ.", by=lead.user)


def test_papers_in_a_reason_are_masked_until_shown_on_record(duty: Person) -> None:
    reason = "Số của tôi, căn cước 038 099 123 456."
    dispute = disputes.submit_dispute(
        DisputeSubmission(NUMBER, reason, "0550000111"), "key-of-the-page-1234"
    )
    page = words(duty.client.get(page_of(dispute)))
    assert "Số của tôi, căn cước" in page
    assert "038 099" not in page
    assert reason in words(duty.client.post(f"{DISPUTES}{dispute.pk}/reveal-reason/"))
    event = AuditEvent.objects.get(subject_type="dispute")
    assert (event.kind, event.actor, event.detail) == ("revealed", duty.user, {"field": "reason"})


def test_a_reason_without_papers_has_nothing_to_reveal(duty: Person) -> None:
    assert "Hiện bản gốc" not in words(duty.client.get(page_of(submit_dispute())))


@pytest.mark.parametrize("typed", ["{}", "  {} ", "0550 000 123", "xl {}"])
def test_a_dispute_is_found_by_code_or_number_whatever_its_status(duty: Person, typed: str) -> None:
    dispute, other = submit_dispute(), submit_dispute("0550000999")
    Dispute.objects.update(status="rejected")
    head, _, code = dispute.public_number.partition("-")
    assert head == "XL"
    asked = typed.format(code if "xl" in typed else dispute.public_number).lower()
    page = words(duty.client.get(DISPUTES, {"q": asked}))
    assert dispute.public_number in page
    assert other.public_number not in page


def test_the_queue_leads_to_a_dispute_whose_code_was_typed(duty: Person, lead: Person) -> None:
    dispute, old = submit_dispute(), "26-2345-6789"
    link = f'<a href="{page_of(dispute)}">{dispute.public_number}</a>'
    assert link in duty.read_page(QUEUE, q=dispute.public_number)
    assert "mã đề nghị" not in duty.read_page(QUEUE, q=old)
    Dispute.objects.update(public_number=old)  # as before there was a head
    assert page_of(dispute) in duty.read_page(QUEUE, q=old)


def test_sealed_words_that_do_not_open_break_no_page(duty: Person) -> None:
    dispute = submit_dispute()
    another = encryption.encrypt("x", "contact", "another")
    Dispute.objects.update(reason_sealed=b"\1nothing", contact_sealed=another)
    assert duty.client.get(page_of(dispute)).status_code == 200


def tiles(person: Person) -> str:
    found = tree(person.client.get("/admin/")).xpath("//ul[@aria-label='Việc chờ cán bộ']")
    return " ".join(found[0].text_content().split()) if found else ""


def test_the_start_page_tells_who_may_what_numbers_wait(
    duty: Person, lead: Person, auditor: Person
) -> None:
    """Nobody is told to confirm the own proposal."""
    proposed(lead, number="0550000999")
    assert tiles(lead) == ""
    proposed(duty)
    dispute = submit_dispute()
    due = timezone.localtime(dispute.due_at)
    assert tiles(duty) == f"1 đề nghị xem lại, hạn {due:%H:%M, %d/%m}"
    assert tiles(lead) == f"1 ghi nhận chờ xác nhận {tiles(duty)}"
    Dispute.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "quá hạn từ" in tiles(duty)
    assert f'<a class="critical" href="{DISPUTES}">' in duty.read_page("/admin/")
    assert tiles(auditor) == ""


def test_the_start_page_leads_to_what_waits_for_a_second_officer(
    duty: Person, lead: Person
) -> None:
    findings.confirm(proposed(duty).pk, by=lead.user)
    proposed(duty, number="0550000999")
    start = tree(lead.client.get("/admin/"))
    [address] = start.xpath("//a[contains(., 'ghi nhận chờ xác nhận')]/@href")
    page = words(lead.client.get(address))
    assert "0550000999" in page
    assert NUMBER not in page


def test_a_confirmed_number_is_not_said_to_lack_reports(duty: Person, lead: Person) -> None:
    findings.confirm(proposed(duty).pk, by=lead.user)
    page = words(duty.client.post("/kiem-tra/", {"number": NUMBER}))
    assert "Kẻ gian đã dùng số này" in page
    assert "Chưa đủ để nêu" not in page


def test_a_report_leads_to_a_proposal_and_no_address_holds_the_number(duty: Person) -> None:
    report = report_factories.report("Họ gọi tôi.")
    row = report_factories.number(report, "+84992000118")
    address = f"{NUMBERS}add/?indicator={row.pk}"
    assert address in duty.read_page(report_page(report))
    form = duty.read_page(address)
    assert 'value="0992 000 118"' in form
    assert f"Tin {report.public_number}." in form


@pytest.mark.parametrize("asked", ["", "x", "9" * 30, "999999", "٣", "-1"])
def test_a_proposal_of_no_report_is_an_empty_form(duty: Person, asked: str) -> None:
    page = duty.client.get(f"{NUMBERS}add/", {"indicator": asked})
    assert (page.status_code, "Tin 2" in page.content.decode()) == (200, False)
