"""What was told of a reporter's commune before there was a place for it, as a reading anew would write
it: not where a report is held. In a transaction of its own, so that only these rows are locked.
"""

from django.db import migrations

FILL = """
UPDATE reports_facts AS facts
   SET commune_id = told.commune_id, commune_raw = left(told.commune_raw, 200)
  FROM (SELECT DISTINCT ON (report_id) report_id, commune_id, commune_raw
          FROM reports_addition
         WHERE commune_raw <> '' AND kind <> 'withdrawal'
         ORDER BY report_id, received_at DESC, id DESC) AS told
 WHERE facts.report_id = told.report_id
   AND facts.commune_raw = ''
   AND NOT reports_is_held(facts.report_id);
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0059_index_of_where_they_live")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
