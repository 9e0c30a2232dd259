"""Originals are opened at the desk as an act on record."""

import re

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from core.audit import events
from reports.attachments import storage
from reports.models import EvidenceFile
from tests.support import report_factories
from tests.support.desk_pages import page_of, words
from tests.support.evidence_files import JPEG, MARK, PDF, Upload, encrypt_stream, path_of
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(upload: Upload) -> EvidenceFile:
    upload(("giấy nợ.pdf", PDF), ("a.jpg", JPEG * 10_000))
    return EvidenceFile.objects.get(media_type="image/jpeg")


def original_of(file: EvidenceFile) -> str:
    return page_of(file.report, f"file/{file.pk}")


def test_the_desk_lists_files_by_what_they_are(duty: Person, sent: EvidenceFile) -> None:
    page = words(duty.client.get(page_of(sent.report)))
    assert "Tài liệu kèm theo (2)" in page
    assert "Dấu kiểm tệp (SHA-256)" in page
    assert re.search(r"Ảnh, \d+ KB image/jpeg", page)
    assert bytes(sent.sha256).hex()[:12] in page
    assert "giấy nợ" not in page


def test_an_original_is_an_attachment_that_nothing_runs_in(
    duty: Person, sent: EvidenceFile
) -> None:
    answer = duty.client.post(original_of(sent))
    assert b"".join(answer.streaming_content) == JPEG * 10_000
    number = [file.pk for file in storage.files_of_report(sent.report)].index(sent.pk) + 1
    name = f"{sent.report.public_number}-{number}.jpg"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Length"] == str(sent.size)


def test_opening_is_on_record_before_the_file_is_given(duty: Person, sent: EvidenceFile) -> None:
    duty.client.post(original_of(sent))
    (event,) = events.events_for("report", sent.report_id)
    assert (event.kind, event.actor, event.detail["field"]) == ("revealed", duty.user, "file")
    page = words(duty.client.get(page_of(sent.report)))
    assert "Xem dữ liệu cá nhân: Bản gốc tài liệu kèm theo; số " in page


def test_a_file_of_another_report_is_not_there(duty: Person, sent: EvidenceFile) -> None:
    address = page_of(report_factories.report(), f"file/{sent.pk}")
    assert duty.client.post(address).status_code == 404


@pytest.mark.parametrize("harm", ["lost", "cut", "another", "without its key"])
def test_an_original_that_does_not_open_is_said_and_not_given(
    duty: Person, sent: EvidenceFile, settings: Settings, harm: str
) -> None:
    path = path_of(sent.pk)
    match harm:
        case "lost":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-20])
        case "another":
            path.write_bytes(bytes(encrypt_stream(PDF, sent.pk)))
        case _:
            settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    answer = duty.client.post(original_of(sent))
    assert "Không mở được bản gốc" in words(answer)
    assert MARK not in answer.content
