"""An officer on duty for the tests of accounts."""

import pytest
from django.contrib.auth.models import User

from tests.support.officers import create_officer


@pytest.fixture
def user(db: None) -> User:
    return create_officer("ha", "duty")
