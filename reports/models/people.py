"""What the desk keeps of its people beside Django's own rows."""

from django.contrib.auth.models import User
from django.db import models


class DeskAccount(models.Model):
    """`used_from`: let in again then, which counts as being used; `warned_at`: told by mail that the
    account will be closed for want of use. Who has no row was never closed nor told.
    `oidc_subject`: who it is to the provider of that issuer, who may log them in (accounts/service.py).

    Whoever holds the permission and can log in is a lead: one stays, whatever happens (trigger).
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="account")
    used_from = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    oidc_issuer = models.TextField(null=True)  # noqa: DJ001 - nobody is linked to an empty one
    oidc_subject = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        verbose_name = "tài khoản trực ban"
        verbose_name_plural = "tài khoản trực ban"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["oidc_issuer", "oidc_subject"], name="one_officer_for_a_subject"
            ),
        ]
        permissions = [("keep_people", "khóa, mở tài khoản cán bộ; đổi vai trò; mở khóa đăng nhập")]

    def __str__(self) -> str:
        return f"account of {self.user_id}"
