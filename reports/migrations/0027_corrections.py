"""What officers say of the machine's facts: a table that only grows, and on the case what holds."""

import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

GUARD = """
CREATE FUNCTION reports_keep_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'corrections are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_corrections BEFORE UPDATE OR DELETE ON reports_correction
    FOR EACH ROW EXECUTE FUNCTION reports_keep_corrections();
"""
DROP = """
DROP TRIGGER reports_keep_corrections ON reports_correction;
DROP FUNCTION reports_keep_corrections();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0026_guard_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="corrected",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, verbose_name="cán bộ sửa"
            ),
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "fact",
                    models.CharField(
                        choices=[
                            ("priority", "ưu tiên"),
                            ("scenario", "kiểu lừa"),
                            ("actions", "họ đòi"),
                            ("money_lost_vnd", "thiệt hại"),
                            ("ongoing", "đang bị ép"),
                            ("offices", "họ xưng"),
                        ],
                        max_length=16,
                    ),
                ),
                ("stands", models.BooleanField(default=True)),
                ("value", models.JSONField(null=True)),
                ("reason", models.TextField(blank=True, verbose_name="lý do")),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="reports.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "chỗ cán bộ sửa",
                "verbose_name_plural": "chỗ cán bộ sửa",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("stands", False),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="correction_has_reason",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                django.db.models.fields.json.KT("corrected__scenario"),
                condition=models.Q(("corrected__has_key", "scenario")),
                name="case_corrected_scenario",
            ),
        ),
        migrations.RunSQL(GUARD, DROP),
    ]
