"""The authentication backend of the desk."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission, User
from django.db.models import QuerySet


class DeskBackend(ModelBackend):
    """Load an officer with their unit, which every page of reports needs, in one query; give powers by
    roles alone.
    """

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.select_related("membership").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()  # nobody has powers of their own: each page asks once less
