import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0003_desk_permissions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("late", "tin chờ máy đọc quá lâu"),
                            ("failed", "tin máy không đọc được"),
                            ("unbalanced", "có tin chưa vào hàng máy đọc"),
                        ],
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("told_at", models.DateTimeField(null=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="EvidenceFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="gửi lúc"
                    ),
                ),
                ("media_type", models.CharField(max_length=64, verbose_name="loại")),
                ("size", models.PositiveIntegerField(verbose_name="cỡ (byte)")),
                ("sha256", models.BinaryField(max_length=32)),
                ("name_sealed", models.BinaryField(null=True)),
                ("erased_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "tài liệu kèm theo",
                "verbose_name_plural": "tài liệu kèm theo",
            },
        ),
        migrations.CreateModel(
            name="QueueTally",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "counted_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("accepted", models.BigIntegerField()),
                ("done", models.BigIntegerField()),
                ("waiting", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Retriage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "started_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="bắt đầu"
                    ),
                ),
                ("rules_version", models.CharField(max_length=16, verbose_name="bộ quy tắc")),
                (
                    "every_report",
                    models.BooleanField(
                        default=False, verbose_name="đọc lại cả tin đã theo bộ quy tắc này"
                    ),
                ),
                ("total", models.PositiveIntegerField(verbose_name="số tin")),
                ("owed", models.PositiveIntegerField(db_default=0, verbose_name="đã xếp hàng")),
                ("after", models.UUIDField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(null=True, verbose_name="xếp hàng xong")),
            ],
            options={
                "verbose_name": "lượt đọc lại",
                "verbose_name_plural": "lượt đọc lại",
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.RemoveIndex(
            model_name="outboxitem",
            name="outboxitem_waiting",
        ),
        migrations.RemoveField(
            model_name="outboxitem",
            name="handed_until",
        ),
        migrations.AddField(
            model_name="outboxitem",
            name="due_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="outboxitem",
            name="priority",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "gấp"), (1, "thường"), (2, "khi rảnh")], db_default=1
            ),
        ),
        migrations.RunSQL(
            "UPDATE reports_outboxitem SET priority = 0 WHERE urgent",
            "UPDATE reports_outboxitem SET urgent = true WHERE priority = 0",
        ),
        migrations.RemoveField(
            model_name="outboxitem",
            name="urgent",
        ),
        migrations.AddIndex(
            model_name="outboxitem",
            index=models.Index(
                condition=models.Q(("failed_at__isnull", True), ("settled_at__isnull", True)),
                fields=["priority", "id"],
                name="outboxitem_waiting",
            ),
        ),
        migrations.AddField(
            model_name="evidencefile",
            name="report",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="reports.report",
            ),
        ),
        migrations.AddConstraint(
            model_name="queuetally",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="queuetally_one_row"
            ),
        ),
        migrations.AddField(
            model_name="retriage",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="ai",
            ),
        ),
        migrations.AddConstraint(
            model_name="evidencefile",
            constraint=models.UniqueConstraint(
                fields=("report", "sha256"), name="evidencefile_sent_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="retriage",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("finished_at", None)),
                name="retriage_one_at_a_time",
            ),
        ),
    ]
