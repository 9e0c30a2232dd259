"""The queue: order, filters, search, and what it costs."""

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.db import connection

from reports.models import Case, Report
from tests.cast import Person
from tests.reports import evidence

pytestmark = pytest.mark.django_db

QUEUE = "/admin/reports/report/"


def shown(client: Client, query: str = "") -> list[Report]:
    """The reports on the page, in their order."""
    response = client.get(f"{QUEUE}{query}")
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_the_unread_comes_first_then_the_most_urgent_then_the_oldest(duty: Person) -> None:
    low, high, unread, later = (evidence.report(f"tin {n}") for n in range(4))
    for report, priority in ((low, 20), (high, 90), (later, 20)):
        evidence.read(report, priority=priority)
    assert shown(duty.client) == [unread, high, low, later]
