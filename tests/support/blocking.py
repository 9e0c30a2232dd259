"""Partners who block, what they are asked, and the work of relay and worker done at once."""

import re
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.test import Client

from core import encryption
from core.models import OutboxItem, PartnerChannel
from reports.blocking import answers, letters, requests, sending
from reports.models import BlockingPartner, BlockLetter, BlockRequest, NumberFinding
from reports.numbers import findings
from tests.support.number_factories import add_finding
from tests.support.officers import Person, confirm_open

SECRET = "khoa-cua-nha-mang-mau"
MAILBOX = "chan-so@mau.example"
PROCESSORS = {
    findings.END_BLOCKS_TASK: requests.end_withdrawn,
    letters.SEND_TASK: sending.process_items,
}


def add_partner(name: str = "Wintel", url: str = "", **fields: Any) -> BlockingPartner:
    """A partner: a carrier with a webhook, or with a mailbox where it has no URL."""
    channel = {"channel": PartnerChannel.WEBHOOK, "address": url} if url else {"channel": PartnerChannel.MAIL, "address": MAILBOX}  # fmt: skip
    defaults: dict[str, Any] = {
        "kind": "carrier",
        "owns": [name],
        "contact": "Trực 0550 000 111",
    } | channel
    defaults["secret_sealed"] = encryption.encrypt(SECRET, "secret")
    return BlockingPartner.objects.create(name=name, **defaults | fields)


def ask(
    partner: BlockingPartner, duty: Person, lead: Person, finding: NumberFinding | None = None
) -> BlockRequest:
    """A request that one officer proposed and another confirmed; its letter waits."""
    finding = finding or add_finding()
    requests.propose(finding.pk, partner.pk, "Đang gọi nhiều người.", by=duty.user)
    confirm_open(requests.BLOCK, lead.user)
    return BlockRequest.objects.get(finding=finding, partner=partner, ended_at=None)


def work() -> None:
    """Do what is owed now, as relay and worker do."""
    for task, process in PROCESSORS.items():
        due = OutboxItem.objects.filter(task=task, done_at=None, failed_at=None)
        while items := list(due.values_list("pk", flat=True)):
            process(items)


def let_pass(time: timedelta) -> None:
    """PostgreSQL's clock goes on: what is compared with it goes back instead."""
    times = ("next_attempt_at", "receive_by", "sent_at")
    BlockLetter.objects.update(**{name: F(name) - time for name in times})
    BlockRequest.objects.filter(ended_at=None).update(blocked_until=F("blocked_until") - time)
    BlockingPartner.objects.update(claimed_until=F("claimed_until") - time)
    sending.dispatch_due()
    work()


def path_of(letter: BlockLetter) -> str:
    return re.sub("^https?://[^/]+", "", letters.build_answer_url(letter))


def answer(client: Client, letter: BlockLetter, which: str, reason: str = "") -> Any:
    """What the partner's program posts to the link in a letter."""
    typed = {"answer": which, "reason": reason}
    return client.post(path_of(letter), typed, headers={"Accept": "application/json"})


def block(request: BlockRequest) -> None:
    """The partner says that it has blocked."""
    answers.record(request.letters.get(kind="block"), "blocked")
