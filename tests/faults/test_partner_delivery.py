"""A word reaches an agency's machine over TLS and its people by mail, through the real relay and worker."""

import hashlib
import hmac
import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.test import Client

from alerts.delivery import deliveries, partners
from alerts.models import Delivery, DeliveryAttempt, PartnerAgency, PartnerReceipt
from core.models import PartnerChannel
from core.outbox import queue
from tests.faults.support.queue_processes import QueueProcesses, queue_processes
from tests.faults.support.smtp_sink import SmtpSink, smtp_sink
from tests.support.alert_factories import KEY, cancelled, issued, partner, person
from tests.support.concurrency import QuietHandler, answering
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


@dataclass
class Receiver:
    """An agency's own web server, which speaks TLS under a certificate of its own."""

    url: str = ""
    certificate: Path = Path()
    answers: int = 200
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def genuine(self) -> list[dict[str, str]]:
        """What was told, each checked against its signature as an agency would."""
        messages = []
        for headers, body in self.heard:
            signed = headers["X-Portal-Timestamp"].encode() + b"." + body
            mac = hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(headers["X-Portal-Signature"], f"sha256={mac}")
            messages.append(json.loads(body))
        return messages

    def reply(self, asked: QuietHandler) -> None:
        self.heard.append((dict(asked.headers.items()), asked.read_body()))
        asked.answer("", status=self.answers)


@contextmanager
def receiver(folder: Path) -> Iterator[Receiver]:
    ours = Receiver(certificate=certified(folder / "agency.pem"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ours.certificate)
    with answering(ours.reply, tls) as port:
        ours.url = f"https://localhost:{port}/nhan"
        yield ours


def certified(file: Path) -> Path:
    """A key and a certificate for localhost, in one file."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
    words = [*command.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(file)]
    subprocess.run([*words, "-out", f"{file}.cert"], check=True, capture_output=True)
    with file.open("a") as whole:
        whole.write(Path(f"{file}.cert").read_text())
    return file


@contextmanager
def stage(box: SmtpSink, receiving: Receiver) -> Iterator[QueueProcesses]:
    """Relay and worker, whose mails go to this box and who trust this agency's certificate."""
    with queue_processes() as ours:
        ours.env |= {
            "EMAIL_URL": box.url,
            "ALARM_EMAILS": "ky-thuat@portal.example",
            "PARTNER_TEST_HOSTS": "localhost",
            "PARTNER_MAX_FAILURES": "1",
            "SSL_CERT_FILE": str(receiving.certificate),
        }
        ours.start_relay()
        ours.start_worker()
        yield ours


def test_an_agency_hears_each_word_confirms_it_and_hears_of_the_end(
    tmp_path: Path, client: Client
) -> None:
    with smtp_sink() as box, receiver(tmp_path) as receiving, stage(box, receiving):
        partner(webhook=receiving.url, mail="so@mau.example")
        revision = issued(title="Giả điện lực")
        assert wait_until(lambda: len(receiving.heard) == 1 and len(box.mails) == 1)
        assert box.mails[0]["To"] == "so@mau.example"
        link = re.search(r"http\S+(/da-trien-khai/\S+)", box.mails[0].get_content())
        assert link
        assert client.post(link[1]).status_code == 200
        assert PartnerReceipt.objects.get().confirmed_at
        over = cancelled(revision)
        assert wait_until(lambda: len(receiving.heard) == 2 and len(box.mails) == 2)
        messages = receiving.genuine()
        assert [(each["identifier"], each["msg_type"]) for each in messages] == [
            (revision.identifier, "Alert"), (over.identifier, "Cancel"),
        ]  # fmt: skip
        assert wait_until(lambda: not Delivery.objects.exclude(state=Delivery.State.DONE).exists())


def test_an_agency_that_fails_is_left_with_a_notice_and_hears_again_when_sent_anew(
    tmp_path: Path,
) -> None:
    with smtp_sink() as box, receiver(tmp_path) as receiving, stage(box, receiving):
        receiving.answers = 500
        agency = partner(webhook=receiving.url, mail="")
        issued()
        assert wait_until(lambda: DeliveryAttempt.objects.filter(outcome="refused").exists())
        last = {"attempts": deliveries.MAX_TRIES - 1, "next_attempt_at": Now()}  # the hours go by
        Delivery.objects.update(**last)
        deliveries.dispatch_due()
        queue.notify()
        assert wait_until(
            lambda: PartnerAgency.objects.get().stopped_channels == [PartnerChannel.WEBHOOK]
        )
        assert wait_until(lambda: any("Sở Mẫu" in mail.get_content() for mail in box.mails))
        assert box.mails[-1]["To"] == "ky-thuat@portal.example"
        receiving.answers = 200
        partners.reopen(PartnerAgency.objects.get(pk=agency.pk), by=person("approver"))
        deliveries.resend(Delivery.objects.get().pk, by=person("approver"))
        assert wait_until(lambda: Delivery.objects.get().state == Delivery.State.DONE)
        assert len({each["identifier"] for each in receiving.genuine()}) == 1
