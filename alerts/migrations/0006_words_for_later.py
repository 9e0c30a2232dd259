"""A later word may wait for its hour while the one before stands. A Cancel, which never waits,
repeats the word that stands then, and carries the author of that one."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

AUTHOR_THEN = "CASE NEW.msg_type WHEN 'Cancel' THEN latest.author_id ELSE draft.author_id END"
AUTHOR_NOW = """CASE NEW.msg_type WHEN 'Cancel' THEN coalesce(
        (SELECT author_id FROM alerts_alertrevision WHERE alert_id = NEW.alert_id
         AND effective <= NEW.effective ORDER BY version DESC LIMIT 1),
        latest.author_id) ELSE draft.author_id END"""
GUARD, _, _ = import_module("alerts.migrations.0002_guards").REVISION_ORDER.partition(
    "CREATE TRIGGER"
)
GUARD = GUARD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("alerts", "0005_marked_message")]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="current",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alerts.alertrevision",
                verbose_name="bản mới nhất",
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="effective",
            field=models.DateTimeField(
                blank=True,
                help_text="Để trống: từ lúc phát. Hẹn giờ thì bản đang đăng giữ nguyên đến giờ đó.",
                null=True,
                verbose_name="có hiệu lực từ",
            ),
        ),
        migrations.AddIndex(
            model_name="alertrevision",
            index=models.Index(
                fields=["-effective", "-identifier"], name="alertrevision_by_effect"
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrevision",
            constraint=models.CheckConstraint(
                condition=Q(effective=F("sent"))
                | (Q(effective__gt=F("sent")) & ~Q(msg_type="Cancel")),
                name="alertrevision_starts_in_time",
            ),
        ),
        migrations.RunSQL(GUARD.replace(AUTHOR_THEN, AUTHOR_NOW), GUARD),
    ]
