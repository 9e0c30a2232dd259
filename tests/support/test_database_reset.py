"""What a test that commits leaves behind: nothing."""

import pytest
from django.contrib.auth.models import Permission

from tests.support import database_reset as afresh
from tests.support import report_factories as evidence
from tests.support.officers import enlist

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_left_of_what_a_test_wrote() -> None:
    evidence.triaged("Xưng công an, đòi chuyển 5 triệu.", caller_number="0550 000 123")
    enlist("truc.ban", "duty")
    assert {"reports_report", "reports_facts", "auth_user"} <= set(afresh.filled())
    afresh.empty()
    assert afresh.filled() == []
    assert Permission.objects.exists()
