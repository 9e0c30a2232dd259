"""The authentication backend of the desk."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User


class DeskBackend(ModelBackend):
    """Load an officer with their unit, which every page of reports needs, in one query."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("membership").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
