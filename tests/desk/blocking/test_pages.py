"""The pages on which officers ask for a block, watch its clocks, and write down who can block what."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.audit import proposals
from core.models import AuditEvent, Proposal
from reports.blocking import requests
from reports.blocking.partners import PARTNER
from reports.models import BlockingPartner, BlockLetter, BlockRequest
from tests.support.blocking import add_partner, ask, block, work
from tests.support.desk_pages import banner, tree, words
from tests.support.number_factories import NUMBERS, add_finding, file_report
from tests.support.officers import Person, act_alone, create_officer, log_in

pytestmark = pytest.mark.django_db
PARTNERS, REQUESTS = "/admin/reports/blockingpartner/", "/admin/reports/blockrequest/"
PROPOSALS = "/admin/core/proposal/"
FORM = {
    "kind": "carrier", "name": "Wintel", "owns": "Wintel", "channel": "webhook",
    "address": "https://nhamang.example/chan", "contact": "Trực 0550 000 111", "is_active": "on",
}  # fmt: skip


def page_of(row: BlockRequest) -> str:
    return f"{REQUESTS}{row.pk}/change/"


def test_from_the_finding_to_the_letter_it_takes_two_presses(duty: Person, lead: Person) -> None:
    finding = add_finding()
    add_partner("Viettel")
    add_partner("Wintel")
    act_alone()
    page = tree(duty.client.get(f"{NUMBERS}{finding.pk}/change/"))
    (chosen,) = page.xpath("//select[@name='partner']/option[@selected]")
    assert chosen.text == "Wintel"
    typed = {"partner": chosen.get("value"), "reason": "Đang gọi nhiều người."}
    said = words(duty.client.post(f"{NUMBERS}{finding.pk}/block/", typed, follow=True))
    assert "Đã đề nghị. Việc này cần người thứ hai" in said
    proposal = Proposal.objects.get(kind="block")
    page_words = words(lead.client.get(f"{PROPOSALS}{proposal.pk}/change/"))
    assert "Gửi Wintel công văn đề nghị chặn 0550000123 trong 7 ngày" in page_words
    said = words(lead.client.post(f"{PROPOSALS}{proposal.pk}/confirm/", follow=True))
    assert "Đã xác nhận. Công văn đang gửi đi." in said
    assert BlockRequest.objects.get().partner.name == "Wintel"
    page = tree(duty.client.get(f"{NUMBERS}{finding.pk}/change/"))
    assert "Wintel, " in page.text_content()
    assert page.xpath("//select[@name='partner']/option/text()")[1:] == ["Viettel"]


def test_who_forgets_the_reason_or_the_partner_reads_so(duty: Person) -> None:
    finding = add_finding(kind="link", key="nop-phat.top", number="nop-phat.top")
    add_partner("Nơi giữ mẫu", kind="registrar", owns=["example"])
    assert "Chưa biết nơi nào giữ, chọn một nơi" in words(
        duty.client.get(f"{NUMBERS}{finding.pk}/change/")
    )
    for typed, why in (({"reason": "x"}, "Chọn nơi chặn"), ({"partner": "1"}, "Chưa ghi lý do")):
        answer = duty.client.post(f"{NUMBERS}{finding.pk}/block/", typed, follow=True)
        assert why in words(answer)
    assert not Proposal.objects.exists()


def test_the_desk_shows_every_clock(duty: Person, lead: Person) -> None:
    file_report(1)
    request = ask(add_partner(), duty, lead)
    work()
    page = words(duty.client.get(REQUESTS))
    assert "31 phút" in page  # from the first report
    assert page.count("đang chờ, ") == 2
    assert "còn 6 ngày" in page
    block(request)
    page = words(duty.client.get(page_of(request)))
    assert "1/CH-PV01" in page
    assert "xác nhận" in page
    assert "Nơi chặn báo đã chặn" in page
    assert "đang chờ, " not in page


def test_what_is_late_or_ends_soon_stands_on_the_start_page(duty: Person, lead: Person) -> None:
    late, ending = (ask(add_partner(name), duty, lead, finding) for name, finding in (
        ("Wintel", add_finding()), ("Viettel", add_finding(key="+84550000124", number="0550000124")),
    ))  # fmt: skip
    BlockLetter.objects.filter(request=late).update(receive_by=Now() - timedelta(minutes=1))
    block(ending)
    BlockRequest.objects.filter(pk=ending.pk).update(blocked_until=Now() + timedelta(hours=20))
    start = words(duty.client.get("/admin/"))
    assert "1 đề nghị chặn quá giờ chưa xác nhận" in start
    assert "1 đề nghị chặn sắp hết hạn, cần hai người xem lại" in start
    for which, shown, hidden in (("late", "Wintel", "Viettel"), ("ending", "Viettel", "Wintel")):
        rows = tree(duty.client.get(f"{REQUESTS}?viec={which}")).get_element_by_id("result_list")
        assert shown in rows.text_content()
        assert hidden not in rows.text_content()
    assert banner(duty.client) == ""


def test_what_a_partner_says_by_telephone_takes_a_second_press(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    press = f"{REQUESTS}{request.pk}/answer/"
    said = words(duty.client.post(press, {"answer": "received"}, follow=True))
    assert "Đã ghi là nơi chặn đã nhận." in said
    said = words(duty.client.post(press, {"answer": "refused", "reason": ""}, follow=True))
    assert "Ghi ai nói, nói gì" in said
    typed = {"answer": "refused", "reason": "Trực ban: chuyển mạng."}
    said = words(duty.client.post(press, typed, follow=True))
    assert "Một người khác xác nhận thì mới tính" in said
    assert "Đã ghi một câu trả lời, chờ người khác xác nhận" in said
    proposal = Proposal.objects.get(kind="block_told")
    assert "Ghi nơi chặn trả lời: Từ chối" in lead.read_page(f"{PROPOSALS}{proposal.pk}/change/")
    said = words(lead.client.post(f"{PROPOSALS}{proposal.pk}/confirm/", follow=True))
    assert "Câu trả lời được tính từ bây giờ." in said
    assert "Trực ban: chuyển mạng." in words(duty.client.get(page_of(request)))


def test_what_the_machine_gave_up_is_called_about_and_sent_again_by_a_press(
    duty: Person, lead: Person
) -> None:
    request = ask(add_partner(), duty, lead)
    given_up = {"next_attempt_at": None, "receive_by": timezone.now(), "outcome": "mail_failed"}
    request.letters.update(**given_up)
    assert "1 đề nghị chặn quá giờ chưa xác nhận, 1 phải gọi điện" in words(
        duty.client.get("/admin/")
    )
    assert "Wintel" in words(duty.client.get(f"{REQUESTS}?viec=call"))
    assert "máy thôi gửi, phải gọi điện" in words(duty.client.get(page_of(request)))
    for said in ("Máy gửi lại một lần", "Không còn công văn nào phải gửi lại"):
        page = duty.client.post(f"{REQUESTS}{request.pk}/again/", follow=True)
        assert said in words(page)
    assert "phải gọi điện" not in words(duty.client.get(page_of(request)))
    assert AuditEvent.objects.get(kind="block_sent_again").actor == duty.user


def test_keeping_and_ending_are_proposed_to_another(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    block(request)
    act_alone()
    said = words(
        duty.client.post(f"{REQUESTS}{request.pk}/keep/", {"reason": "Còn gọi."}, follow=True)
    )
    assert "Đã đề nghị" in said
    proposal = Proposal.objects.get(kind=requests.REVIEW.kind)
    page = words(lead.client.get(f"{PROPOSALS}{proposal.pk}/change/"))
    assert "Giữ chặn tiếp 7 ngày từ lúc xác nhận" in page
    said = words(duty.client.post(f"{REQUESTS}{request.pk}/end/", {"reason": "x"}, follow=True))
    assert "đang có một đề nghị chờ xác nhận" in said


def test_a_letter_is_taken_as_pdf_on_record_and_no_other_requests_one(
    duty: Person, lead: Person
) -> None:
    one = ask(add_partner(), duty, lead)
    other = ask(add_partner("Viettel"), duty, lead, one.finding)
    letter = one.letters.get()
    paper = duty.client.post(f"{REQUESTS}{one.pk}/letter/", {"letter": letter.pk})
    assert paper.content.startswith(b"%PDF")
    wrong = duty.client.post(f"{REQUESTS}{other.pk}/letter/", {"letter": letter.pk})
    assert wrong.status_code == 404
    printed = AuditEvent.objects.get(kind="block_letter_printed")
    assert (printed.actor, printed.subject_id) == (duty.user, str(one.pk))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"owns": "Vietel"}, "Không có tên này: Vietel"),
        ({"kind": "bank", "owns": "Viettel"}, "Không có tên này: Viettel"),
        ({"kind": "registrar", "owns": ".VN"}, "Không có tên này: .VN"),
        ({"address": "http://nhamang.example/"}, "phải bắt đầu bằng https://"),
        ({"address": "https://10.0.0.1/"}, "Ghi tên miền"),
        ({"channel": "mail"}, "Chưa đúng một địa chỉ thư"),
    ],
)
def test_a_partner_that_nothing_could_reach_or_belong_to_is_not_taken(
    lead: Person, changes: dict[str, str], why: str
) -> None:
    assert why in words(lead.client.post(f"{PARTNERS}add/", FORM | changes))
    assert not Proposal.objects.exists()


def test_two_write_a_partner_down_and_its_key_is_shown_once(duty: Person, lead: Person) -> None:
    second = create_officer("chi.hai", "lead")
    act_alone()
    lead.client.post(f"{PARTNERS}add/", FORM)
    assert not BlockingPartner.objects.exists()
    proposal = Proposal.objects.get(kind="block_partner")
    own = words(lead.client.post(f"{PROPOSALS}{proposal.pk}/confirm/", follow=True))
    assert "không tự xác nhận" in own
    proposals.confirm(PARTNER, proposal.pk, by=second)
    partner = BlockingPartner.objects.get()
    assert (partner.name, partner.owns) == ("Wintel", ["Wintel"])
    page = f"{PARTNERS}{partner.pk}/"
    assert "Chưa có khóa webhook" in words(lead.client.get(f"{page}change/"))
    assert duty.client.post(f"{page}renew/").status_code == 403
    assert "Chỉ huy khác xác nhận thì thấy khóa" in words(
        lead.client.post(f"{page}renew/", follow=True)
    )
    confirm = f"{PROPOSALS}{Proposal.objects.get(kind='block_secret').pk}/confirm/"
    assert "không tự xác nhận" in words(lead.client.post(confirm, follow=True))
    assert BlockingPartner.objects.get().secret_sealed is None
    (secret,) = tree(log_in(second).post(confirm)).xpath("//code[@class='once']/text()")
    assert encryption.decrypt_field(BlockingPartner.objects.get(), "secret") == secret
    assert secret not in lead.read_page(f"{page}change/")
    assert AuditEvent.objects.filter(subject_type="block_partner", actor=second).exists()


@pytest.mark.parametrize("state", ["received", "dropped", "late"])
def test_a_letter_says_how_far_it_is(duty: Person, lead: Person, state: str) -> None:
    request = ask(add_partner(), duty, lead)
    work()
    changes: dict[str, dict[str, Any]] = {
        "received": {"received_at": timezone.now()},
        "dropped": {"dropped_at": timezone.now()},
        "late": {"receive_by": timezone.now() - timedelta(hours=1), "outcome": "mail_failed"},
    }
    request.letters.update(**changes[state])
    said = {
        "received": "xác nhận ", "dropped": "không cần gửi nữa",
        "late": "máy chủ thư không nhận; quá hạn xác nhận",
    }  # fmt: skip
    assert said[state] in words(duty.client.get(page_of(request)))
