"""A report with marks goes through the whole portal, and nothing that tells of a person lies anywhere
in clear: not in PostgreSQL's files and WAL, in Valkey, in logs, figures, archives, addresses.
"""

import secrets
import urllib.request
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.keys import generate_backup_key
from ops.local_services import VALKEY_SOCKET
from tests.faults.support.canary_marks import (
    Browser,
    Search,
    make_number,
    make_word,
    monitor_valkey,
)
from tests.faults.support.resident_load import desk
from tests.faults.support.smtp_sink import SmtpSink, smtp_sink
from tests.support.images import jpeg
from tests.support.nginx_front import NGINX, ask
from tests.support.portal_process import Page
from tests.support.resident_pages import code_of, form_with
from tools.portal_stack import PortalStack, portal_stack, wait_until

pytestmark = [pytest.mark.serial]
TOKEN = secrets.token_hex(20)
WRITTEN = "SELECT count(*) FROM reports_filecheck"
# What an officer's mistake or a bug could do: PostgreSQL refuses the row, and says what is in it.
REFUSE = "ALTER TABLE reports_report ADD CONSTRAINT canary CHECK (source <> 'web') NOT VALID"
TAKE_AGAIN = "ALTER TABLE reports_report DROP CONSTRAINT canary"


@dataclass
class Canary:
    """The portal after everything was done, and what was left where."""

    stack: PortalStack
    letters: SmtpSink
    heard: bytearray
    marks: dict[str, str]
    pages: list[Page] = field(default_factory=list)

    @property
    def search(self) -> Search:
        return Search(self.marks)


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    marks = {
        "contact": make_number("0550", 6), "phrase": make_word(), "paper": make_number("038", 9),
        "question": make_word(), "file": make_word(), "file name": make_word(),
        "address": f"{make_word()}@mau.example", "refused": make_number("038", 9), "later": make_number("0550", 6),
    }  # fmt: skip
    with ExitStack() as exits:
        letters = exits.enter_context(smtp_sink())
        env = {
            "EMAIL_URL": letters.url,
            "METRICS_TOKEN": TOKEN,
            "BACKUP_KEY": generate_backup_key(),
        }
        stack = exits.enter_context(portal_stack(front=NGINX is not None, **env))
        heard = exits.enter_context(monitor_valkey(stack.folder / VALKEY_SOCKET))
        ours = Canary(stack, letters, heard, marks)
        for step in (tell, tell_what_is_refused, subscribe):
            step(ours)
        answer(ours, *work(ours))
        stack.manage("backup")
        stack.manage("rebuild_static_pages")
        settle(stack)
        yield ours


def browser(canary: Canary) -> Browser:
    return Browser(f"http://127.0.0.1:{canary.stack.front_port or canary.stack.port}")


def tell(canary: Canary) -> None:
    """A resident reports, and sends a picture along."""
    marks, stack, visitor = canary.marks, canary.stack, browser(canary)
    page = visitor.submit(
        visitor.get("/bao-cao/"),
        "/bao-cao/",
        story=f"Họ bắt tôi đọc căn cước {marks['paper']}, tôi dặn gọi {marks['contact']}.",
        caller_number="0550 000 123",
        contact_phone=marks["contact"],
        callback_phrase=marks["phrase"],
    )
    assert "Đã nhận tin báo" in page.words
    marks["code"] = code_of(page.text.encode())
    body, headers = form_with(marks["code"], jpeg() + marks["file"].encode())
    body = body.replace(b'filename="a.jpg"', f'filename="{marks["file name"]}.jpg"'.encode())
    answered, text = ask(stack.front_port or stack.port, "/theo-doi/tep/", "POST", body, **headers)
    assert answered.status == 200, text
    assert stack.wait_until_idle(90)
    assert wait_until(lambda: stack.ask(WRITTEN) == [(1,)], 90)
    canary.pages += visitor.seen


def tell_what_is_refused(canary: Canary) -> None:
    """The database takes no report: nothing is lost on the page, nothing told in a log."""
    visitor = browser(canary)
    form = visitor.get("/bao-cao/")
    canary.stack.ask(REFUSE)
    story = f"Họ bắt đọc căn cước {canary.marks['refused']}"
    page = visitor.submit(form, "/bao-cao/", story=story, contact_phone=canary.marks["contact"])
    canary.stack.ask(TAKE_AGAIN)
    assert page.status >= 500
    assert canary.marks["refused"] in page.text
    canary.pages += visitor.seen


def subscribe(canary: Canary) -> None:
    visitor = browser(canary)
    visitor.submit(visitor.get("/dang-ky/"), "/dang-ky/", address=canary.marks["address"])
    assert wait_until(lambda: bool(canary.letters.mails))
    canary.pages += visitor.seen


def work(canary: Canary) -> tuple[Browser, str]:
    """An officer looks the contact up, opens whatever is sealed, and asks."""
    portal = desk(canary.stack)
    officer = Browser(portal.url)
    officer.log_in(portal, "truc.ban")
    queue = officer.get("/admin/reports/report/")
    link = next(a for a in queue.tree.iter("a") if "/change/" in a.get("href", ""))
    place = link.get("href").partition("change/")[0]
    for what, mark in {"story": "paper", "contact": "contact", "phrase": "phrase"}.items():
        page = officer.get(f"{place}change/")
        opened = officer.submit(page, f"/reveal-{what}/", why="Gọi lại người báo")
        assert canary.marks[mark] in opened.text, what
    page = officer.get(f"{place}change/")
    preview = officer.submit(page, "/compose/ask/", reason=canary.marks["question"], preview="1")
    officer.submit(preview, f"{place}ask/", reason=canary.marks["question"])
    return officer, place


def answer(canary: Canary, officer: Browser, place: str) -> None:
    """The resident reads the question, answers, adds; the officer reads that."""
    marks, visitor = canary.marks, browser(canary)
    page = visitor.submit(visitor.get("/theo-doi/"), "/theo-doi/", code=marks["code"])
    assert marks["question"] in page.text
    told = f"Tôi trả lời: số {marks['contact']}, căn cước {marks['paper']}."
    page = visitor.submit(page, "/theo-doi/tra-loi/", text=told)
    page = visitor.submit(
        page, "/theo-doi/them/", story=f"Số mới {marks['later']}", contact_phone=marks["later"]
    )
    assert canary.stack.wait_until_idle(90)
    assert "Tôi trả lời: số" in officer.get(f"{place}change/").text
    canary.pages += [*visitor.seen, *officer.seen]


def settle(stack: PortalStack) -> None:
    """Everything that is in memory goes to disk."""
    stack.ask("CHECKPOINT")
    stack.broker().execute_command("SAVE")


def test_nothing_on_any_disk_tells_who_it_was(canary: Canary) -> None:
    assert list((Path(canary.stack.env["DATA_DIR"]) / "backups").glob("*.tar.age"))
    assert canary.search.search_folder(canary.stack.folder) == {}


def test_nothing_that_valkey_was_told_tells_it(canary: Canary) -> None:
    assert len(canary.heard) > 1000
    assert canary.search.find_marks(bytes(canary.heard)) == set()


def test_no_figure_tells_it(canary: Canary) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{canary.stack.port}/metrics",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=10) as page:
        figures = page.read()
    assert b"portal_" in figures
    assert canary.search.find_marks(figures) == set()


def test_no_address_header_or_kept_page_tells_it(canary: Canary) -> None:
    assert len(canary.pages) > 12
    assert canary.search.search_pages(canary.pages) == set()
    assert {page.headers["Referrer-Policy"] for page in canary.pages} == {"same-origin"}


def test_letters_tell_nothing_but_to_whom_they_go(canary: Canary) -> None:
    bodies = "\n".join(letter.as_string() for letter in canary.letters.mails)
    assert canary.search.find_marks(bodies.encode()) == {"address"}


def test_the_search_finds_what_is_written_in_clear(canary: Canary) -> None:
    """In a table and its WAL, in Valkey as base64: so that it could have found the marks."""
    stack, mark = canary.stack, make_word()
    control = Search({"control": mark})
    stack.ask("CREATE TABLE told AS SELECT %s::text AS said", [mark])
    stack.broker().set("told", b64encode(f"xy{mark}".encode()))
    settle(stack)
    places = " ".join(control.search_folder(stack.folder))
    assert all(part in places for part in ("postgres/base/", "postgres/pg_wal/", "valkey/"))
    assert wait_until(lambda: control.find_marks(bytes(canary.heard)) == {"control"})
    page = Page("http://x/?q=" + mark, 200, {}, f"<a href='{mark}'>{mark}</a>".encode())
    assert {where for where, _ in control.search_pages([page])} == {
        "address",
        "a link",
        "a page that is stored",
    }


def test_after_a_change_of_keys_the_old_one_opens_nothing_that_is_left(canary: Canary) -> None:
    """Beside a running portal; afterwards no table holds what the old key had sealed."""
    stack, old = canary.stack, canary.stack.env["FIELD_ENCRYPTION_KEYS"]
    former = [bytes(row[0]) for row in stack.ask("SELECT contact_sealed FROM reports_report")]
    new = urlsafe_b64encode(secrets.token_bytes(32)).decode()
    stack.env["FIELD_ENCRYPTION_KEYS"] = f"{new},{old}"
    stack.replace_serve()
    assert "No text, file or code of a report needs an older key." in stack.manage("rotate_keys")
    stack.env["FIELD_ENCRYPTION_KEYS"] = new
    stack.replace_serve()
    stack.ask("VACUUM FULL reports_report")
    settle(stack)
    tables = [path for path in (stack.folder / "postgres/base").rglob("*") if path.is_file()]
    assert not any(sealed in path.read_bytes() for path in tables for sealed in former)
    visitor = browser(canary)
    page = visitor.submit(visitor.get("/theo-doi/"), "/theo-doi/", code=canary.marks["code"])
    assert canary.marks["question"] in page.text
    assert canary.search.search_folder(stack.folder) == {}
