"""Hostile strings in every field that the public can fill, in every form in which they come out again."""

import io
import json
import logging
import zipfile
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from lxml import etree
from PIL import Image
from pypdf import PdfReader
from structlog.stdlib import ProcessorFormatter

from alerts.delivery import emails
from alerts.models import AlertRevision, Subscriber
from core import spreadsheets
from portal import settings
from reports.cases import documents, official_documents
from reports.models import Followup, Report
from reports.submission import intake
from reports.triage import report_triage
from tests.attacks.hostile_strings import MARK, STRINGS, encoded, faults_of_headers, faults_of_page
from tests.support import alert_factories, report_factories
from tests.support.officers import Person
from tests.support.queue_exports import as_csv, as_xlsx
from tests.support.resident_pages import RECEIPT, REPORT, code_of, hidden, hidden_of
from tests.support.transfer_slips import PAPER

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
ADDED_FIELDS = (
    "story", "called_time", "called_d", "called_m", "called_y", "leg_number", "leg_office", "leg_name",
    "accounts", "links", "money_lost_vnd", "commune", "contact_phone", "callback_phrase",
)  # fmt: skip
FIELDS = ("caller_number", "claimed_office", "claimed_name", "story", "money_lost_vnd", "commune",
          "accounts", "links", "called_time", "urgent_phone", "contact_phone", "contact_email", "callback_phrase",
          "channel", "demands", "happening_now")  # fmt: skip
EVERY = pytest.mark.parametrize("what", STRINGS)


@pytest.fixture(autouse=True)
def _log_of_errors_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def post(client: Client, path: str, fields: dict[str, str]) -> Any:
    return client.post(path, encoded(fields), content_type=FORM)


def sound(answer: Any) -> None:
    """An answer that came from the portal as it was meant."""
    assert answer.status_code < 500
    assert faults_of_headers(answer.headers) == []
    if "html" in answer.headers.get("Content-Type", ""):
        assert faults_of_page(answer.getvalue()) == []


def reported(client: Client, text: str) -> str:
    """A report with these words in every field of its own; its receipt code."""
    first = hidden(client)
    answer = post(client, REPORT, first | dict.fromkeys(FIELDS, text))
    assert answer.status_code == 303
    receipt = client.get(RECEIPT)
    sound(receipt)
    return code_of(receipt.content)


@EVERY
def test_a_report_of_it_is_taken_shown_and_read_by_the_machine(
    client: Client, duty: Person, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    code = reported(client, STRINGS[what])
    report = Report.objects.get()
    report_triage.write_and_link([report_triage.extract(report)])
    sound(client.post("/theo-doi/", {"code": code}))
    for page in (f"{report.pk}/change/", f"{report.pk}/text/", ""):
        answer = duty.client.get(f"/admin/reports/report/{page}")
        assert answer.status_code == 200
        sound(answer)
    assert MARK not in caplog.text


@EVERY
def test_what_is_added_with_a_code_is_taken_and_shown(client: Client, what: str) -> None:
    submission = intake.ReportSubmission(story="Họ gọi.")
    accepted = intake.submit_report(submission, "a-key-of-the-browser")
    text = STRINGS[what]
    added = {"code": accepted.code, "submission_key": "a-key-of-this-page"}
    added |= dict.fromkeys(ADDED_FIELDS, text)
    sound(post(client, "/theo-doi/them/", added))
    followup = Followup.objects.get()
    assert (followup.accounts, followup.links, followup.callers) != ([], [], [])
    sound(post(client, "/theo-doi/ban-sao/", {"code": accepted.code}))
    sound(post(client, "/theo-doi/tra-loi/", {**added, "text": text}))
    sound(client.post("/theo-doi/", {"code": accepted.code}))


@EVERY
@pytest.mark.parametrize("path", ["/theo-doi/", "/theo-doi/ma-moi/", "/kiem-tra/", "/tim/",
                                  "/dang-ky/", "/danh-cho-co-quan/", "/kiem-tra/xem-lai/"])  # fmt: skip
def test_every_other_form_answers_and_runs_nothing(client: Client, path: str, what: str) -> None:
    page = client.get(path)
    names = set(hidden_of(page.content)) | {"code", "number", "q", "address", "reason", "contact",
                                            "show", "size", "commune", "word"}  # fmt: skip
    text = STRINGS[what]
    sound(post(client, path, hidden_of(page.content) | dict.fromkeys(names, text)))
    sound(client.generic("GET", path, QUERY_STRING=encoded(dict.fromkeys(names, text)).decode()))
    assert not Subscriber.objects.exists()


def test_a_queue_of_nothing_else_is_exported_without_a_formula(
    client: Client, lead: Person
) -> None:
    for text in STRINGS.values():
        reported(client, text)
    files = {}
    for kind in ("csv", "xlsx"):
        answer = lead.client.post("/admin/reports/report/export/?viec=all", {"format": kind})
        files[kind] = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    rows = as_csv(files["csv"])
    assert len(rows) == len(as_xlsx(files["xlsx"])) == len(STRINGS) + 1
    assert not [cell for row in rows for cell in row if spreadsheets.is_formula(cell)]
    sheet = zipfile.ZipFile(io.BytesIO(files["xlsx"])).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


@EVERY
def test_a_sheet_of_paper_and_a_case_file_hold_it_as_text(what: str) -> None:
    text = STRINGS[what].encode("utf-8", "replace").decode()
    paper = official_documents.OfficialDocument(
        **{**vars(PAPER), "facts": (("Lời kể", text), (text[:40], "x")), "to": text[:200]}
    )
    drawn = official_documents.render_pdf(paper)
    assert len(PdfReader(io.BytesIO(drawn)).pages) > 0
    assert not [word for word in (b"/JavaScript", b"/JS", b"/URI") if word in drawn]
    file = io.BytesIO()
    documents.write_case_zip(file, report_factories.report("Họ gọi."), text, pictures=False)
    assert zipfile.ZipFile(file).testzip() is None


# --- warnings: an editor is one of us, and may be deceived all the same

WORDS = {"title": 140, "short_title": 40, "summary": 400, "advice": 2_000, "loudspeaker": 100,
         "audience": 100, "document_number": 40, "document_note": 400, "document_recipients": 400}  # fmt: skip
ENGLISH = {"title_en": 140, "summary_en": 400, "advice_en": 2_000}


def as_xml(content: bytes) -> None:
    etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


def as_paper(content: bytes) -> None:
    assert len(PdfReader(io.BytesIO(content)).pages) > 0
    assert b"/JavaScript" not in content


def as_picture(content: bytes) -> None:
    Image.open(io.BytesIO(content)).verify()


def as_archive(content: bytes) -> None:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert not [name for name in archive.namelist() if ".." in name or name.startswith("/")]


def as_page(content: bytes) -> None:
    assert faults_of_page(content) == []


HERE = "/canh-bao/gia-dien-luc/"
OUTPUTS: dict[str, Callable[[bytes], object]] = {
    **dict.fromkeys((HERE, f"{HERE}in/", f"{HERE}lich-su/", f"{HERE}nhung/"), as_page),
    **dict.fromkeys(("/", "/canh-bao/", "/nhung/", "/en/canh-bao/"), as_page),
    **dict.fromkeys((f"/en{HERE}", f"/en{HERE}lich-su/"), as_page),
    **dict.fromkeys((f"{HERE}van-ban.txt", f"/en{HERE}van-ban.txt"), bytes.decode),
    **dict.fromkeys([f"/canh-bao/{name}.xml" for name in ("rss", "atom", "cap")], as_xml),
    "/canh-bao/feed.json": json.loads,
    f"/oembed/?url=http://127.0.0.1:8000{HERE}": json.loads,
}
DRAWN: dict[str, Callable[[bytes], object]] = {
    f"{HERE}anh.png": as_picture,
    f"{HERE}to-dan.pdf": as_paper,
    f"{HERE}tai-lieu.zip": as_archive,
}


def warned(what: str) -> AlertRevision:
    """A warning of these words alone, as far as the database can hold them; of others in English."""
    text = STRINGS[what].encode("utf-8", "replace").decode().replace("\0", "")
    words = {name: text[:most] for name, most in WORDS.items()}
    english = {name: f"E {text}"[:most] for name, most in ENGLISH.items()}
    with patch("alerts.publishing.find_strangers", return_value=[]):  # it would refuse links
        return alert_factories.issued(**words, **english)


@EVERY
def test_a_warning_of_it_is_sound_in_every_format(client: Client, what: str) -> None:
    revision = warned(what)
    paths = OUTPUTS | {f"/canh-bao/cap/{revision.identifier}.xml": as_xml,
                       f"/canh-bao/noi-dung/{revision.identifier}.json": json.loads}  # fmt: skip
    for path, judge in paths.items():
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert faults_of_headers(answer.headers) == [], path
        judge(answer.getvalue())


# A ZIP is made of the same sheets: the longest are drawn once.
DRAWINGS = [
    (path, what)
    for path in DRAWN
    for what in ("markup", "long", "signs", "control characters")
    if not (path.endswith(".zip") and what == "long")
]


@pytest.mark.parametrize(("path", "what"), DRAWINGS)
def test_what_is_drawn_of_a_warning_can_be_opened(client: Client, path: str, what: str) -> None:
    warned(what)
    DRAWN[path](client.get(path).getvalue())


@EVERY
def test_a_letter_about_it_has_the_headers_that_we_gave_it(what: str) -> None:
    revision = warned(what)
    letter = emails.subscriber_mail(alert_factories.subscriber(), revision).message()
    assert set(letter.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe",
        "List-Unsubscribe-Post", "Content-Type", "MIME-Version", "Content-Transfer-Encoding",
    }  # fmt: skip
    assert letter["To"] == "dan@mau.example"
    assert letter.get_content_type() == "text/plain"


@EVERY
def test_a_line_of_the_log_stays_one_line(what: str) -> None:
    made: Any = settings.LOGGING["formatters"]["json"]  # type: ignore[index]
    formatter = ProcessorFormatter(
        processors=made["processors"], foreign_pre_chain=made["foreign_pre_chain"]
    )
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%s", (STRINGS[what],), None)
    line = formatter.format(record)
    assert "\n" not in line
    assert json.loads(line)["event"] == STRINGS[what]
