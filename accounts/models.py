"""Officers: profile, desk preferences and second factors."""

import structlog
from django.contrib.auth.models import User
from django.db import models
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import second_factor_encryption

log = structlog.get_logger(__name__)


class OfficerProfile(models.Model):
    """An officer's account; `oidc_subject` is the id that may log in at the provider `oidc_issuer`.

    `idle_since`: reopened then, which counts as use; `idle_warned_at`: warned of closing by mail. An
    active officer with the permission is a lead; a trigger keeps the last one.
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="account")
    idle_since = models.DateTimeField(null=True)
    idle_warned_at = models.DateTimeField(null=True)
    oidc_issuer = models.TextField(null=True)  # noqa: DJ001 - nobody is linked to an empty one
    oidc_subject = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        verbose_name = verbose_name_plural = "tài khoản trực ban"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["oidc_issuer", "oidc_subject"], name="officerprofile_oidc_subject_once"
            )
        ]
        permissions = [("keep_people", "khóa, mở tài khoản cán bộ; đổi vai trò; mở khóa đăng nhập")]


class DeskPreference(models.Model):
    """Single keys act on the report page; a decision that ends the work opens the next report."""

    officer = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    keyboard_shortcuts = models.BooleanField(default=True, db_default=True)
    advance_after_action = models.BooleanField(default=True, db_default=True)

    class Meta:
        verbose_name = verbose_name_plural = "thói quen bàn trực"


class SecretUndecryptableError(Exception):
    """The secret of a phone is undecryptable, or another officer's."""


class EncryptedTOTPDevice(TOTPDevice):
    """The phone that shows an officer's codes; `key` is encrypted."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = verbose_name_plural = "điện thoại cho mã xác nhận"

    @classmethod
    def issue(
        cls, user: User, name: str = "điện thoại", *, confirmed: bool = True
    ) -> "EncryptedTOTPDevice":
        key = second_factor_encryption.generate_secret(user.pk)
        phone = cls(user=user, name=name, confirmed=confirmed, key=key)
        phone.save(force_insert=True)
        return phone

    @property
    def bin_key(self) -> bytes:
        """Return the secret. Raises SecretUndecryptableError."""
        secret = second_factor_encryption.decrypt_secret(self.key, self.user_id)
        if secret is None:
            raise SecretUndecryptableError
        return secret

    def verify_token(self, token: str) -> bool:
        """Return whether it is the phone's current code; False when the secret is undecryptable."""
        try:
            return bool(super().verify_token(token))
        except SecretUndecryptableError:
            log.error("second_factor.undecryptable")  # noqa: TRY400
            return False


class HashedBackupCodes(StaticDevice):
    """An officer's backup codes on paper, each valid once; only their hashes are stored."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = verbose_name_plural = "mã dự phòng trên giấy"

    @classmethod
    def issue(cls, user: User, many: int) -> list[str]:
        """Create the codes and return them in clear, once."""
        paper = cls.objects.create(user=user, name="mã dự phòng")
        codes = [StaticToken.random_token() for _ in range(many)]
        rows = [
            StaticToken(
                device=paper, token=second_factor_encryption.hash_backup_code(code, user.pk)
            )
            for code in codes
        ]
        StaticToken.objects.bulk_create(rows)
        return codes

    def verify_token(self, token: str) -> bool:
        """Return whether it is an unused code, and invalidate it."""
        same = self.token_set.filter(
            token__in=list(second_factor_encryption.candidate_hashes(token, self.user_id))
        )
        return bool(super().verify_token(same.values_list("token", flat=True).first() or ""))
