"""A folder of files with room, and files for a report of one's own."""

from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from reports.attachments import storage
from tests.support.evidence_files import Upload, post
from tests.support.resident_pages import Resident


@pytest.fixture(autouse=True)
def _room(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL = ""
    monkeypatch.setattr(storage, "RESERVED_BYTES", 0)


@pytest.fixture
def upload(resident: Resident) -> Upload:
    """Sends files to that report."""
    return partial(post, resident.client, resident.code)
