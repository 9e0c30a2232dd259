"""Fixtures of the reports' tests."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from reports.submission import form_parser
from tests.support.officers import create_officer
from tests.support.resident_pages import Resident, create_resident


@pytest.fixture
def chief(db: None) -> User:
    """A lead who is not logged in."""
    return create_officer("chief", "lead")


@pytest.fixture
def reference_rows(db: None) -> None:
    """The communes, offices, units and statements of the data files."""
    call_command("setup_desk", verbosity=0)


@pytest.fixture
def people_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends at once is put below the others and asked for a sentence, and in tests everybody does."""
    monkeypatch.setattr(form_parser, "MIN_FILL_SECONDS", 0)


@pytest.fixture
def resident(client: Client, db: None) -> Resident:
    return create_resident(client, story="Họ gọi.", contact="0550000111", phrase="bến Sung, 47")
