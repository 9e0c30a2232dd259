"""What no code may undo: what a person placed is moved by people alone, the machine puts no report
where a person said that it does not belong, acts on campaigns stay as they were done.

`reports/campaigns/manual_grouping.py` says for its transaction that a person acts (`reports.person`). A guard
against slips of code, not against who may write SQL.
"""

from django.db import migrations

PLACEMENTS = """
CREATE FUNCTION reports_keep_placements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    by_person boolean := coalesce(current_setting('reports.person', true), '') <> '';
    next uuid;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.kind = 'officer' AND NOT by_person THEN
        RAISE EXCEPTION 'a person placed this report: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    -- A merge holds the campaign until its COMMIT: who comes meanwhile waits and then goes along.
    LOOP
        SELECT merged_into_id INTO next FROM reports_campaign WHERE id = NEW.campaign_id FOR KEY SHARE;
        EXIT WHEN next IS NULL;
        IF NEW.kind = 'officer' THEN
            RAISE EXCEPTION 'this campaign was merged away' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        NEW.campaign_id := next;
    END LOOP;
    IF NEW.kind <> 'officer' AND NOT by_person AND EXISTS (
        SELECT FROM reports_keptapart WHERE report_id = NEW.report_id AND campaign_id = NEW.campaign_id)
    THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_keep_placements BEFORE INSERT OR UPDATE OR DELETE ON reports_campaignlink
    FOR EACH ROW EXECUTE FUNCTION reports_keep_placements();
"""

MERGES = """
CREATE FUNCTION reports_keep_merges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.merged_into_id IS NOT NULL AND (
        OLD.merged_into_id IS NOT NULL
        OR EXISTS (SELECT FROM reports_campaign WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)
        OR EXISTS (SELECT FROM reports_campaignlink WHERE campaign_id = NEW.id))
    THEN
        RAISE EXCEPTION 'only an empty campaign leads to another, and only to one that leads nowhere'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_keep_merges BEFORE UPDATE OF merged_into_id ON reports_campaign FOR EACH ROW
    WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)
    EXECUTE FUNCTION reports_keep_merges();
"""

ACTS = """
CREATE FUNCTION reports_keep_acts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken_back reports_campaignact;
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'reports_campaignact' THEN
        -- The one change allowed: an act is taken back, once, by somebody.
        taken_back := OLD;
        taken_back.taken_back_at := NEW.taken_back_at;
        taken_back.taken_back_by_id := NEW.taken_back_by_id;
        IF OLD.taken_back_at IS NULL AND NEW.taken_back_at IS NOT NULL AND NEW IS NOT DISTINCT FROM taken_back
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'acts on campaigns are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_acts BEFORE UPDATE OR DELETE ON reports_campaignact
    FOR EACH ROW EXECUTE FUNCTION reports_keep_acts();
CREATE TRIGGER reports_keep_moves BEFORE UPDATE OR DELETE ON reports_campaignmove
    FOR EACH ROW EXECUTE FUNCTION reports_keep_acts();
"""

DROP_ACTS = """
DROP TRIGGER reports_keep_moves ON reports_campaignmove;
DROP TRIGGER reports_keep_acts ON reports_campaignact;
DROP FUNCTION reports_keep_acts();
"""


def drop(table: str, name: str) -> str:
    return f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"


class Migration(migrations.Migration):
    dependencies = [("reports", "0019_grouping")]

    operations = [
        migrations.RunSQL(PLACEMENTS, drop("reports_campaignlink", "reports_keep_placements")),
        migrations.RunSQL(MERGES, drop("reports_campaign", "reports_keep_merges")),
        migrations.RunSQL(ACTS, DROP_ACTS),
    ]
