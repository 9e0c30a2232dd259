"""On a large table without holding up those who report."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reports", "0008_guard_later_words")]

    operations = [
        AddIndexConcurrently(
            model_name="indicator",
            index=models.Index(
                fields=["key"],
                opclasses=["text_pattern_ops"],
                condition=models.Q(kind="number"),
                name="indicator_range",
            ),
        ),
    ]
