"""What a test that commits leaves behind: nothing."""

import pytest
from django.contrib.auth.models import Permission

from tests.support import database_reset, report_factories
from tests.support.officers import create_officer

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_left_of_what_a_test_wrote() -> None:
    report_factories.triaged("Xưng công an, đòi chuyển 5 triệu.", caller_number="0550 000 123")
    create_officer("truc.ban", "duty")
    assert {"reports_report", "reports_extractedfacts", "auth_user"} <= set(database_reset.filled())
    database_reset.truncate_all()
    assert database_reset.filled() == []
    assert Permission.objects.exists()
