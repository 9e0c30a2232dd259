"""Why an officer acted on a campaign may be taken away where a reporter's contact stands in it: in the
transaction of an erasure alone, which is on record, and only GONE comes in its place.
"""

from importlib import import_module

from django.db import migrations

acts = import_module("reports.migrations.0020_guard_grouping")
erasing = import_module("reports.migrations.0047_guard_erasing")

BEFORE, _ = erasing.let_words_go(acts.ACTS, "before_reason")
GUARD = BEFORE.replace(
    "BEGIN\n",
    f"""BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'reports_campaignact'
       AND to_jsonb(NEW) = to_jsonb(OLD) || '{{"reason": "{erasing.GONE}"}}'
       AND EXISTS (SELECT FROM reports_event WHERE subject_type = 'report' AND at >= now()
                      AND kind IN ('erased', 'contact_erased'))
    THEN
        RETURN NEW;
    END IF;
""",
    1,
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0053_seal_second_factors")]

    operations = [migrations.RunSQL(GUARD, BEFORE)]
