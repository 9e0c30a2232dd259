"""Fixtures of the reports' tests."""

import pytest
from django.contrib.auth.models import User

from tests.support.officers import create_officer


@pytest.fixture
def chief(db: None) -> User:
    """A lead who is not logged in."""
    return create_officer("chief", "lead")
