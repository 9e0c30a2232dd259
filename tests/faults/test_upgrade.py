"""A version from the history of git, full and under load, is changed over to this one. This one has a
column more than any, so that tables differ. `make upgrade-test` fills the older one with 10,000 reports.
"""

import json
import os
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from PIL import Image

from ops.local_services import generate_secrets
from tests.faults.support.future_release import TOMORROW
from tests.faults.support.resident_load import close_books, describe_portal, desk
from tests.support.nginx_front import NGINX
from tests.support.portal_process import Visitor
from tools import older_version
from tools.client_journal import REFUSED, ClientJournal
from tools.portal_stack import PortalStack, portal_stack
from tools.publishing_rounds import publisher_process
from tools.servers import ROOT

pytestmark = [pytest.mark.rehearsal]

REPORTS = int(os.environ.get("UPGRADE_REPORTS", "300"))
FILES, RESIDENTS = 3 + REPORTS // 100, 12
REPORTS_A_SECOND = min(50, REPORTS // 30)  # fewer where a short look is asked for
SECONDS = 3.0 + REPORTS / 1000  # under load before, between and after
TIMEOUT_SECONDS = 300.0 + REPORTS / 10  # until all have receipts, and until all are read
BROKEN_FOR = 3.0
TABLES = """
SELECT relname, relfilenode::text FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
WARNING = ("issue", "update", "cancel")


@dataclass
class Upgrade:
    """One change of version: who was there before, what was sent meanwhile, what the tables were."""

    stack: PortalStack
    earlier: ClientJournal
    meanwhile: ClientJournal
    pictures: set[str]
    officer: Visitor  # logged in before
    tables: tuple[dict[str, str], dict[str, str]]  # the file of each, before and after migrate
    between: tuple[float, float]  # from migrate to the change-over


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalStack]:
    """The older version as a whole portal."""
    revision = os.environ.get("UPGRADE_FROM") or older_version.find_revision()
    if not revision:
        pytest.fail("there is no history of git here, from which the older version comes")
    folder = tmp_path_factory.mktemp("older")
    older_version.check_out(revision, folder)
    secrets = generate_secrets("localhost")
    keys = {name: secrets[name] for name in ("SIGNING_KEY", "CAP_KEY")}
    with portal_stack(front=NGINX is not None, code=folder, **keys) as stack:
        yield stack


@pytest.fixture(scope="module")
def upgrade(older: PortalStack) -> Upgrade:
    """Fill it, then change it over as docs/operations/deploy.md says, while residents send."""
    stack = older
    portal = desk(stack)
    with publisher_process(stack.env, stack.code) as publisher:
        for act in WARNING:
            publisher.act(act, "dien-luc")
    earlier = ClientJournal([stack.port], opening_every=1)
    earlier.start(RESIDENTS, REPORTS, REPORTS / 50)
    pictures = {send_picture(stack, number) for number in range(FILES)}
    assert earlier.stop(TIMEOUT_SECONDS)
    officer = Visitor(portal.url)
    officer.log_in(portal, "truc.ban")

    fronted = [stack.front_port] if stack.front_port else []
    meanwhile = ClientJournal([stack.port, *fronted], fronted)
    meanwhile.start(RESIDENTS, REPORTS_A_SECOND * 3600, 3600)
    time.sleep(SECONDS)
    stack.code, before = ROOT, dict(stack.ask(TABLES))
    stack.manage("migrate", "--verbosity", "0", **TOMORROW)
    after, migrated_at = dict(stack.ask(TABLES)), time.monotonic()
    stack.manage("setup_desk", **TOMORROW)
    time.sleep(SECONDS)
    changed_at = time.monotonic()
    stack.replace_serve(**TOMORROW)
    time.sleep(SECONDS)
    assert meanwhile.stop(TIMEOUT_SECONDS, hurry=True)
    between = (migrated_at, changed_at)
    return Upgrade(stack, earlier, meanwhile, pictures, officer, (before, after), between)


def send_picture(stack: PortalStack, number: int) -> str:
    """Report as a resident who has a picture unlike any other; return its SHA-256."""
    resident = Visitor(f"http://127.0.0.1:{stack.port}")
    story = f"Họ gửi tôi ảnh chụp thẻ ngành, tấm thứ {number}."
    receipt = resident.submit(resident.get("/bao-cao/"), "/bao-cao/", story=story)
    png = BytesIO()
    Image.new("RGB", (64, 48), (number % 256, number // 256, 99)).save(png, "PNG")
    page = resident.submit(receipt, "/theo-doi/")
    answer = resident.send_file(page, "/theo-doi/tep/", "the.png", png.getvalue())
    assert answer.status == 200, answer.words
    return sha256(png.getvalue()).hexdigest()


def test_every_report_is_there_and_every_receipt_code_opens_it(upgrade: Upgrade) -> None:
    books = close_books(upgrade.stack, upgrade.earlier, TIMEOUT_SECONDS)
    assert books.sent == REPORTS
    assert all(entry.codes for entry in upgrade.earlier.entries)
    assert books.losses() == []


def test_who_sends_meanwhile_is_not_refused_and_waits_at_most_a_moment(upgrade: Upgrade) -> None:
    books = close_books(upgrade.stack, upgrade.meanwhile, TIMEOUT_SECONDS)
    sys.stdout.write(f"{books.answers}, broken for {books.broken_for:.2f} s\n")
    assert books.losses() == []
    assert REFUSED not in books.answers
    assert books.broken_for < upgrade.meanwhile.allowance.extend(BROKEN_FOR)


def test_the_older_version_takes_reports_on_the_newer_tables(upgrade: Upgrade) -> None:
    begun, ended = upgrade.between
    answers = [each for each in upgrade.meanwhile.answers if begun < each.asked_at < ended]
    assert len(answers) > SECONDS * REPORTS_A_SECOND / 4
    assert upgrade.stack.ask("SELECT DISTINCT tomorrow FROM reports_case") == [(7,)]


def test_migrate_writes_no_table_of_the_older_version_anew(upgrade: Upgrade) -> None:
    before, after = upgrade.tables
    assert "reports_report" in before
    assert {name: after.get(name) for name in before} == before


def test_an_officer_who_was_logged_in_gets_every_file_as_it_was_sent(upgrade: Upgrade) -> None:
    officer, files = upgrade.officer, set[str]()
    for report, file in upgrade.stack.ask("SELECT report_id, id FROM reports_evidencefile"):
        page = officer.get(f"/admin/reports/report/{report}/change/")
        files.add(sha256(officer.submit(page, f"/file/{file}/").body).hexdigest())
    assert files == upgrade.pictures


def test_every_officer_can_log_in(upgrade: Upgrade) -> None:
    portal = describe_portal(upgrade.stack)
    pages = [Visitor(portal.url).log_in(portal, name) for name in portal.people]
    assert [page.address for page in pages] == [f"{portal.url}/admin/"] * 3


def test_every_warning_verifies_with_the_published_key(upgrade: Upgrade) -> None:
    agency = Visitor(f"http://127.0.0.1:{upgrade.stack.port}")
    revisions = upgrade.stack.ask("SELECT identifier FROM alerts_alertrevision")
    assert len(revisions) == 1 + len(WARNING)  # and the first one, which is there from the start
    for (identifier,) in revisions:
        signed = json.loads(agency.get(f"/canh-bao/chu-ky/{identifier}.json").body)
        key: Any = load_pem_public_key(agency.get(signed["public_key"]).body)
        key.verify(b64decode(signed["signature"]), agency.get(signed["content"]).body)


def test_a_plain_start_is_short_as_well(upgrade: Upgrade) -> None:
    stack, residents = upgrade.stack, ClientJournal([upgrade.stack.port])
    residents.start(4, reports=1500, seconds=300)
    assert stack.terminate() == 0
    stack.start_serve(**TOMORROW)
    assert stack.wait_for_roles()
    assert residents.stop(TIMEOUT_SECONDS, hurry=True)
    books = close_books(stack, residents, TIMEOUT_SECONDS)
    assert books.losses() == []
    assert books.broken_for < residents.allowance.extend(BROKEN_FOR)
