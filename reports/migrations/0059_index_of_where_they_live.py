"""Who lives in a commune, as told later: looked up before a list is narrowed by it."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("reports", "0058_closed_as_a_scam"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="facts",
            index=models.Index(
                condition=models.Q(("commune_raw__gt", "")),
                fields=["commune"],
                name="facts_commune",
            ),
        ),
    ]
