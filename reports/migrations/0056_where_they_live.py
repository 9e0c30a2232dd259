"""Where a reporter lives, as told last after the report: beside the facts, which every page of the desk
reads anyhow. What was told before stands there from now on, as a reading anew would write it.
"""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE reports_facts AS facts
   SET commune_id = told.commune_id, commune_raw = left(told.commune_raw, 200)
  FROM (SELECT DISTINCT ON (report_id) report_id, commune_id, commune_raw
          FROM reports_addition
         WHERE commune_raw <> '' AND kind <> 'withdrawal'
         ORDER BY report_id, received_at DESC, id DESC) AS told
 WHERE facts.report_id = told.report_id;
"""


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
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
