"""Who is at the desk, asked with every page."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User


class DeskBackend(ModelBackend):
    """Django's own, that brings an officer's unit along: every page of reports asks for it, and a
    statement of its own would be one too many for the queue.
    """

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("membership").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
