"""A request to block and its end reach ten carriers through the real relay and worker, while another hangs."""

import json
import threading

import pytest

from core.audit import proposals
from reports.blocking import requests
from reports.models import BlockingPartner, BlockLetter, NumberFinding
from reports.numbers import findings
from tests.faults.support.queue_processes import queue_processes
from tests.support.blocking import add_partner
from tests.support.concurrency import QuietHandler, answering
from tests.support.number_factories import add_finding
from tests.support.officers import create_officer
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


def ask_two(finding: NumberFinding, partner: BlockingPartner) -> None:
    """One officer proposes, another confirms."""
    requests.propose(finding.pk, partner.pk, "Đang gọi.", by=finding.proposed_by)
    (proposal,) = proposals.Proposal.objects.filter(kind="block", state="open")
    proposals.confirm(requests.BLOCK, proposal.pk, by=create_officer(f"chi.{partner.pk}", "lead"))


def test_ten_carriers_are_asked_and_released_while_another_hangs() -> None:
    over, heard, hung = threading.Event(), list[tuple[str, str]](), list[str]()

    def answer(asked: QuietHandler) -> None:
        heard.append((asked.path, json.loads(asked.read_body())["kind"]))
        asked.answer("")

    def hang(asked: QuietHandler) -> None:
        hung.append(json.loads(asked.read_body())["kind"])
        over.wait(120)

    with queue_processes() as ours, answering(answer) as quick, answering(hang) as hanging:
        ours.env |= {"PARTNER_TEST_HOSTS": "localhost"}
        ours.start_relay()
        ours.start_worker()
        finding = add_finding()
        duty, lead = create_officer("truc", "duty"), create_officer("chi", "lead")
        finding.proposed_by = duty
        with proposals.bypass_four_eyes():
            slow = add_partner("Viettel", url=f"http://localhost:{hanging}/")
            fast = [
                add_partner(name, url=f"http://localhost:{quick}/{name}") for name in "abcdefghij"
            ]
        ask_two(finding, slow)
        assert wait_until(lambda: bool(hung))
        for each in fast:
            ask_two(finding, each)
        assert wait_until(lambda: len(heard) == 10)
        proposal = findings.withdraw(finding.pk, "Nhầm.", by=duty)
        assert proposal
        proposals.confirm(findings.WITHDRAWAL, proposal.pk, by=lead)
        assert wait_until(lambda: len(heard) == 20)
        over.set()
    assert set(heard[:10]) == {(f"/{name}", "block") for name in "abcdefghij"}
    assert set(heard[10:]) == {(f"/{name}", "release") for name in "abcdefghij"}
    assert BlockLetter.objects.filter(kind="block", dropped_at__isnull=False).count() == 11
