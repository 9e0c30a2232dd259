"""Three demo officers; their credentials are written to DATA_DIR only."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from accounts import roles, second_factor_encryption
from accounts.models import EncryptedTOTPDevice
from core.audit.proposals import bypass_four_eyes
from core.private_files import write_private

DEVICE = "first look"


@dataclass(frozen=True)
class DemoCredentials:
    """User, password, and the secret of the one-time codes (base32)."""

    user: str
    password: str
    totp_secret: str


PEOPLE = {"truc.ban": "duty", "bien.tap": "editor", "nguoi.duyet": "approver"}


def credentials_path() -> Path:
    """Return the file of the credentials, readable by its owner only."""
    return Path(settings.DATA_DIR) / "first-look.json"


def ensure_demo_users() -> dict[str, User]:
    """Return the three by role, with new credentials where the stored ones do not work."""
    stored = _load_credentials()
    logins = [_ensure_user(name, role, stored.get(name)) for name, role in PEOPLE.items()]
    content = {"url": settings.PORTAL_URL, "people": [asdict(login) for login in logins]}
    write_private(credentials_path(), json.dumps(content, indent=2))
    return {role: User.objects.get(username=name) for name, role in PEOPLE.items()}


def _ensure_user(name: str, role: str, stored: DemoCredentials | None) -> DemoCredentials:
    user = User.objects.filter(username=name, is_active=True).first()
    if user and stored and _are_valid(user, stored):
        return stored
    password = secrets.token_urlsafe(12)
    with bypass_four_eyes():
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff = user.is_active = True
        user.set_password(password)
        user.save()
        user.groups.set([roles.group_of(role)])
        EncryptedTOTPDevice.objects.filter(user=user).delete()
        device = EncryptedTOTPDevice.issue(user, DEVICE)
    return DemoCredentials(name, password, base64.b32encode(device.bin_key).decode())


def _are_valid(user: User, stored: DemoCredentials) -> bool:
    device = EncryptedTOTPDevice.objects.filter(user=user, name=DEVICE, confirmed=True).first()
    secret = second_factor_encryption.decrypt_secret(device.key, user.pk) if device else None
    has_secret = secret is not None and base64.b32encode(secret).decode() == stored.totp_secret
    return has_secret and user.check_password(stored.password)


def _load_credentials() -> dict[str, DemoCredentials]:
    """Return the stored credentials by user; {} when the file cannot be read."""
    try:
        written = json.loads(credentials_path().read_text("utf-8"))
        logins = [DemoCredentials(**person) for person in written["people"]]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return {login.user: login for login in logins}
