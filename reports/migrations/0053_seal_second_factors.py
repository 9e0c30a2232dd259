"""Secrets of phones are sealed, codes on paper hashed: a dump logs nobody in. There is no way back for
codes on paper: they are removed then, and officers have their phones.
"""

from typing import Any

from django.db import migrations

from reports import factors


def seal(apps: Any, schema: Any) -> None:
    for phone in apps.get_model("otp_totp", "TOTPDevice").objects.iterator():
        phone.key = factors.seal(bytes.fromhex(phone.key), phone.user_id)
        phone.save(update_fields=["key"])
    codes = apps.get_model("otp_static", "StaticToken").objects.select_related("device")
    for code in codes.iterator():
        code.token = factors.keep(code.token, code.device.user_id)
        code.save(update_fields=["token"])


def unseal(apps: Any, schema: Any) -> None:
    for phone in apps.get_model("otp_totp", "TOTPDevice").objects.iterator():
        secret = factors.unseal(phone.key, phone.user_id)
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
