"""Three invented people for a first look, and how they log in: written to DATA_DIR alone."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from accounts import roles
from accounts.models import EncryptedTOTPDevice
from core import second_factor_crypto

DEVICE = "first look"


@dataclass(frozen=True)
class DemoCredentials:
    """What one person types: user, password, and the secret of the one-time codes (base32)."""

    user: str
    password: str
    totp_secret: str


PEOPLE = {"truc.ban": "duty", "bien.tap": "editor", "nguoi.duyet": "approver"}


def credentials_path() -> Path:
    """Where the log-ins stand, readable by the owner only."""
    return Path(settings.DATA_DIR) / "first-look.json"


def ensure_demo_users() -> dict[str, User]:
    """The three, by role. Who can log in as noted stays as they are; others begin anew."""
    noted = _noted()
    logins = [_ensure(name, role, noted.get(name)) for name, role in PEOPLE.items()]
    _note({"url": settings.PORTAL_URL, "people": [asdict(login) for login in logins]})
    return {role: User.objects.get(username=name) for name, role in PEOPLE.items()}


def _ensure(name: str, role: str, noted: DemoCredentials | None) -> DemoCredentials:
    user = User.objects.filter(username=name, is_active=True).first()
    if user and noted and _still_true(user, noted):
        return noted
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username=name)
        user.is_staff = user.is_active = True
        user.set_password(password)
        user.save()
        user.groups.set([roles.group_of(role)])
        EncryptedTOTPDevice.objects.filter(user=user).delete()
        device = EncryptedTOTPDevice.issue(user, DEVICE)
    return DemoCredentials(name, password, base64.b32encode(device.bin_key).decode())


def _still_true(user: User, noted: DemoCredentials) -> bool:
    device = EncryptedTOTPDevice.objects.filter(user=user, name=DEVICE, confirmed=True).first()
    secret = second_factor_crypto.decrypt_secret(device.key, user.pk) if device else None
    known = secret is not None and base64.b32encode(secret).decode() == noted.totp_secret
    return known and user.check_password(noted.password)


def _noted() -> dict[str, DemoCredentials]:
    """What an earlier start wrote down; nothing when it cannot be read."""
    try:
        written = json.loads(credentials_path().read_text("utf-8"))
        logins = [DemoCredentials(**person) for person in written["people"]]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    return {login.user: login for login in logins}


def _note(what: dict[str, Any]) -> None:
    """Write all or nothing, never readable by others in between."""
    path = credentials_path()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(what, file, indent=2)
    fresh.replace(path)
