"""A folder of files with room, and a report of one's own."""

from functools import partial
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from reports.attachments import storage
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.evidence_files import Upload, post


@pytest.fixture(autouse=True)
def _room(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL = ""
    monkeypatch.setattr(storage, "RESERVED_BYTES", 0)


@pytest.fixture
def mine() -> intake.SubmissionResult:
    return intake.submit_report(ReportSubmission(story="Họ gọi."), "a-key-of-the-browser")


@pytest.fixture
def upload(client: Client, mine: intake.SubmissionResult) -> Upload:
    """Sends files to that report."""
    return partial(post, client, mine.code)
