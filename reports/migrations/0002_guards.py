"""What no code may undo: evidence is never changed, events are never changed, and a report
has its case from the moment it exists."""

from django.db import migrations

REPORT_GUARD = """
CREATE FUNCTION reports_keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_report;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- The one change allowed: an erasure, once, blanking all that is personal, on record.
        blanked := OLD;
        blanked.story := '';
        blanked.claimed_name := '';
        blanked.commune_raw := '';
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.phrase_sealed := NULL;
        blanked.contact_index := NULL;
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND EXISTS (SELECT FROM reports_event WHERE subject_type = 'report'
                       AND subject_id = OLD.id::text AND kind = 'erased')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a report is evidence: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_evidence BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_keep_evidence();
"""

EVENT_GUARD = """
CREATE FUNCTION reports_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_events BEFORE UPDATE OR DELETE ON reports_event
    FOR EACH ROW EXECUTE FUNCTION reports_keep_events();
"""

CASE_OPENING = """
CREATE FUNCTION reports_open_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_case (report_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER reports_open_case AFTER INSERT ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_open_case();
"""


def drop(table: str, name: str) -> str:
    return f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]

    operations = [
        migrations.RunSQL(REPORT_GUARD, drop("reports_report", "reports_keep_evidence")),
        migrations.RunSQL(EVENT_GUARD, drop("reports_event", "reports_keep_events")),
        migrations.RunSQL(CASE_OPENING, drop("reports_report", "reports_open_case")),
    ]
