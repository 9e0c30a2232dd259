"""Officers: their profile, what they prefer at the desk, and their second factors."""

import structlog
from django.contrib.auth.models import User
from django.db import models
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from core import second_factor_crypto
from core.personal_data_inventory import Declared, FieldClassification

log = structlog.get_logger(__name__)


class OfficerProfile(models.Model):
    """`idle_since`: let in again then, which counts as being used; `idle_warned_at`: told by mail that the
    account will be closed for want of use. Who has no row was never closed nor told.
    `oidc_subject`: who it is to the provider of that issuer, who may log them in (accounts/service.py).

    Whoever holds the permission and can log in is a lead: one stays, whatever happens (trigger).
    """

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="account")
    idle_since = models.DateTimeField(null=True)
    idle_warned_at = models.DateTimeField(null=True)
    oidc_issuer = models.TextField(null=True)  # noqa: DJ001 - nobody is linked to an empty one
    oidc_subject = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        verbose_name = "tài khoản trực ban"
        verbose_name_plural = "tài khoản trực ban"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["oidc_issuer", "oidc_subject"], name="officerprofile_oidc_subject_once"
            ),
        ]
        permissions = [("keep_people", "khóa, mở tài khoản cán bộ; đổi vai trò; mở khóa đăng nhập")]

    def __str__(self) -> str:
        return f"account of {self.user_id}"


class DeskPreference(models.Model):
    """What one officer likes. `keyboard_shortcuts`: single keys act on the report page; `advance_after_action`: after a
    decision that ends the work the next report of the queue is opened.
    """

    officer = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    keyboard_shortcuts = models.BooleanField(default=True, db_default=True)
    advance_after_action = models.BooleanField(default=True, db_default=True)

    class Meta:
        verbose_name = "thói quen bàn trực"
        verbose_name_plural = "thói quen bàn trực"

    def __str__(self) -> str:
        return f"habits of {self.officer_id}"


class SecretUndecryptableError(Exception):
    """No key opens the secret of a phone, or it is another officer's."""


class EncryptedTOTPDevice(TOTPDevice):
    """The telephone that shows an officer's codes. `key` is sealed."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = verbose_name_plural = "điện thoại cho mã xác nhận"

    @classmethod
    def issue(
        cls, user: User, name: str = "điện thoại", *, confirmed: bool = True
    ) -> "EncryptedTOTPDevice":
        key = second_factor_crypto.new_secret(user.pk)
        phone = cls(user=user, name=name, confirmed=confirmed, key=key)
        phone.save(force_insert=True)
        return phone

    @property
    def bin_key(self) -> bytes:
        """The secret. Raises SecretLostError."""
        secret = second_factor_crypto.decrypt_secret(self.key, self.user_id)
        if secret is None:
            raise SecretUndecryptableError
        return secret

    def verify_token(self, token: str) -> bool:
        """Whether it is the phone's present code. One whose secret is lost takes none."""
        try:
            return bool(super().verify_token(token))
        except SecretUndecryptableError:
            log.error("factor.lost")  # noqa: TRY400
            return False


class HashedBackupCodes(StaticDevice):
    """An officer's codes on paper, each good once; what is kept of them opens nothing."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = verbose_name_plural = "mã dự phòng trên giấy"

    @classmethod
    def issue(cls, user: User, many: int) -> list[str]:
        """New codes, told this once."""
        paper = cls.objects.create(user=user, name="mã dự phòng")
        codes = [StaticToken.random_token() for _ in range(many)]
        rows = [
            StaticToken(device=paper, token=second_factor_crypto.hash_backup_code(code, user.pk))
            for code in codes
        ]
        StaticToken.objects.bulk_create(rows)
        return codes

    def verify_token(self, token: str) -> bool:
        """Whether it is a code that was not used yet; then it is used."""
        same = self.token_set.filter(
            token__in=list(second_factor_crypto.candidate_hashes(token, self.user_id))
        )
        return bool(super().verify_token(same.values_list("token", flat=True).first() or ""))


# Which fields are personal (core/personal_data_inventory.py).
_OFFICER = "which officer did it: the audit log must name its people"

PERSONAL_DATA: Declared = {
    "accounts.OfficerProfile": FieldClassification(
        "idle_since idle_warned_at oidc_issuer",
        clear={"user oidc_subject": "the ministry's account that may log in: compared at log-in"},
    ),
    "accounts.DeskPreference": FieldClassification(
        "keyboard_shortcuts advance_after_action", clear={"officer": _OFFICER}
    ),
}
