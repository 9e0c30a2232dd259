"""What a restore would take away."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from core.audit import events
from ops.backup import restore_guard

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("archived", "hours", "lost"),
    [
        ({"core_auditevent": 1}, 1, {}),
        ({"core_auditevent": 0}, 1, {"acts on record": 1}),
        ({}, 1, {"acts on record": 1}),
        ({"core_auditevent": 7}, -1, {"acts on record": 1}),
    ],
    ids=["it is in it", "there are more", "its table is newer", "it is later"],
)
def test_an_act_is_lost_by_number_or_by_time(
    archived: dict[str, int], hours: int, lost: dict[str, int]
) -> None:
    events.log_event("report", 1, "closed")
    taken_at: datetime = timezone.now() + timedelta(hours=hours)
    assert restore_guard.count_unarchived_rows({"core_auditevent": 1}, archived, taken_at) == lost


def test_reports_files_and_acts_are_counted() -> None:
    events.log_event("report", 1, "closed")
    assert restore_guard.count_rows() == {
        "reports_report": 0,
        "reports_evidencefile": 0,
        "core_auditevent": 1,
    }
