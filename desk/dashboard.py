"""What the start page tells beside the queue: numbers and wishes that wait, searches that are kept,
bursts, campaigns that grow, the last days. All of it is asked in one statement, on the officer's own row.
"""

from typing import Any

from django.contrib.auth.models import User

from desk import lookalike_domains
from desk.campaigns import bursts
from desk.numbers import pending
from desk.reports import saved_searches
from reports.campaigns import campaign_stats
from reports.cases import daily_counts, visibility


def dashboard_data(request: Any) -> dict[str, Any]:
    """The answer as the modules that ask here read it, asked once for a request."""
    if not hasattr(request, "desk_front"):
        user = request.user
        asked = (
            pending.pending_counts_column(user)
            | saved_searches.saved_searches_column(user)
            | daily_counts.daily_counts_column()
            | lookalike_domains.lookalike_counts_column(user)
        )
        if visibility.sees_campaigns(user):
            asked |= bursts.bursts_column() | campaign_stats.active_campaigns_column()
        request.desk_front = User.objects.filter(pk=user.pk).order_by().values(**asked).get()
    told: dict[str, Any] = request.desk_front
    return told
