"""Second factors of officers, over the tables of django-otp: see core/second_factor_crypto.py."""

import structlog
from django.contrib.auth.models import User
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from core import second_factor_crypto

log = structlog.get_logger(__name__)


class SecretUndecryptableError(Exception):
    """No key opens the secret of a phone, or it is another officer's."""


class Phone(TOTPDevice):
    """The telephone that shows an officer's codes. `key` is sealed."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = verbose_name_plural = "điện thoại cho mã xác nhận"

    @classmethod
    def issue(cls, user: User, name: str = "điện thoại", *, confirmed: bool = True) -> "Phone":
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


class Paper(StaticDevice):
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
