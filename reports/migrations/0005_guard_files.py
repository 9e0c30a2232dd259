"""A file that was sent is evidence like the report that it belongs to."""

from django.db import migrations

FILE_GUARD = """
CREATE FUNCTION reports_keep_files() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_evidencefile;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.name_sealed := NULL;
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND EXISTS (SELECT FROM reports_event WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND kind = 'erased')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a file is evidence: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_files BEFORE UPDATE OR DELETE ON reports_evidencefile
    FOR EACH ROW EXECUTE FUNCTION reports_keep_files();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_what_the_queue_needs")]

    operations = [
        migrations.RunSQL(
            FILE_GUARD,
            "DROP TRIGGER reports_keep_files ON reports_evidencefile;"
            " DROP FUNCTION reports_keep_files();",
        ),
    ]
