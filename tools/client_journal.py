"""Residents who keep their own books, and what the database says to them afterwards.

Each sends a report and, when the answer is an error or the connection breaks, the same form under
the same key again, as a frightened person presses again, until there is a receipt. Every answer
must be a receipt, the page that says "Chưa gửi được" with the text still in it, or the front
server's page: never blank, and never a receipt that the database does not know.
"""

import html
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import count
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

import psycopg2

from core.province import province
from tools.cpu_allowance import CpuAllowance
from tools.report_requests import REPORT, STORY, fetch_form_token

MAX_ANSWER_SECONDS = 3.0  # on a machine that waits for nobody (tools/cpu_allowance.py)
TIMEOUT_SECONDS = 10.0  # until a resident gives up on a silent connection
RETRY_DELAY_SECONDS = 0.3  # until the next press
MAX_SUBMISSIONS = 100
OPEN_RECEIPT_EVERY = 10  # every so-manyth opens the receipt, and presses once more
RECEIPT_PATH = "/bao-cao/da-nhan/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What an answer can be; only the first three are right, a broken one only without a front server.
RECEIPT, REFUSED, FRONT, BROKEN, SILENT, WRONG = (
    "receipt", "refused", "front's page", "broken", "silent", "WRONG"
)  # fmt: skip
Headers = dict[str, str]
_CODE = re.compile(r'<li><b class="mono">(\w{4})</b>')
_COOKIE = re.compile(r"receipt=([^;]+)")
_NUMBER = re.compile(r'<h1>Tin <span class="mono keep">([\w-]+)</span></h1>')

SELECT_REPORTS_SQL = """
SELECT report.submission_key, report.story,
       (SELECT count(*) FROM reports_extractedfacts WHERE report_id = report.id),
       (SELECT count(*) FROM core_outboxitem
         WHERE task = 'reports.triage' AND key = report.id::text),
       (SELECT count(*) FROM core_outboxitem
         WHERE task = 'reports.triage' AND key = report.id::text AND done_at IS NOT NULL),
       report.public_number
  FROM reports_report AS report
 WHERE report.submission_key = ANY(%s)
"""


@dataclass(frozen=True)
class Answer:
    """What one press brought: which kind, its status (0 for none), when and after how long; `limit` is
    what it may have taken, for how busy the machine was meanwhile.
    """

    kind: str
    status: int
    asked_at: float
    seconds: float
    code: str = ""
    cookie: str = ""
    error: str = ""
    limit: float = MAX_ANSWER_SECONDS


@dataclass
class JournalEntry:
    """One report in a resident's own book."""

    key: str
    story: str
    answers: list[Answer] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    @property
    def has_receipt(self) -> bool:
        return any(answer.kind == RECEIPT for answer in self.answers)

    @property
    def number(self) -> int:
        return int(self.key[-6:])

    @property
    def digest(self) -> bytes:
        return hash_story(self.story)


def hash_story(story: str) -> bytes:
    return sha256(story.encode()).digest()


@dataclass(frozen=True)
class Reconciliation:
    """The residents' books beside the database's."""

    sent: int
    receipts: int
    rows: int
    lost: int  # a receipt, and no row with that key and those words
    duplicated: int  # rows beyond the first of a key
    altered: int  # a row whose words are not those that were typed
    not_read_once: int  # rows whose facts or settled items are not exactly one
    two_codes: int  # reports that were shown more than one receipt code
    not_opened: int  # codes that open nothing, or another report
    answers: dict[str, int]
    wrong: list[str]
    slowest: float
    too_slow: int  # answers that took longer than they may
    broken_for: float  # the longest time in which connections broke and none was answered

    def breaches(self) -> list[str]:
        """What may not be after one fault, each as a short line; empty when all is well."""
        slow = [f"slowest answer: {self.slowest:.1f} s"] if self.too_slow else []
        return self.losses() + slow

    def losses(self) -> list[str]:
        """What may not be after any, however long an answer took."""
        bad = {
            "without a receipt": self.sent - self.receipts,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "altered": self.altered,
            "not triaged exactly once": self.not_read_once,
            "with two codes": self.two_codes,
            "codes that open nothing or another report": self.not_opened,
            "wrong or silent answers": len(self.wrong),
        }
        return [f"{name}: {number}" for name, number in bad.items() if number]


class ClientJournal:
    """Residents at 127.0.0.1 and what they wrote down; at each of `ports` an equal share.

    `fronted`: ports with a front server, where no connection may ever break; one in `opening_every`
    opens the receipt.
    """

    def __init__(
        self,
        ports: Sequence[int],
        fronted: Sequence[int] = (),
        opening_every: int = OPEN_RECEIPT_EVERY,
    ) -> None:
        self.ports, self.fronted, self.opening_every = ports, frozenset(fronted), opening_every
        self.entries: list[JournalEntry] = []
        self.allowance = CpuAllowance()
        self._token = fetch_form_token(ports[0])
        self._numbers = count()
        self._stop = threading.Event()
        self._residents: list[threading.Thread] = []

    # --- sending

    def start(self, residents: int, reports: int, seconds: float) -> None:
        """Send so many reports, evenly over so many seconds, from so many residents at once."""
        self.allowance = CpuAllowance()
        started = time.monotonic()
        turns = iter(range(reports))
        lock = threading.Lock()

        def live() -> None:
            while not self._stop.is_set():
                with lock:
                    turn = next(turns, None)
                if turn is None:
                    return
                self._stop.wait(started + turn * seconds / reports - time.monotonic())
                self.send()

        self._residents = [threading.Thread(target=live, daemon=True) for _ in range(residents)]
        for resident in self._residents:
            resident.start()

    def stop(self, within: float, *, hurry: bool = False) -> bool:
        """Wait until all have their receipts; whether they had in time. `hurry` begins no more."""
        if hurry:
            self._stop.set()
        deadline = time.monotonic() + within
        for resident in self._residents:
            resident.join(max(0.0, deadline - time.monotonic()))
        late = any(resident.is_alive() for resident in self._residents)
        self._stop.set()
        return not late

    def send(self) -> JournalEntry:
        """One report, pressed until there is a receipt; some open it and press once more."""
        entry = self.write()
        while not entry.has_receipt and len(entry.answers) < MAX_SUBMISSIONS:
            if entry.answers:
                time.sleep(RETRY_DELAY_SECONDS)
            self.submit(entry)
        if entry.has_receipt and entry.number % self.opening_every == 0:
            self._open(entry)
            self.submit(entry)
        return entry

    def write(self) -> JournalEntry:
        """A report that nobody has sent yet."""
        number = next(self._numbers)
        story = f"{STORY} Đây là lần gọi thứ {number} mà tôi nhớ."
        entry = JournalEntry(f"{token_urlsafe(12)}-{number:06}", story)
        self.entries.append(entry)
        return entry

    def submit(self, entry: JournalEntry) -> Answer:
        """Send the form once and write down what came."""
        typed = {"story": entry.story, "submission_key": entry.key, "form_token": self._token}
        body = urlencode(REPORT | typed, doseq=True)
        answer = self._ask(entry, "POST", "/bao-cao/", body, FORM)
        entry.answers.append(answer)
        return answer

    def _open(self, entry: JournalEntry) -> None:
        """The receipt's page, where the browser has its cookie; a fault may hide it for once."""
        cookies = [answer.cookie for answer in entry.answers if answer.cookie]
        if cookies:
            self._ask(entry, "GET", RECEIPT_PATH, None, {"Cookie": f"receipt={cookies[-1]}"})

    def _ask(
        self, entry: JournalEntry, method: str, path: str, body: Any, headers: Headers
    ) -> Answer:
        port = self._port(entry)
        asked_at, allowance = time.monotonic(), CpuAllowance()
        try:
            response, page = send_request(port, method, path, body, headers)
        except TimeoutError:
            return Answer(SILENT, 0, asked_at, TIMEOUT_SECONDS, error="no answer")
        except (OSError, HTTPException) as error:
            kind = WRONG if port in self.fronted else BROKEN
            return Answer(kind, 0, asked_at, _measure_since(asked_at), error=type(error).__name__)
        answer = classify_response(response, page, entry.story, asked_at)
        entry.codes |= {answer.code} - {""}
        return replace(answer, limit=allowance.extend(MAX_ANSWER_SECONDS))

    def _port(self, entry: JournalEntry) -> int:
        return self.ports[entry.number % len(self.ports)]

    # --- comparing

    @property
    def answers(self) -> list[Answer]:
        return [answer for entry in list(self.entries) for answer in list(entry.answers)]

    def reconcile(self, database: str) -> Reconciliation:
        """Every entry beside the rows of its key, and every code beside the page that it opens:
        the portal has to serve. `database` is a libpq address.
        """
        rows_by_key = self._load_rows(database)
        entries, answers = self.entries, self.answers
        with_receipt = [entry for entry in entries if entry.has_receipt]
        same = {
            entry.key: [
                row for row in rows_by_key.get(entry.key, []) if hash_story(row[0]) == entry.digest
            ]
            for entry in entries
        }
        bad = [answer for answer in answers if answer.kind in {WRONG, SILENT}]
        return Reconciliation(
            sent=len(entries),
            receipts=len(with_receipt),
            rows=sum(map(len, rows_by_key.values())),
            lost=sum(not same[entry.key] for entry in with_receipt),
            duplicated=sum(len(rows) - 1 for rows in rows_by_key.values()),
            altered=sum(len(rows) - len(same[key]) for key, rows in rows_by_key.items()),
            not_read_once=sum(
                row[1:4] != (1, 1, 1) for rows in rows_by_key.values() for row in rows
            ),
            two_codes=sum(len(entry.codes) > 1 for entry in entries),
            not_opened=sum(
                self._opened_by(code, entry) not in {row[4] for row in same[entry.key]}
                for entry in entries
                for code in entry.codes
            ),
            answers=dict(Counter(answer.kind for answer in answers)),
            wrong=[f"{answer.kind} {answer.status} {answer.error}" for answer in bad],
            slowest=max((answer.seconds for answer in answers), default=0.0),
            broken_for=find_longest_gap(answers),
            too_slow=sum(answer.seconds > answer.limit for answer in answers),
        )

    def _opened_by(self, code: str, entry: JournalEntry) -> str:
        """The public number of the report that a code opens; "" where it opens none."""
        try:
            body = urlencode({"code": code})
            _, page = send_request(self._port(entry), "POST", "/theo-doi/", body, FORM)
        except (OSError, HTTPException):
            return ""
        return "".join(_NUMBER.findall(page))

    def _load_rows(self, database: str) -> dict[str, list[tuple[Any, ...]]]:
        rows_by_key: dict[str, list[tuple[Any, ...]]] = {}
        with closing(psycopg2.connect(database)) as line, line.cursor() as cursor:
            cursor.execute(SELECT_REPORTS_SQL, [[entry.key for entry in self.entries]])
            for key, *rest in cursor.fetchall():
                rows_by_key.setdefault(key, []).append(tuple(rest))
        return rows_by_key


def send_request(
    port: int, method: str, path: str, body: Any, headers: Headers
) -> tuple[HTTPResponse, str]:
    """One request as a browser sends it from our own page; its answer, read, and the page.

    Raises OSError or HTTPException.
    """
    ours = {"Origin": f"http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)) as line:
        line.request(method, path, body, headers | ours)
        response = line.getresponse()
        return response, response.read().decode()


def classify_response(response: HTTPResponse, page: str, story: str, asked_at: float) -> Answer:
    """What an answer is, by what a person sees in it."""
    cookie = "".join(_COOKIE.findall(response.headers.get("Set-Cookie") or ""))
    code = "".join(_CODE.findall(page))
    sent_on = cookie and (response.headers.get("Location") or "").endswith(RECEIPT_PATH)
    if response.status == 303:
        kind = RECEIPT if sent_on else WRONG
    else:
        kind = _classify_page(response.status, page, story)
    error = "" if kind != WRONG else " ".join(re.sub("<[^>]*>", " ", page).split())[:80]
    return Answer(kind, response.status, asked_at, _measure_since(asked_at), code, cookie, error)


def _classify_page(status: int, page: str, story: str) -> str:
    if status == 200 and "Đã nhận tin báo của bạn</h1>" in page and _CODE.search(page):
        return RECEIPT
    if status == 503 and "Trang chưa mở được lúc này</h1>" in page:
        return FRONT if 'href="tel:113"' in page and province.hotline in page else WRONG
    has_story = html.escape(story) in page
    return REFUSED if status >= 400 and "Chưa gửi" in page and has_story else WRONG


def find_longest_gap(answers: Sequence[Answer]) -> float:
    """The longest time, in seconds, from a broken connection to the next answer to anybody."""
    longest, since = 0.0, None
    for at, broken in sorted(_list_ends(answers)):
        if since is not None:
            longest = max(longest, at - since)
        since = (at if since is None else since) if broken else None
    return longest


def _list_ends(answers: Sequence[Answer]) -> Iterator[tuple[float, bool]]:
    for answer in answers:
        yield answer.asked_at + answer.seconds, answer.kind in {BROKEN, FRONT, SILENT}


def _measure_since(started: float) -> float:
    return time.monotonic() - started
