"""A disk that is full for files: the file is refused in a clear line, the text is taken."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from reports.attachments import storage
from reports.models import EvidenceFile, Report
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.evidence_files import JPEG, lines, on_disk, opened, post
from tests.support.nginx_front import NGINX, ask
from tests.support.portal_process import Visitor
from tests.support.resident_pages import form_with, send, words
from tests.support.small_disk import small_disk, unmount
from tools.portal_stack import portal_stack

MB = 1024 * 1024
PICTURES = [JPEG + bytes([number]) * 3 * MB for number in range(2)]
FULL = "Máy chủ hết chỗ, chưa nhận được. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."


@pytest.fixture
def mine() -> intake.SubmissionResult:
    return intake.submit_report(ReportSubmission(story="Họ gọi."), "a-key-of-the-browser")


@contextmanager
def tiny_disk(folder: Path) -> Iterator[None]:
    with small_disk(folder, megabytes=4):
        yield


@contextmanager
def files_end_at_a_megabyte(folder: Path) -> Iterator[None]:
    """For this process the kernel refuses to write beyond: EFBIG, where nothing can be mounted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MB, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def disk(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files go, to the last byte of the disk."""
    settings.FILES_DIR = tmp_path / "files"
    monkeypatch.setattr(storage, "RESERVED_BYTES", -storage.MAX_BYTES)
    return tmp_path / "files"


@pytest.mark.django_db
@pytest.mark.parametrize(("full", "files"), [(tiny_disk, 1), (files_end_at_a_megabyte, 0)])
def test_what_no_longer_fits_is_refused_and_the_text_is_taken(
    client: Client, mine: intake.SubmissionResult, disk: Path, full: Any, files: int
) -> None:
    with full(disk):
        messages = lines(post(client, mine.code, ("a.jpg", PICTURES[0]), ("b.jpg", PICTURES[1])))
        assert messages[1] == f"b.jpg {FULL}"
        assert len(on_disk()) == EvidenceFile.objects.count() == files  # and no draft
        assert send(client, story="Họ lại gọi.").status_code == 303
        assert [opened(file) for file in EvidenceFile.objects.all()] == PICTURES[:files]
    assert Report.objects.count() == 2


@pytest.mark.serial
def test_with_a_full_disk_the_portal_takes_text_and_refuses_files(tmp_path: Path) -> None:
    """Everything as in production, the front server too; then somebody makes room."""
    disk = tmp_path / "files"
    with small_disk(disk), portal_stack(front=NGINX is not None, FILES_DIR=str(disk)) as stack:
        door = stack.front_port or stack.port
        visitor = Visitor(f"http://127.0.0.1:{door}")
        receipt = visitor.submit(visitor.get("/bao-cao/"), "/bao-cao/", story="Họ gọi.")
        address, fields = visitor.submit(receipt, "/theo-doi/").form("/theo-doi/tep/")
        path = address.removeprefix(f"http://127.0.0.1:{door}")
        body, headers = form_with(fields["code"], *PICTURES)
        assert (
            not stack.front_port or ask(door, path[:-1], "POST", body, **headers)[0].status == 403
        )
        answer, page = ask(door, path, "POST", body, **headers)
        assert answer.status == 503
        assert words(page).count(FULL) == 2
        later = visitor.submit(visitor.get("/bao-cao/"), "/bao-cao/", story="Họ lại gọi.")
        assert "Đã nhận tin báo" in later.words
        assert [path for path in disk.rglob("*") if path.is_file()] == []

        unmount(disk)
        answer, page = ask(door, path, "POST", body, **headers)
        assert words(page).count("Đã nhận ảnh 3 MB.") == 2
        assert stack.ask("SELECT count(*) FROM reports_report") == [(2,)]
        assert stack.ask("SELECT count(*) FROM reports_evidencefile") == [(2,)]
