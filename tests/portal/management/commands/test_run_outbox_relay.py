"""The watcher beside the relay."""

import pytest

from portal.management.commands.run_outbox_relay import check_alarms
from reports.models import QueueSnapshot


@pytest.mark.django_db(transaction=True)  # it closes its connection
def test_the_first_check_counts_where_nobody_has() -> None:
    check_alarms()
    assert QueueSnapshot.objects.get().accepted == 0
