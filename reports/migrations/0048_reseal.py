"""After a change of keys evidence is sealed anew: beside a setting of the transaction, sealed texts
and their indexes may change, and nothing else. What is empty stays empty, so nothing that was erased
comes back; what is held is not taken away by it, so a hold does not mind.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION reports_only_reseals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    field text;
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - TG_ARGV IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV THEN
        RAISE EXCEPTION 'only sealed texts are sealed anew: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    FOREACH field IN ARRAY TG_ARGV LOOP
        IF (to_jsonb(NEW) ->> field IS NULL) <> (to_jsonb(OLD) ->> field IS NULL) THEN
            RAISE EXCEPTION 'what is sealed anew is neither lost nor made: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
"""
GUARDED = """
CREATE OR REPLACE TRIGGER {guard} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW {usually} EXECUTE FUNCTION {guard}();
CREATE OR REPLACE TRIGGER reports_a_hold BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW {usually} EXECUTE FUNCTION reports_a_hold('{report}');
"""
RESEALED = """
CREATE TRIGGER reports_only_reseals BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW
    WHEN (current_setting('reports.resealing', true) = 'on')
    EXECUTE FUNCTION reports_only_reseals({fields});
"""
USUALLY = "WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')"
CONTACT = "'story_sealed', 'contact_sealed', 'phrase_sealed', 'contact_index'"


def opened(table: str, guard: str, report: str, fields: str) -> migrations.RunSQL:
    usual = {"table": table, "guard": guard, "report": report}
    return migrations.RunSQL(
        GUARDED.format(**usual, usually=USUALLY) + RESEALED.format(table=table, fields=fields),
        f"DROP TRIGGER reports_only_reseals ON {table};" + GUARDED.format(**usual, usually=""),
    )


class Migration(migrations.Migration):
    dependencies = [("reports", "0047_guard_erasing")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION reports_only_reseals();"),
        opened("reports_report", "reports_keep_evidence", "id", CONTACT),
        opened("reports_addition", "reports_keep_additions", "report_id", CONTACT),
        opened("reports_message", "reports_keep_messages", "report_id", "'text_sealed'"),
        opened("reports_evidencefile", "reports_keep_files", "report_id", "'name_sealed'"),
    ]
