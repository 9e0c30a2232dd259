"""The watcher beside the relay."""

import pytest

from ops import alarm_thread
from reports.models import QueueSnapshot


@pytest.mark.django_db(transaction=True)  # it closes its connection
def test_the_first_look_counts_where_nobody_has() -> None:
    alarm_thread.look_once()
    assert QueueSnapshot.objects.get().accepted == 0
