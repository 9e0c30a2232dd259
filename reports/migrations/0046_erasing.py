"""Wishes to be erased, nights of the purge, breaches; one clock and two alarms more."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0045_a_paper_is_a_look"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("late", "tin chờ máy đọc quá lâu"),
                    ("failed", "tin máy không đọc được"),
                    ("unbalanced", "có tin chưa vào hàng máy đọc"),
                    ("uncounted", "máy lâu chưa đếm lại"),
                    ("unseen", "tin đang bị ép chưa ai xem"),
                    ("overdue", "tin quá hạn xử lý"),
                    ("calendar", "thiếu lịch nghỉ lễ"),
                    ("unsealed", "nhật ký lâu chưa được khóa nối"),
                    ("broken", "nhật ký không khớp với bản đã khóa"),
                    ("unpurged", "máy lâu chưa xóa dữ liệu hết hạn"),
                    ("breach", "sự cố lộ dữ liệu quá hạn báo"),
                ],
                max_length=16,
                primary_key=True,
                serialize=False,
            ),
        ),
        migrations.AlterField(
            model_name="clock",
            name="kind",
            field=models.CharField(
                choices=[
                    ("look", "xem ngay"),
                    ("sort", "phân loại"),
                    ("tell", "báo lại người báo"),
                    ("verify", "xác minh tin báo"),
                    ("rights", "trả lời đề nghị xóa"),
                ],
                max_length=8,
                verbose_name="hạn",
            ),
        ),
        migrations.CreateModel(
            name="PurgeRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="bắt đầu"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="xong lúc")),
                ("counts", models.JSONField(default=dict, verbose_name="đã xóa")),
                (
                    "stayed",
                    models.PositiveIntegerField(
                        db_default=0, default=0, verbose_name="chưa xóa được"
                    ),
                ),
            ],
            options={
                "verbose_name": "lượt xóa hết hạn",
                "verbose_name_plural": "xóa dữ liệu hết hạn",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("finished_at", None)),
                        name="purgerun_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Breach",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="việc gì")),
                ("detected_at", models.DateTimeField(verbose_name="phát hiện lúc")),
                (
                    "found",
                    models.TextField(
                        blank=True, db_default="", default="", verbose_name="biết gì đến nay"
                    ),
                ),
                (
                    "first_told_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="báo lần đầu lúc"),
                ),
                (
                    "body_told_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="báo cơ quan bảo vệ dữ liệu lúc"
                    ),
                ),
                (
                    "people_told_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="báo người bị ảnh hưởng lúc"
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="kết thúc lúc"),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ai ghi",
                    ),
                ),
            ],
            options={
                "verbose_name": "sự cố lộ dữ liệu",
                "verbose_name_plural": "sự cố lộ dữ liệu",
                "ordering": ["-detected_at"],
                "default_permissions": ("add", "change", "view"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None),
                            ("closed_at__gte", models.F("detected_at")),
                            _connector="OR",
                        ),
                        name="breach_closed_after_it_was_found",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ErasureWish",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="lúc"
                    ),
                ),
                ("words_sealed", models.BinaryField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("granted", "Đã xóa"), ("refused", "Chưa xóa, đã báo lý do")],
                        db_default="",
                        default="",
                        max_length=8,
                        verbose_name="trả lời",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="trả lời lúc")),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ai trả lời",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasure_wishes",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "đề nghị xóa dữ liệu",
                "verbose_name_plural": "đề nghị xóa dữ liệu",
                "permissions": [
                    ("grant_erasure", "xóa toàn bộ dữ liệu của người báo theo đề nghị")
                ],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at", None)),
                        fields=("report",),
                        name="erasurewish_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("decided_by", None), ("outcome", "")),
                            models.Q(
                                models.Q(("outcome", ""), _negated=True),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="erasurewish_decided_whole",
                    ),
                ],
            },
        ),
    ]
