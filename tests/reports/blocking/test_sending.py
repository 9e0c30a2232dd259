"""Letters reach their partners: signed, in order, once more if need be; one that hangs holds up no other."""

import hashlib
import hmac
import json
import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from core import encryption, webhooks
from core.errors import ActionError
from core.keys import signer
from core.models import OutboxItem
from core.outbox import queue
from reports.blocking import answers, letters, partners, requests, sending
from reports.models import Alarm, BlockingPartner, BlockLetter, BlockRequest
from reports.monitoring import alarms
from reports.numbers import findings
from tests.support.blocking import MAILBOX, SECRET, add_partner, ask, block, let_pass, work
from tests.support.deliveries import NOWHERE
from tests.support.number_factories import add_finding
from tests.support.officers import Person
from tests.support.partner_server import OK, partner_server, say
from tests.support.signing_keys import TEXT_KEY
from tests.support.transfer_slips import words_of

pytestmark = pytest.mark.django_db
BUSY = say(b"HTTP/1.1 503 Busy\r\n\r\n")


@pytest.fixture(autouse=True)
def _plain_http_reaches_this_machine(settings: Settings) -> None:
    settings.PARTNER_TEST_HOSTS = ("localhost",)


def test_a_program_gets_the_letter_and_a_signature_that_it_verifies(
    duty: Person, lead: Person, settings: Settings
) -> None:
    with partner_server(say(OK)) as server:
        request = ask(add_partner(url=server.url), duty, lead)
        work()
    body, headers = json.loads(server.body()), server.headers()
    assert (body["kind"], body["letter"]) == ("block", f"1/CH-PV01/{timezone.localtime().year}")
    assert body["subject"] == {"kind": "number", "value": "+84550000123", "bank": ""}
    assert body["answer"].startswith(f"{settings.PORTAL_URL}/de-nghi-chan/")
    signed = headers["X-Portal-Timestamp"].encode() + b"." + server.body()
    mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Portal-Signature"] == f"sha256={mac}"
    request.refresh_from_db()
    assert request.state == BlockRequest.State.SENT
    assert request.letters.get().sent_at


def test_a_mailbox_gets_the_paper_with_its_signature_and_the_link(
    duty: Person, lead: Person, settings: Settings
) -> None:
    settings.SIGNING_KEY = TEXT_KEY
    ask(add_partner(), duty, lead)
    work()
    (sent,) = mail.outbox
    assert sent.to == [MAILBOX]
    assert sent.subject == "[Hỏa tốc] Đề nghị chặn, công văn 1/CH-PV01"
    assert "0550 000 123" in sent.body
    assert "/de-nghi-chan/" in sent.body
    (_, paper, _), (name, signature, _) = sent.attachments
    assert name == f"1-{timezone.localtime().year}.pdf.sig"
    ours = signer()
    assert ours
    ours.private.public_key().verify(signature, paper)
    assert "tạm chặn số điện thoại" in words_of(paper)


def test_who_does_not_confirm_is_sent_it_once_more_and_an_alarm_counts_it(
    duty: Person, lead: Person
) -> None:
    with partner_server(say(OK)) as server:
        request = ask(add_partner(url=server.url), duty, lead)
        work()
        let_pass(timedelta(minutes=9))
        assert len(server.heard) == 1
        let_pass(timedelta(minutes=1))
        let_pass(timedelta(minutes=1))
    assert [json.loads(server.body(n))["reminder"] for n in range(len(server.heard))] == [
        False,
        True,
    ]
    alarms.check_alarms()
    assert Alarm.objects.get(kind="unreceived").count == 1
    answers.record(request.letters.get(), "received")
    alarms.check_alarms()
    assert not Alarm.objects.filter(kind="unreceived").exists()


def test_who_got_it_late_is_not_reminded_at_once(duty: Person, lead: Person) -> None:
    def answer(connection: socket.socket) -> None:
        (BUSY if len(server.heard) == 1 else say(OK))(connection)

    with partner_server(answer) as server:
        ask(add_partner(url=server.url), duty, lead)
        work()
        let_pass(timedelta(minutes=20))  # it is sent, ten minutes after its receipt was due
        let_pass(timedelta(minutes=9))
        assert len(server.heard) == 2
        let_pass(timedelta(minutes=1))
    assert json.loads(server.body())["reminder"] is True


def test_a_mailbox_has_a_working_day(duty: Person, lead: Person) -> None:
    letter = ask(add_partner(), duty, lead).letters.get()
    assert letter.receive_by > timezone.now() + timedelta(hours=8)


def test_what_fails_is_tried_again_later(duty: Person, lead: Person) -> None:
    with partner_server(BUSY) as server:
        request = ask(add_partner(url=server.url), duty, lead)
        work()
        letter = request.letters.get()
        assert (letter.outcome, letter.status, letter.sent_at) == ("refused", 503, None)
        assert letter.next_attempt_at
        assert letter.next_attempt_at - timezone.now() > timedelta(seconds=5)
        let_pass(timedelta(minutes=1))
        assert len(server.heard) == 2


def test_a_letter_that_a_partner_does_not_like_holds_up_no_other(
    duty: Person, lead: Person
) -> None:
    def answer(connection: socket.socket) -> None:
        (BUSY if len(server.heard) == 1 else say(OK))(connection)

    with partner_server(answer) as server:
        partner = add_partner(url=server.url)
        first = ask(partner, duty, lead)
        second = ask(partner, duty, lead, add_finding(key="+84550000124", number="0550000124"))
        work()
    assert (first.letters.get().sent_at, len(server.heard)) == (None, 2)
    assert second.letters.get().sent_at


def test_a_partner_that_hangs_holds_one_attempt_and_no_other_partner(
    duty: Person, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.3)
    over = threading.Event()
    with (
        partner_server(lambda _: over.wait(60) and None) as hanging,
        partner_server(say(OK)) as quick,
    ):
        slow, fast = add_partner("Viettel", url=hanging.url), add_partner("MobiFone", url=quick.url)
        for number in range(3):
            finding = add_finding(key=f"+8455000012{number}", number=f"055000012{number}")
            ask(slow, duty, lead, finding)
            ask(fast, duty, lead, finding)
        work()
        over.set()
    assert len(quick.heard) == 3
    attempts = BlockLetter.objects.filter(request__partner=slow).values_list("attempts", flat=True)
    assert sorted(attempts) == [0, 0, 1]
    slow.refresh_from_db()
    assert slow.claimed_until - timezone.now() > timedelta(seconds=5)
    sending.dispatch_due()
    assert not OutboxItem.objects.filter(done_at=None).exists()


def test_a_partner_that_another_process_is_at_is_left_to_it(duty: Person, lead: Person) -> None:
    with partner_server(say(OK)) as server:
        partner = add_partner(url=server.url)
        request = ask(partner, duty, lead)
        partners = BlockingPartner.objects.filter(pk=partner.pk)
        partners.update(claimed_until=timezone.now() + timedelta(seconds=20))
        work()
        assert server.heard == []
        partners.update(claimed_until=timezone.now())  # it was killed
        sending.dispatch_due()
        work()
    assert len(server.heard) == 1
    assert request.letters.get().sent_at


def test_who_is_done_looks_once_more_for_what_came_meanwhile(duty: Person, lead: Person) -> None:
    second = add_finding(key="+84550000124", number="0550000124")
    with partner_server(say(OK)) as server:
        partner = add_partner(url=server.url)
        ask(partner, duty, lead)
        item = OutboxItem.objects.get(task=letters.SEND_TASK)
        begin = sending._send_waiting

        def send_and_add(partner: BlockingPartner) -> timedelta:
            pause = begin(partner)
            if BlockRequest.objects.count() == 1:
                ask(partner, duty, lead, second)
                OutboxItem.objects.filter(
                    pk__gt=item.pk
                ).delete()  # another worker found it claimed
            return pause

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sending, "_send_waiting", send_and_add)
            work()
    assert len(server.heard) == 2


def ask_and_withdraw(url: str, duty: Person, lead: Person) -> BlockRequest:
    """A request whose finding is withdrawn once its letter was tried; its release was tried, too."""
    request = ask(add_partner(url=url), duty, lead)
    work()
    findings.withdraw_locked(request.finding, "Nhầm.", lead.user)
    work()
    return request


def test_a_release_follows_its_letter_and_replaces_what_was_not_sent(
    duty: Person, lead: Person
) -> None:
    with partner_server(BUSY) as server:
        request = ask_and_withdraw(server.url, duty, lead)
    sent = [json.loads(server.body(n))["kind"] for n in range(len(server.heard))]
    assert sent == ["block", "release"]  # it may have come although it was refused
    dropped, release = request.letters.order_by("pk")
    assert dropped.dropped_at
    assert dropped.next_attempt_at is None
    assert release.next_attempt_at


def test_a_partner_without_a_key_is_told_apart(duty: Person, lead: Person) -> None:
    request = ask(add_partner(url="https://mau.example/", secret_sealed=None), duty, lead)
    work()
    assert request.letters.get().outcome == "no_key"


def test_without_a_mail_server_the_letter_waits(
    duty: Person, lead: Person, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    request = ask(add_partner(), duty, lead)
    work()
    letter = request.letters.get()
    assert (letter.outcome, letter.sent_at) == ("no_mail_server", None)
    assert letter.next_attempt_at


def test_an_extension_goes_out_with_its_new_time(duty: Person, lead: Person) -> None:
    with partner_server(say(OK)) as server:
        request = ask(add_partner(url=server.url), duty, lead)
        work()
        block(request)
        requests.propose_review(request.pk, "Còn gọi.", keep=True, by=duty.user)
        requests.REVIEW.carry_out(
            requests.proposals.Proposal.objects.get(kind="block_review"), lead.user
        )
        work()
    assert json.loads(server.body())["kind"] == "extension"
    request.refresh_from_db()
    assert json.loads(server.body())["until"] == timezone.localtime(request.blocked_until).isoformat(timespec="seconds")  # fmt: skip


def test_a_task_ends_while_its_lease_and_its_claim_hold() -> None:
    longest = sending.TIMEOUT_SECONDS / 2 + webhooks.TIMEOUT_SECONDS
    assert longest < min(queue.LEASE, sending.CLAIM).total_seconds()


def test_a_dead_partners_release_is_given_up_in_the_open_and_goes_when_an_officer_says_so(
    duty: Person, lead: Person
) -> None:
    with partner_server(BUSY) as server:
        request = ask_and_withdraw(server.url, duty, lead)
        BlockLetter.objects.filter(kind="release").update(attempts=sending.MAX_ATTEMPTS - 2)
        for _ in range(5):
            let_pass(timedelta(hours=1))
    release = request.letters.get(kind="release")
    assert (release.attempts, release.next_attempt_at) == (sending.MAX_ATTEMPTS, None)
    assert list(BlockLetter.objects.to_call(timezone.now())) == [release]
    alarms.check_alarms()
    assert Alarm.objects.get(kind="unreceived").count == 1
    with partner_server(say(OK)) as server:
        BlockingPartner.objects.update(address=server.url)
        letters.send_again(request, by=duty.user)
        work()
    assert json.loads(server.body())["kind"] == "release"
    assert not BlockLetter.objects.to_call(timezone.now()).exists()
    with pytest.raises(ActionError, match="Không còn công văn nào"):
        letters.send_again(request, by=duty.user)


def test_a_letter_that_is_given_up_before_its_receipt_was_due_is_overdue_at_once(
    duty: Person, lead: Person, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    request = ask(add_partner(), duty, lead)  # a mailbox, which has a working day
    request.letters.update(attempts=sending.MAX_ATTEMPTS - 1)
    work()
    assert BlockLetter.objects.to_call(timezone.now()).count() == 1


def test_a_key_that_is_renewed_while_a_letter_is_on_its_way_signs_the_next_attempt(
    duty: Person, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partner's program refuses what the old one signed."""
    send = webhooks.send

    def send_late(*letter: Any) -> int:
        monkeypatch.setattr(webhooks, "send", send)
        partners.create_secret(partner, by=lead.user)
        return send(*letter)

    def answer(connection: socket.socket) -> None:
        say(OK if len(server.heard) > 1 else b"HTTP/1.1 401 Unauthorized\r\n\r\n")(connection)

    monkeypatch.setattr(webhooks, "send", send_late)
    with partner_server(answer) as server:
        partner = add_partner(url=server.url)
        request = ask(partner, duty, lead)
        work()
        assert (request.letters.get().outcome, request.letters.get().status) == ("refused", 401)
        let_pass(timedelta(minutes=1))
    assert request.letters.get().sent_at
    partner.refresh_from_db()
    keys = [SECRET, encryption.decrypt_field(partner, "secret")]
    heard = [(server.headers(n), server.body(n)) for n in (0, 1)]
    assert [head["X-Portal-Signature"] for head, _ in heard] == [
        webhooks.signature(str(key), head["X-Portal-Timestamp"], body)
        for key, (head, body) in zip(keys, heard, strict=True)
    ]
