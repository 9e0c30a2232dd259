"""Where a reporter lives, as told last after the report: beside the facts, which every page of the desk
reads anyhow.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0055_contacts_in_campaign_acts")]

    operations = [
        migrations.AddField(
            model_name="facts",
            name="commune",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="reports.commune",
                verbose_name="xã, phường kể sau",
            ),
        ),
        migrations.AddField(
            model_name="facts",
            name="commune_raw",
            field=models.CharField(
                blank=True, db_default="", max_length=200, verbose_name="nơi ở kể sau"
            ),
        ),
    ]
