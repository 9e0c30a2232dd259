"""Acts are found by who did them, by when, and where somebody saw personal data: on a large table
without holding up those who write one."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("reports", "0027_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="event",
            options={
                "ordering": ["-at", "-id"],
                "permissions": [
                    ("view_look", "xem ai đã xem dữ liệu cá nhân"),
                    ("export_queue", "xuất danh sách tin"),
                    ("export_case", "xuất hồ sơ một tin"),
                    ("export_personal", "xuất kèm dữ liệu cá nhân"),
                ],
                "verbose_name": "nhật ký xử lý",
                "verbose_name_plural": "nhật ký xử lý",
            },
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(fields=["by", "-id"], name="event_by"),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(("kind__in", ("revealed", "exported", "case_exported"))),
                fields=["-id"],
                name="event_looks",
            ),
        ),
        AddIndexConcurrently(
            model_name="event",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["at"], name="event_at"
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="ai",
            ),
        ),
    ]
