"""Secrets of phones are sealed, codes on paper hashed: a dump logs nobody in. There is no way back for
codes on paper: they are removed then, and officers have their phones.
"""

import os
from base64 import b64decode, b64encode
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import migrations

from core.keys import Key, key_named, newest_key

# As core/second_factor_crypto.py and reports/extraction/redaction.py wrote them when this was written: later forms are later
# migrations' affair.
_FORMAT, _KEY_NAME, _NONCE = b"\x02", 8, 12
_HEAD = len(_FORMAT) + _KEY_NAME


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.derive("sealed text"))


def _bound(user_id: int) -> bytes:
    return f"second factor {user_id}".encode()


def sealed(secret: bytes, user_id: int) -> str:
    key, nonce = newest_key(), os.urandom(_NONCE)
    text = _cipher(key).encrypt(nonce, secret, _bound(user_id))
    return b64encode(_FORMAT + key.id.encode() + nonce + text).decode()


def unsealed(kept: str, user_id: int) -> bytes | None:
    """None where no key opens it."""
    data = b64decode(kept)
    key, nonce = key_named(data[len(_FORMAT) : _HEAD].decode("latin-1")), data[_HEAD:][:_NONCE]
    try:
        return _cipher(key).decrypt(nonce, data[_HEAD + _NONCE :], _bound(user_id)) if key else None
    except (InvalidTag, ValueError):
        return None


def hashed(code: str, user_id: int) -> str:
    key = newest_key()
    mac = key.mac("code on paper", f"{user_id} {code}".encode())
    return key.id[:4] + b64encode(mac)[:12].decode()


def seal(apps: Any, schema: Any) -> None:
    for phone in apps.get_model("otp_totp", "TOTPDevice").objects.iterator():
        phone.key = sealed(bytes.fromhex(phone.key), phone.user_id)
        phone.save(update_fields=["key"])
    codes = apps.get_model("otp_static", "StaticToken").objects.select_related("device")
    for code in codes.iterator():
        code.token = hashed(code.token, code.device.user_id)
        code.save(update_fields=["token"])


def unseal(apps: Any, schema: Any) -> None:
    for phone in apps.get_model("otp_totp", "TOTPDevice").objects.iterator():
        secret = unsealed(phone.key, phone.user_id)
        if secret is not None:
            phone.key = secret.hex()
            phone.save(update_fields=["key"])
    apps.get_model("otp_static", "StaticToken").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0052_crowds"),
        ("otp_static", "0003_add_timestamps"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        migrations.CreateModel(
            name="Paper",
            fields=[],
            options={
                "verbose_name": "mã dự phòng trên giấy",
                "verbose_name_plural": "mã dự phòng trên giấy",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("otp_static.staticdevice",),
        ),
        migrations.CreateModel(
            name="Phone",
            fields=[],
            options={
                "verbose_name": "điện thoại cho mã xác nhận",
                "verbose_name_plural": "điện thoại cho mã xác nhận",
                "proxy": True,
                "default_permissions": (),
                "indexes": [],
                "constraints": [],
            },
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(seal, unseal),
    ]
