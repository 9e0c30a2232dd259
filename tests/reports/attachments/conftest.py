"""A folder of files with room, and files for a report of one's own."""

from functools import partial

import pytest

from tests.support.evidence_files import Upload, post
from tests.support.resident_pages import Resident


@pytest.fixture(autouse=True)
def _room(room_for_files: None) -> None:
    """Every test here stores files."""


@pytest.fixture
def upload(resident: Resident) -> Upload:
    """Sends files to that report."""
    return partial(post, resident.client, resident.code)
