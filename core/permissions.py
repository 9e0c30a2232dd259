"""Who has a permission."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def users_with_permission(permission: str, *, include_superusers: bool = True) -> QuerySet[User]:
    """Return the active users who have it ("reports.decide_case"), by a role or of their own."""
    return User.objects.with_perm(
        permission, backend=_BACKEND, include_superusers=include_superusers
    )
