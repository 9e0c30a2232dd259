"""What no code may undo: a link stays as it was made. Of an act and its link only the detail and its
salt may go, when their erasure is on record."""

from importlib import import_module

from django.db import migrations

before = import_module("reports.migrations.0002_guards")

ERASED = """EXISTS (SELECT FROM reports_event WHERE subject_type = 'event'
                       AND subject_id = {key} AND kind = 'detail_erased')"""

EVENTS = f"""
CREATE OR REPLACE FUNCTION reports_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_event;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.detail := '{{}}';
        IF NEW IS NOT DISTINCT FROM blanked AND {ERASED.format(key="OLD.id::text")} THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'events are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

LINKS = f"""
CREATE FUNCTION reports_keep_links() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_eventseal;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.salt := NULL;
        IF NEW IS NOT DISTINCT FROM blanked AND {ERASED.format(key="OLD.event_id::text")} THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'links of events are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_links BEFORE UPDATE OR DELETE ON reports_eventseal
    FOR EACH ROW EXECUTE FUNCTION reports_keep_links();
"""
PLAIN = before.EVENT_GUARD.partition("CREATE TRIGGER")[0].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0025_event_chain")]

    operations = [
        migrations.RunSQL(EVENTS, PLAIN),
        migrations.RunSQL(LINKS, before.drop("reports_eventseal", "reports_keep_links")),
    ]
