"""What the desk keeps of its people, and the right to keep them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("reports", "0039_every_unit"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskAccount",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("used_from", models.DateTimeField(null=True)),
                ("warned_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "tài khoản trực ban",
                "verbose_name_plural": "tài khoản trực ban",
                "permissions": [
                    ("keep_people", "khóa, mở tài khoản cán bộ; đổi vai trò; mở khóa đăng nhập")
                ],
                "default_permissions": (),
            },
        ),
    ]
