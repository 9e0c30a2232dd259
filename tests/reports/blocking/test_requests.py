"""A block is asked for by two officers, for a time; it ends by itself, by two, and with its finding."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from core.audit import proposals
from core.errors import ActionError, NotAllowedError
from core.models import AuditEvent, OutboxItem, Proposal
from reports.blocking import answers, letters, partners, requests
from reports.models import BlockLetter, BlockRequest, NumberFinding
from reports.numbers import disputes, findings
from tests.support.blocking import add_partner, ask, block, let_pass, work
from tests.support.number_factories import (
    NO_FINDING_TODAY,
    add_finding,
    file_report,
    submit_dispute,
)
from tests.support.officers import Person, act_alone, confirm_open, create_officer, second
from tests.support.partner_server import OK, partner_server, say

pytestmark = pytest.mark.django_db
State = BlockRequest.State


@pytest.fixture(autouse=True)
def _plain_http_reaches_this_machine(settings: Settings) -> None:
    settings.PARTNER_TEST_HOSTS = ("localhost",)


def kinds() -> list[str]:
    return list(BlockLetter.objects.order_by("pk").values_list("kind", flat=True))


def add_account(bank: str = "Vietcombank") -> NumberFinding:
    account = {"kind": "account", "key": "0992000456789", "number": "0992000456789", "bank": bank}
    return add_finding(**account)


def add_link(host: str) -> NumberFinding:
    return add_finding(kind="link", key=host, number=host)


def test_nothing_is_asked_before_a_second_officer_confirms(duty: Person, lead: Person) -> None:
    finding, partner = add_finding(), add_partner()
    file_report()
    act_alone()
    requests.propose(finding.pk, partner.pk, "Đang gọi nhiều người.", by=duty.user)
    assert not BlockRequest.objects.exists()
    proposal = Proposal.objects.get(kind="block")
    with pytest.raises(NotAllowedError):
        proposals.confirm(requests.BLOCK, proposal.pk, by=duty.user)
    proposals.confirm(requests.BLOCK, proposal.pk, by=lead.user)
    request = BlockRequest.objects.get()
    assert (request.finding, request.partner, request.state) == (finding, partner, State.REQUESTED)
    assert request.blocked_until - timezone.now() > timedelta(days=6, hours=23)
    assert request.reported_at is not None
    letter = request.letters.get()
    assert (letter.kind, str(letter)) == ("block", f"1/{timezone.localtime().year}")
    assert AuditEvent.objects.filter(kind="block_requested", actor=lead.user).exists()


def test_a_row_that_nobody_agreed_on_is_refused_by_the_database(duty: Person, lead: Person) -> None:
    finding, partner = add_finding(), add_partner()
    request = ask(partner, duty, lead, finding)
    act_alone()
    forged: dict[str, Any] = {"proposed_by": duty.user, "confirmed_by": lead.user, "blocked_until": timezone.now()}  # fmt: skip
    other = {"finding": add_link("xau.example"), "partner": partner}
    rows, partner_rows = BlockRequest.objects, type(partner).objects
    for write in (
        lambda: rows.create(**forged, **other),
        lambda: rows.update(blocked_until=Now() + timedelta(days=99)),
        lambda: rows.update(state="ended", ending="reviewed", ended_at=Now()),
        lambda: rows.filter(pk=request.pk)._raw_delete("default"),
        lambda: rows.update(confirmed_by=second()),
        lambda: partner_rows.filter(pk=partner.pk).update(address="ke-gian@xau.example"),
        lambda: partner_rows.filter(pk=partner.pk).update(secret_sealed=b"khoa"),
        lambda: request.letters.update(until=Now() + timedelta(days=99)),
        lambda: request.letters.all()._raw_delete("default"),
        lambda: letters.issue(request, "release", duty.user),
        lambda: letters.issue(
            BlockRequest(pk=request.pk, partner=partner, blocked_until=Now()),
            "extension",
            duty.user,
        ),
    ):
        with pytest.raises(IntegrityError, match="refused"), transaction.atomic():
            write()


@pytest.mark.parametrize(
    "forged",
    [
        lambda: {"confirmed_by": second()}, lambda: {"proposed_by": second()}, lambda: {"state": "sent"},
        lambda: {"blocked_until": timezone.now() + timedelta(days=8)},
    ],
    ids=["another confirmed", "another proposed", "under way", "for longer"],
)  # fmt: skip
def test_a_row_is_what_two_agreed_on_and_by_these_two(
    duty: Person, lead: Person, monkeypatch: pytest.MonkeyPatch, forged: Any
) -> None:
    requests.propose(add_finding().pk, add_partner().pk, "Đang gọi.", by=duty.user)
    rows, changes = BlockRequest.objects, forged()
    create = rows.create
    monkeypatch.setattr(rows, "create", lambda **row: create(**row | changes))
    with pytest.raises(ActionError, match="Chưa ghi được"):
        confirm_open(requests.BLOCK, lead.user)
    changes.clear()
    confirm_open(requests.BLOCK, lead.user)
    assert rows.get().confirmed_by == lead.user


@NO_FINDING_TODAY
def test_only_what_is_accused_today_may_be_blocked(duty: Person, fields: dict[str, Any]) -> None:
    finding, partner = add_finding(**fields), add_partner()
    with pytest.raises(ActionError, match="không còn hiệu lực"):
        requests.propose(finding.pk, partner.pk, "x", by=duty.user)


def test_one_partner_is_asked_once_about_one_thing(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    with pytest.raises(ActionError, match="đang có một đề nghị chặn"):
        requests.propose(request.finding_id, request.partner_id, "x", by=duty.user)
    with pytest.raises(ActionError, match="Chọn nơi chặn"):
        requests.propose(request.finding_id, 0, "x", by=duty.user)
    assert ask(add_partner("Viettel"), duty, lead, request.finding).state == State.REQUESTED


def test_no_partner_is_asked_for_what_it_does_not_block(duty: Person) -> None:
    bank = add_partner("Ngân hàng Mẫu", kind="bank", owns=["Vietcombank"])
    with pytest.raises(ActionError, match="Chọn nơi chặn"):
        requests.propose(add_finding().pk, bank.pk, "x", by=duty.user)


def test_a_partner_that_was_given_up_meanwhile_is_not_asked(duty: Person, lead: Person) -> None:
    finding, partner = add_finding(), add_partner()
    requests.propose(finding.pk, partner.pk, "x", by=duty.user)
    type(partner).objects.update(is_active=False)
    with pytest.raises(ActionError, match="Chọn nơi chặn"):
        confirm_open(requests.BLOCK, lead.user)
    assert not BlockRequest.objects.exists()


def test_a_finding_that_was_withdrawn_meanwhile_is_not_sent(duty: Person, lead: Person) -> None:
    finding, partner = add_finding(), add_partner()
    requests.propose(finding.pk, partner.pk, "x", by=duty.user)
    findings.withdraw(finding.pk, "Nhầm.", by=duty.user)
    confirm_open(findings.WITHDRAWAL, lead.user)
    with pytest.raises(ActionError, match="không còn hiệu lực"):
        confirm_open(requests.BLOCK, lead.user)
    assert not BlockRequest.objects.exists()


@pytest.mark.parametrize(
    ("add", "owner"),
    [
        (add_finding, "Wintel"),
        (add_account, "Ngân hàng Mẫu"),
        (lambda: add_account("Agribank"), None),
        (lambda: add_link("nop-phat.top"), "Nơi giữ top"),
        (lambda: add_link("tra.nop-phat.mau.top"), "Nơi giữ mau.top"),
        (lambda: add_link("nop-phat.vn"), None),
    ],
    ids=["number", "account", "another bank", "ending", "longest ending", "another ending"],
)
def test_the_owner_is_found_by_range_bank_or_ending(add: Any, owner: str | None) -> None:
    add_partner()
    add_partner("Ngân hàng Mẫu", kind="bank", owns=["Vietcombank"])
    for ending in ("top", "mau.top"):
        add_partner(f"Nơi giữ {ending}", kind="registrar", owns=[ending])
    found = partners.find_owner(add())
    assert (found and found.name) == owner


def test_a_block_ends_by_itself_and_the_partner_is_told(duty: Person, lead: Person) -> None:
    with partner_server(say(OK)) as server:
        request = ask(add_partner(url=server.url), duty, lead)
        work()
        block(request)
        let_pass(timedelta(days=6))
        assert requests.list_ending().filter(pk=request.pk).exists()
        let_pass(timedelta(days=1))
    request.refresh_from_db()
    assert (request.state, request.ending) == (State.ENDED, "lapsed")
    assert kinds() == ["block", "release"]
    assert b'"kind": "release"' in server.body()


@pytest.mark.parametrize("keep", [True, False])
def test_two_keep_a_block_or_end_it(duty: Person, lead: Person, keep: bool) -> None:
    request = ask(add_partner(), duty, lead)
    work()
    block(request)
    let_pass(timedelta(days=6))
    request.refresh_from_db()
    second = create_officer("chi.hai", "lead")
    act_alone()
    before = request.blocked_until
    requests.propose_review(request.pk, "Đã gọi thử.", keep=keep, by=lead.user)
    request.refresh_from_db()
    assert (request.blocked_until, kinds()) == (before, ["block"])
    with pytest.raises(ActionError, match="không tự xác nhận"):
        confirm_open(requests.REVIEW, lead.user)
    confirm_open(requests.REVIEW, second)
    request.refresh_from_db()
    if keep:
        assert request.blocked_until - before > timedelta(days=5)
        assert kinds() == ["block", "extension"]
    else:
        assert (request.state, request.ending) == (State.ENDED, "reviewed")
        assert kinds() == ["block", "release"]


def test_what_was_refused_is_not_kept(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    answers.record(request.letters.get(), "refused", "Số đã chuyển mạng.")
    with pytest.raises(ActionError, match="đã từ chối"):
        requests.propose_review(request.pk, "x", keep=True, by=duty.user)


def test_an_upheld_dispute_undoes_the_block_everywhere(duty: Person, lead: Person) -> None:
    dispute = submit_dispute()
    finding = add_finding()
    with partner_server(say(OK)) as one, partner_server(say(OK)) as two:
        for name, server in (("Wintel", one), ("Viettel", two)):
            ask(add_partner(name, url=server.url), duty, lead, finding)
        work()
        act_alone()
        disputes.answer(dispute.pk, upheld=True, text="Đúng.", by=duty.user)
        assert not BlockRequest.objects.filter(state=State.ENDED).exists()
        disputes.confirm_clearing(dispute.pk, by=lead.user)
        assert OutboxItem.objects.get(task=findings.END_BLOCKS_TASK).priority == 0
        work()
        assert b'"kind": "release"' in one.body()
        assert b'"kind": "release"' in two.body()
    assert set(BlockRequest.objects.values_list("state", "ending")) == {(State.ENDED, "withdrawn")}
    assert {each.actor for each in BlockLetter.objects.filter(kind="release")} == {lead.user}


def test_what_never_went_out_needs_no_release(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    findings.withdraw_locked(request.finding, "Nhầm.", lead.user)
    requests.end_due()
    assert kinds() == ["block"]
    assert BlockLetter.objects.get().dropped_at


def test_who_refused_is_sent_no_release(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    work()
    answers.record(request.letters.get(), "refused", "Không phải số của mạng này.")
    let_pass(timedelta(days=7))
    assert kinds() == ["block"]


def test_who_blocked_and_then_refused_is_sent_the_release(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    work()
    block(request)
    answers.record(request.letters.get(), "refused", "Không giữ thêm tuần nữa.")
    findings.withdraw_locked(request.finding, "Nhầm.", lead.user)
    work()
    assert kinds() == ["block", "release"]


def test_an_end_is_final(duty: Person, lead: Person) -> None:
    request = ask(add_partner(), duty, lead)
    let_pass(timedelta(days=8))
    with pytest.raises(ActionError, match="đã thôi rồi"):
        requests.propose_review(request.pk, "x", keep=True, by=duty.user)
    act_alone()
    with pytest.raises(IntegrityError, match="an end is final"), transaction.atomic():
        BlockRequest.objects.update(state=State.BLOCKED, ended_at=None, ending="")
