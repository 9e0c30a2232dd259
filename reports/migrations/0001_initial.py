import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import reports.models.report


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True, verbose_name="mã đợt")),
                ("title", models.CharField(max_length=200, verbose_name="tên đợt")),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="mở lúc"
                    ),
                ),
            ],
            options={
                "verbose_name": "đợt lừa đảo",
                "verbose_name_plural": "đợt lừa đảo",
                "ordering": ["-opened_at"],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "public_number",
                    models.CharField(
                        default=reports.models.report.new_public_number,
                        max_length=16,
                        verbose_name="số tin",
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="nhận lúc",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("web", "Trang web"), ("desk", "Cán bộ nhập")],
                        default="web",
                        max_length=8,
                        verbose_name="nguồn",
                    ),
                ),
                ("submission_key", models.CharField(max_length=64)),
                ("content_digest", models.BinaryField(max_length=32)),
                ("happening_now", models.BooleanField(null=True, verbose_name="đang bị ép")),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("number", "Gọi điện, máy có hiện số"),
                            ("hidden", "Máy không hiện số, hoặc không nhớ"),
                            ("app", "Zalo, Facebook, ứng dụng khác"),
                        ],
                        max_length=8,
                        verbose_name="cách gọi",
                    ),
                ),
                ("caller_number", models.TextField(blank=True, verbose_name="số gọi đến")),
                (
                    "claimed_office",
                    models.CharField(blank=True, max_length=64, verbose_name="xưng là"),
                ),
                ("claimed_name", models.TextField(blank=True, verbose_name="tên, chức vụ họ nêu")),
                ("story", models.TextField(blank=True, verbose_name="lời kể")),
                (
                    "demands",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        size=None,
                        verbose_name="họ đòi",
                    ),
                ),
                ("money_lost", models.BooleanField(null=True, verbose_name="đã mất tiền")),
                (
                    "money_lost_raw",
                    models.TextField(blank=True, verbose_name="số tiền ghi trên tin"),
                ),
                ("commune_raw", models.TextField(blank=True, verbose_name="nơi ở ghi trên tin")),
                ("on_behalf", models.BooleanField(default=False, verbose_name="báo thay")),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        size=None,
                        verbose_name="dấu hiệu",
                    ),
                ),
                ("story_sealed", models.BinaryField(null=True)),
                ("contact_sealed", models.BinaryField(null=True)),
                ("phrase_sealed", models.BinaryField(null=True)),
                ("contact_index", models.BinaryField(max_length=32, null=True)),
                ("erased_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "tin",
                "verbose_name_plural": "tin",
            },
        ),
        migrations.CreateModel(
            name="Commune",
            fields=[
                (
                    "codename",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="mã tên"
                    ),
                ),
                ("code", models.CharField(max_length=8, unique=True, verbose_name="mã số")),
                ("name", models.CharField(max_length=80, verbose_name="tên")),
                (
                    "former_districts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80),
                        size=None,
                        verbose_name="huyện cũ",
                    ),
                ),
                (
                    "former_communes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), size=None, verbose_name="xã cũ"
                    ),
                ),
                ("sort_key", models.CharField(db_index=True, max_length=80)),
            ],
            options={
                "verbose_name": "xã, phường",
                "verbose_name_plural": "xã, phường",
                "ordering": ["sort_key"],
            },
        ),
        migrations.CreateModel(
            name="Office",
            fields=[
                (
                    "codename",
                    models.SlugField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="mã"
                    ),
                ),
                ("name", models.CharField(max_length=160, verbose_name="tên")),
                (
                    "other_names",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="tên khác",
                    ),
                ),
                (
                    "never_by_phone",
                    models.TextField(blank=True, verbose_name="không bao giờ làm qua điện thoại"),
                ),
                ("position", models.PositiveSmallIntegerField(default=100, verbose_name="thứ tự")),
            ],
            options={
                "verbose_name": "cơ quan bị giả danh",
                "verbose_name_plural": "cơ quan bị giả danh",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="reports.report",
                    ),
                ),
                ("derived_with", models.CharField(max_length=16)),
                ("hashed_with", models.CharField(max_length=16)),
                ("code_hash", models.BinaryField(max_length=32, unique=True)),
            ],
        ),
        migrations.AddField(
            model_name="report",
            name="commune",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="reports.commune",
                verbose_name="xã, phường",
            ),
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="lúc"
                    ),
                ),
                ("subject_type", models.CharField(max_length=16, verbose_name="về")),
                ("subject_id", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=32, verbose_name="việc")),
                ("detail", models.JSONField(default=dict, verbose_name="chi tiết")),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ai",
                    ),
                ),
            ],
            options={
                "verbose_name": "nhật ký xử lý",
                "verbose_name_plural": "nhật ký xử lý",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("number", "số điện thoại"),
                            ("account", "tài khoản nhận"),
                            ("link", "đường dẫn"),
                        ],
                        max_length=8,
                        verbose_name="loại",
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[("caller", "số gọi đến"), ("story", "trong lời kể")],
                        max_length=8,
                        verbose_name="chỗ thấy",
                    ),
                ),
                ("raw", models.TextField(verbose_name="như đã ghi")),
                ("key", models.CharField(blank=True, max_length=255, verbose_name="dạng chuẩn")),
                (
                    "number_kind",
                    models.CharField(blank=True, max_length=16, verbose_name="loại số"),
                ),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        size=None,
                        verbose_name="dấu hiệu",
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="indicators",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "số, tài khoản, đường dẫn",
                "verbose_name_plural": "số, tài khoản, đường dẫn",
            },
        ),
        migrations.CreateModel(
            name="OutboxItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("task", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=64)),
                ("urgent", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("handed_until", models.DateTimeField(null=True)),
                ("claimed_at", models.DateTimeField(null=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0)),
                ("settled_at", models.DateTimeField(null=True)),
                ("failed_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, db_default="", max_length=120)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("failed_at__isnull", True), ("settled_at__isnull", True)
                        ),
                        fields=["-urgent", "id"],
                        name="outboxitem_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("failed_at__isnull", False)),
                        fields=["id"],
                        name="outboxitem_failed",
                    ),
                    models.Index(fields=["task", "key", "-id"], name="outboxitem_latest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_at__isnull", True),
                            ("failed_at__isnull", True),
                            _connector="OR",
                        ),
                        name="outboxitem_settled_or_failed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignLink",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="campaign_link",
                        serialize=False,
                        to="reports.report",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same_number", "cùng số gọi"),
                            ("same_account", "cùng tài khoản nhận"),
                            ("same_link", "cùng đường dẫn"),
                            ("officer", "cán bộ gắn"),
                        ],
                        max_length=16,
                        verbose_name="loại",
                    ),
                ),
                (
                    "strength",
                    models.DecimalField(decimal_places=2, max_digits=3, verbose_name="độ chắc"),
                ),
                ("reason", models.TextField(verbose_name="căn cứ")),
                (
                    "placed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="reports.campaign",
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "gắn vào đợt",
                "verbose_name_plural": "gắn vào đợt",
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="reports.report",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "Mới"),
                            ("in_review", "Đang xác minh"),
                            ("waiting", "Chờ người báo"),
                            ("actioned", "Tin báo về tội phạm"),
                            ("handed_over", "Đã chuyển đơn vị"),
                            ("closed", "Kết thúc xử lý"),
                            ("junk", "Tin rác"),
                            ("withdrawn", "Người báo rút"),
                        ],
                        db_default="new",
                        max_length=16,
                        verbose_name="trạng thái",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("warned", "Đã góp vào cảnh báo"),
                            ("duplicate", "Tin trùng"),
                            ("insufficient", "Chưa đủ để làm tiếp"),
                            ("not_scam", "Không phải lừa đảo"),
                        ],
                        db_default="",
                        max_length=16,
                        verbose_name="kết quả",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        blank=True, db_default="", max_length=120, verbose_name="đơn vị nhận"
                    ),
                ),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="hạn")),
                ("version", models.PositiveIntegerField(db_default=1)),
                (
                    "changed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "officer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="cán bộ",
                    ),
                ),
            ],
            options={
                "verbose_name": "xử lý",
                "verbose_name_plural": "xử lý",
            },
        ),
        migrations.CreateModel(
            name="Facts",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="reports.report",
                    ),
                ),
                ("scenario", models.CharField(max_length=32, verbose_name="kiểu lừa")),
                (
                    "actions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        size=None,
                        verbose_name="họ đòi",
                    ),
                ),
                (
                    "money_lost_vnd",
                    models.BigIntegerField(null=True, verbose_name="thiệt hại (đồng)"),
                ),
                ("ongoing", models.BooleanField(default=False, verbose_name="đang diễn ra")),
                ("priority", models.PositiveSmallIntegerField(verbose_name="ưu tiên")),
                ("reasons", models.JSONField(default=list, verbose_name="căn cứ")),
                ("search", models.TextField(blank=True, verbose_name="chữ để tìm, không dấu")),
                ("rules_version", models.CharField(max_length=16)),
                (
                    "read_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="đọc lúc"
                    ),
                ),
            ],
            options={
                "verbose_name": "gợi ý của máy",
                "verbose_name_plural": "gợi ý của máy",
                "indexes": [
                    models.Index(fields=["scenario"], name="facts_scenario"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search"], name="facts_search", opclasses=["gin_trgm_ops"]
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("priority__lte", 100)), name="facts_priority_to_100"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["-received_at", "id"], name="report_newest"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                fields=("submission_key", "content_digest"), name="report_typed_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                fields=("public_number",), name="report_public_number"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["subject_type", "subject_id", "-id"], name="event_subject"),
        ),
        migrations.AddIndex(
            model_name="indicator",
            index=models.Index(fields=["kind", "key"], name="indicator_key"),
        ),
        migrations.AddConstraint(
            model_name="campaignlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "officer"), ("placed_by__isnull", False)),
                    models.Q(
                        models.Q(("kind", "officer"), _negated=True), ("placed_by__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="campaignlink_person_or_machine",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("status__in", ("new", "in_review", "waiting"))),
                fields=["status", "officer"],
                name="case_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "closed"), models.Q(("outcome", ""), _negated=True)),
                    models.Q(models.Q(("status", "closed"), _negated=True), ("outcome", "")),
                    _connector="OR",
                ),
                name="case_closed_has_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "handed_over"), _negated=True),
                    models.Q(("unit", ""), _negated=True),
                    _connector="OR",
                ),
                name="case_handed_over_has_unit",
            ),
        ),
    ]
