"""A report that says whose it is."""

import pytest

from reports.models import Report
from tests.support import report_factories


@pytest.fixture
def report(db: None) -> Report:
    return report_factories.report("Bà Tư kể.", contact="0992 000 118")
