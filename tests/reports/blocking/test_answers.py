"""What a partner answers is believed as far as it goes: never for another's letter, never after the end."""

from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import pytest
import time_machine
from django.core import mail
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from core import keys, rate_limits
from core.audit import proposals
from core.errors import ActionError
from core.models import AuditEvent, Proposal
from reports.blocking import answers, requests
from reports.models import BlockLetter, BlockRequest, Case, NoticeAddress
from reports.notices import addresses
from reports.numbers import findings
from reports.views import blocking
from tests.support import report_factories
from tests.support.blocking import add_partner, answer, ask, path_of, work
from tests.support.concurrency import in_parallel
from tests.support.number_factories import KEY, add_finding
from tests.support.officers import Person, act_alone, confirm_open
from tests.support.resident_pages import Resident, create_resident, value, words
from tests.support.transfer_slips import words_of

pytestmark = pytest.mark.django_db
State = BlockRequest.State


@pytest.fixture
def sent(duty: Person, lead: Person) -> BlockLetter:
    """A letter that a partner has got."""
    request = ask(add_partner(), duty, lead)
    work()
    act_alone()
    return request.letters.get()


@pytest.fixture
def released(sent: BlockLetter, lead: Person) -> BlockLetter:
    """The release of what was asked before."""
    with proposals.bypass_four_eyes():
        findings.withdraw_locked(sent.request.finding, "Nhầm.", lead.user)
    work()
    return BlockLetter.objects.get(kind="release")


def load(letter: BlockLetter) -> BlockRequest:
    return BlockRequest.objects.get(pk=letter.request_id)


def test_looking_writes_nothing_and_a_press_does(client: Client, sent: BlockLetter) -> None:
    page = words(client.get(path_of(sent)).content)
    assert "Đề nghị chặn: công văn 1/CH-PV01" in page
    assert "0550 000 123" in page
    assert load(sent).state == State.SENT
    page = words(client.post(path_of(sent), {"answer": "received"}).content)
    assert "Đã ghi câu trả lời." in page
    assert (load(sent).state, load(sent).received_at is not None) == (State.RECEIVED, True)
    sent.refresh_from_db()
    assert sent.received_at


def test_a_program_reads_the_state_and_why_something_was_not_taken(
    client: Client, sent: BlockLetter
) -> None:
    reply = answer(client, sent, "blocked")
    assert (reply.status_code, reply.json()) == (200, {"state": "blocked"})
    reply = answer(client, sent, "refused")
    assert (reply.status_code, reply["Content-Type"]) == (422, "application/problem+json")
    assert (reply.json()["code"], reply.json()["detail"][:8]) == ("answer", "Ghi lý d")
    assert load(sent).state == State.BLOCKED
    for nonsense in ("", "xong", "released"):
        assert answer(client, sent, nonsense).status_code == 422
    document = client.get("/api/v1/openapi.json").json()
    assert {each.code for each in blocking.PROBLEMS} <= document["x-problems"].keys()


def test_a_link_that_is_none_is_a_problem_to_a_program(client: Client, db: None) -> None:
    reply = client.post("/de-nghi-chan/x/", headers={"Accept": "application/json"})
    assert (reply.status_code, reply["Content-Type"]) == (404, "application/problem+json")
    assert "Link đã quá 60 ngày" in reply.json()["detail"]


def test_a_receipt_that_names_another_request_counts_for_its_own_letter_alone(
    client: Client, sent: BlockLetter, duty: Person, lead: Person
) -> None:
    with proposals.bypass_four_eyes():
        other = ask(add_partner("Viettel"), duty, lead, sent.request.finding)
    typed = {"answer": "blocked", "request": other.pk, "letter": other.letters.get().pk}
    client.post(path_of(sent), typed)
    other.refresh_from_db()
    assert (load(sent).state, other.state) == (State.BLOCKED, State.REQUESTED)


@pytest.mark.django_db(transaction=True)
def test_who_answers_twice_at_once_is_counted_and_told_once(duty: Person, lead: Person) -> None:
    letter = ask(add_partner(), duty, lead).letters.get()
    in_parallel([partial(answers.record, letter, "blocked") for _ in range(4)])
    assert AuditEvent.objects.filter(kind="block_blocked").count() == 1
    assert load(letter).state == State.BLOCKED


@pytest.mark.parametrize("keep", [True, False])
def test_who_answers_the_first_letter_after_the_review_changes_nothing_of_what_two_decided(
    client: Client, sent: BlockLetter, duty: Person, lead: Person, keep: bool
) -> None:
    requests.propose_review(sent.request_id, "x", keep=keep, by=duty.user)
    confirm_open(requests.REVIEW, lead.user)
    decided = load(sent)
    work()
    assert answer(client, sent, "blocked").status_code == 200
    assert load(sent).blocked_until == decided.blocked_until
    assert load(sent).state == (State.BLOCKED if keep else State.ENDED)
    newest = decided.letters.first()
    assert newest
    assert (newest.kind, newest.received_at) == ("extension" if keep else "release", None)


def test_while_the_database_is_away_the_page_says_so_and_bears_what_was_sent(
    client: Client, sent: BlockLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "find_letter", Mock(side_effect=OperationalError))
    typed = {"answer": "refused", "reason": "Số đã chuyển <mạng>."}
    page = client.post(path_of(sent), typed)
    assert (page.status_code, page["Retry-After"]) == (503, "30")
    assert "Chưa ghi được câu trả lời" in words(page.content)
    assert {name: value(page.content, name) for name in typed} == typed
    assert "Mở lại trang này" in words(client.get(path_of(sent)).content)
    reply = answer(client, sent, "blocked")
    assert (reply.status_code, reply.json()["code"]) == (503, "not_recorded")


def test_a_receipt_turns_no_answer_back(client: Client, sent: BlockLetter) -> None:
    answer(client, sent, "blocked")
    blocked_at = load(sent).blocked_at
    for _ in range(2):
        answer(client, sent, "received")
        answer(client, sent, "blocked")
    assert (load(sent).state, load(sent).blocked_at) == (State.BLOCKED, blocked_at)
    kinds = AuditEvent.objects.filter(subject_type="block").values_list("kind", flat=True)
    assert list(kinds.order_by("id")) == ["block_requested", "block_blocked"]


def test_a_partner_may_change_its_mind_while_the_request_stands(
    client: Client, sent: BlockLetter
) -> None:
    answer(client, sent, "refused", "Số đã chuyển sang mạng khác.")
    assert (load(sent).state, load(sent).refusal) == (State.REFUSED, "Số đã chuyển sang mạng khác.")
    answer(client, sent, "blocked")
    assert (load(sent).state, load(sent).refusal) == (State.BLOCKED, "")


def test_a_link_that_was_changed_or_is_of_another_end_opens_nothing(
    client: Client, sent: BlockLetter
) -> None:
    path = path_of(sent)
    other = keys.sign_token("link deployed", "", str(sent.pk))
    for wrong in (path.replace(f".{sent.pk}.", f".{sent.pk + 1}."), f"/de-nghi-chan/{other}/", "/de-nghi-chan/x/"):  # fmt: skip
        assert client.post(wrong, {"answer": "blocked"}).status_code == 404
        assert client.get(f"{wrong}van-ban.pdf").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=61), tick=False):
        assert "Đường link này không dùng được" in words(client.get(path).content)
    assert load(sent).state == State.SENT


@pytest.mark.usefixtures("enforced")
def test_who_sends_very_many_answers_waits(
    client: Client, sent: BlockLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking, "ANSWERS", rate_limits.Window("block_answer_test", 1))
    assert answer(client, sent, "received").status_code == 200
    reply = answer(client, sent, "blocked")
    assert (reply.status_code, load(sent).state) == (429, State.RECEIVED)
    assert "Chờ 10 phút" in reply.json()["detail"]


def test_the_paper_is_read_by_the_link(client: Client, sent: BlockLetter) -> None:
    paper = client.get(f"{path_of(sent)}van-ban.pdf")
    assert paper["Content-Type"] == "application/pdf"
    assert "Kính gửi: Wintel" in words_of(paper.content)


def test_who_blocks_after_the_end_is_sent_the_release_again(
    client: Client, sent: BlockLetter, released: BlockLetter
) -> None:
    assert answer(client, released, "released").json() == {"state": "ended"}
    assert "Không phải làm gì thêm" in words(client.get(path_of(released)).content)
    released.refresh_from_db()
    assert released.received_at
    assert answer(client, sent, "blocked").json()["state"] == "ended"
    released.refresh_from_db()
    assert released.received_at is None
    work()
    assert [each.subject[:30] for each in mail.outbox].count("[Hỏa tốc] Đề nghị thôi chặn, c") == 2
    assert AuditEvent.objects.filter(kind="block_contradicted").count() == 1


def test_a_partner_that_says_so_for_ever_is_not_written_to_for_ever(
    client: Client, sent: BlockLetter, released: BlockLetter
) -> None:
    for _ in range(answers.MAX_RELEASE_ATTEMPTS + 5):
        answer(client, sent, "blocked")
        work()
    released.refresh_from_db()
    assert released.attempts == answers.MAX_RELEASE_ATTEMPTS
    BlockLetter.objects.update(receive_by=timezone.now())
    answer(client, sent, "blocked")
    assert list(BlockLetter.objects.to_call(timezone.now())) == [released]  # but called


def test_a_late_receipt_of_the_request_is_no_receipt_of_the_release(
    client: Client, sent: BlockLetter, released: BlockLetter
) -> None:
    for late in ("received", "refused"):
        assert answer(client, sent, late, "Muộn.").status_code == 200
    released.refresh_from_db()
    assert released.received_at is None
    page = words(client.get(path_of(sent)).content)
    assert "Bỏ chặn ngay." in page
    assert answer(client, released, "received").status_code == 200
    released.refresh_from_db()
    assert released.received_at


def test_a_receipt_by_telephone_one_officer_records(sent: BlockLetter, duty: Person) -> None:
    assert answers.record_told(sent.request, "received", "", by=duty.user) is None
    assert load(sent).state == State.RECEIVED
    assert AuditEvent.objects.get(kind="block_received").actor == duty.user


@pytest.mark.parametrize("told", ["blocked", "refused"])
def test_what_else_a_partner_says_by_telephone_counts_once_another_confirms_it(
    sent: BlockLetter, duty: Person, told: str
) -> None:
    with pytest.raises(ActionError, match="Ghi ai nói"):
        answers.record_told(sent.request, told, " ", by=duty.user)
    answers.record_told(sent.request, told, "Chị Hoa, trực ban, báo.", by=duty.user)
    assert load(sent).state == State.SENT
    with pytest.raises(ActionError, match="không tự xác nhận"):
        proposals.confirm(answers.TOLD, Proposal.objects.get(state="open").pk, by=duty.user)
    confirm_open(answers.TOLD)
    assert load(sent).state == told
    assert AuditEvent.objects.get(kind=f"block_{told}").actor == duty.user


def test_that_a_block_is_undone_two_hear_by_telephone(released: BlockLetter, duty: Person) -> None:
    for none in ("received", "blocked", "x"):
        with pytest.raises(ActionError, match="Chọn một câu trả lời"):
            answers.record_told(released.request, none, "x", by=duty.user)
    answers.record_told(released.request, "released", "Trưởng ca báo.", by=duty.user)
    assert BlockLetter.objects.get(pk=released.pk).received_at is None
    confirm_open(answers.TOLD)
    assert BlockLetter.objects.get(pk=released.pk).received_at


# --- back to the reporter


@pytest.fixture
def reporter(client: Client) -> Resident:
    resident = create_resident(client, story="Họ gọi.", caller_number="0550000123", email="dan@mau.example")  # fmt: skip
    report_factories.number(resident.report, KEY)
    return resident


def test_the_reporter_reads_that_the_number_was_blocked_and_by_whose_word(
    client: Client, reporter: Resident, duty: Person, lead: Person
) -> None:
    letter = ask(add_partner(), duty, lead).letters.get()
    sentence = "Số 0550 000 123 mà bạn báo đã bị chặn, theo Wintel."
    assert sentence not in reporter.read_status()
    addresses.mark_seen(NoticeAddress.objects.get())
    answer(client, letter, "received")
    answers.record_told(letter.request, "blocked", "Trực ban báo.", by=duty.user)
    assert NoticeAddress.objects.get().owed_at is None
    assert sentence not in reporter.read_status()
    answer(client, letter, "blocked")
    assert NoticeAddress.objects.get().owed_at
    assert f"{timezone.localdate():%d/%m/%Y}{sentence}" in reporter.read_status()


def test_the_reporter_is_written_to_once_however_often_the_partner_turns(
    client: Client, reporter: Resident, duty: Person, lead: Person
) -> None:
    letter = ask(add_partner(), duty, lead).letters.get()
    answer(client, letter, "blocked")
    addresses.mark_seen(NoticeAddress.objects.get())
    answer(client, letter, "refused", "Nhầm.")
    answer(client, letter, "blocked")
    assert NoticeAddress.objects.get().owed_at is None


def test_nobody_is_written_to_because_of_a_report_that_was_junk(
    client: Client, reporter: Resident, duty: Person, lead: Person
) -> None:
    letter = ask(add_partner(), duty, lead).letters.get()
    addresses.mark_seen(NoticeAddress.objects.get())
    Case.objects.filter(report=reporter.report).update(status=Case.Status.JUNK)
    answer(client, letter, "blocked")
    assert NoticeAddress.objects.get().owed_at is None


def test_the_line_goes_at_once_with_the_finding(
    client: Client, reporter: Resident, duty: Person, lead: Person
) -> None:
    request = ask(add_partner(), duty, lead)
    answer(client, request.letters.get(), "blocked")
    assert "đã bị chặn" in reporter.read_status()
    findings.withdraw_locked(request.finding, "Nhầm.", lead.user)
    assert "đã bị chặn" not in reporter.read_status()


def test_an_account_and_a_page_are_told_to_who_named_them(
    client: Client, reporter: Resident, duty: Person, lead: Person
) -> None:
    report_factories.number(reporter.report, "0992000456789", kind="account", number_kind="", bank="Vietcombank")  # fmt: skip
    report_factories.number(reporter.report, "tra.nop-phat.top/a", kind="link", number_kind="")
    account = add_finding(kind="account", key="0992000456789", number="0992000456789", bank="Vietcombank")  # fmt: skip
    link = add_finding(kind="link", key="nop-phat.top", number="nop-phat.top")
    other = add_finding(kind="account", key="0992000456789", number="0992000456789", bank="MB Bank")
    asked = (
        (account, add_partner("Ngân hàng A", kind="bank")),
        (link, add_partner("Nơi giữ top", kind="registrar")),
        (other, add_partner("Ngân hàng B", kind="bank")),
    )
    for finding, partner in asked:
        answer(client, ask(partner, duty, lead, finding).letters.get(), "blocked")
    page = reporter.read_status()
    assert "Tài khoản Vietcombank 0992000456789 mà bạn báo đã bị khóa (phong tỏa), theo Ngân hàng A. Ai đòi phí" in page  # fmt: skip
    assert "Trang nop-phat[.]top mà bạn báo đã bị chặn, theo Nơi giữ top." in page
    assert "Ngân hàng B" not in page


@pytest.mark.parametrize(
    ("named", "is_told"),
    [
        ("nop-phat.top", True), ("nop-phat.top/a", True), ("tra.nop-phat.top/a", True),
        ("xnop-phat.top/a", False), ("nop-phatxtop", False), ("khac.example/nop-phat.top/", False),
    ],
)  # fmt: skip
def test_who_named_a_page_below_a_blocked_host_is_written_to(
    reporter: Resident, duty: Person, lead: Person, named: str, is_told: bool
) -> None:
    report_factories.number(reporter.report, named, kind="link", number_kind="")
    addresses.mark_seen(NoticeAddress.objects.get())
    finding = add_finding(kind="link", key="nop-phat.top", number="nop-phat.top")
    partner = add_partner("Nơi giữ top", kind="registrar")
    answers.record(ask(partner, duty, lead, finding).letters.get(), "blocked")
    assert (NoticeAddress.objects.get().owed_at is not None) == is_told


def test_what_was_blocked_before_somebody_reported_is_none_of_their_doing(
    client: Client, duty: Person, lead: Person
) -> None:
    answer(client, ask(add_partner(), duty, lead).letters.get(), "blocked")
    late = create_resident(client, story="Họ gọi.", caller_number="0550000123")
    report_factories.number(late.report, KEY)
    assert "đã bị chặn" not in late.read_status()
