"""What one officer upheld before two were wanted is marked so: whoever changes such a row, as the
purge does, meets the rule of two no more.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q


def mark(apps: Any, schema_editor: Any) -> None:
    older = apps.get_model("reports", "Dispute").objects.filter(status="upheld")
    older.filter(Q(upheld_by=None) | Q(upheld_by=F("answered_by"))).update(is_by_one=True)


class Migration(migrations.Migration):
    dependencies = [("reports", "0049_look_alikes")]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="is_by_one",
            field=models.BooleanField(db_default=False, editable=False),
        ),
        migrations.RemoveConstraint(model_name="dispute", name="dispute_four_eyes"),
        migrations.RunPython(mark, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=~Q(status="upheld")
                | Q(is_by_one=True)
                | Q(upheld_by__isnull=False) & ~Q(upheld_by=F("answered_by")),
                name="dispute_four_eyes",
            ),
        ),
    ]
