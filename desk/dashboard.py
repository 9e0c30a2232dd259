"""What the start page tells beside the queue: numbers and wishes that wait, searches that are kept,
bursts, campaigns that grow, the last days. All of it is asked in one statement, on the officer's own row.
"""

from typing import Any

from django.contrib.auth.models import User

from desk import lookalike_domains as look_alikes
from desk import saved_searches as saved
from desk.campaigns import bursts as campaign_bursts
from desk.numbers import pending as numbers
from reports.campaigns import campaign_stats as portrait
from reports.cases import daily_counts as days
from reports.cases import visibility as scope


def front_of(request: Any) -> dict[str, Any]:
    """The answer as the modules that ask here read it, asked once for a request."""
    if not hasattr(request, "desk_front"):
        user = request.user
        asked = numbers.asked(user) | saved.asked(user) | days.asked() | look_alikes.asked(user)
        if scope.sees_campaigns(user):
            asked |= campaign_bursts.asked() | portrait.asked()
        request.desk_front = User.objects.filter(pk=user.pk).order_by().values(**asked).get()
    told: dict[str, Any] = request.desk_front
    return told
