"""What no code may undo: a revision never changes, versions follow one another, a cancelled
warning stays cancelled, and an alert points at its own latest word under its own lasting name."""

from django.db import migrations

REVISION_FROZEN = """
CREATE FUNCTION alerts_keep_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said stays said: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER alerts_keep_revisions BEFORE UPDATE OR DELETE ON alerts_alertrevision
    FOR EACH ROW EXECUTE FUNCTION alerts_keep_revisions();
"""

REVISION_ORDER = """
CREATE FUNCTION alerts_order_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    draft alerts_alert;
    latest alerts_alertrevision;
BEGIN
    SELECT * INTO draft FROM alerts_alert WHERE id = NEW.alert_id FOR UPDATE;
    SELECT * INTO latest FROM alerts_alertrevision WHERE alert_id = NEW.alert_id ORDER BY version DESC LIMIT 1;
    IF NEW.version <> coalesce(latest.version, 0) + 1 THEN
        RAISE EXCEPTION 'version % does not follow', NEW.version USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF latest.msg_type = 'Cancel' THEN
        RAISE EXCEPTION 'a cancelled warning says no more' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.author_id IS DISTINCT FROM (CASE NEW.msg_type WHEN 'Cancel' THEN latest.author_id ELSE draft.author_id END) THEN
        RAISE EXCEPTION 'the author of a revision is the author of its text' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.msg_type <> 'Cancel' AND draft.stage <> 'review' THEN
        RAISE EXCEPTION 'only what is in review is issued' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.content #>> '{message,identifier}') IS DISTINCT FROM NEW.identifier
       OR (NEW.content #>> '{message,msg_type}') IS DISTINCT FROM NEW.msg_type
    THEN
        RAISE EXCEPTION 'the content carries another name' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alerts_order_revisions BEFORE INSERT ON alerts_alertrevision
    FOR EACH ROW EXECUTE FUNCTION alerts_order_revisions();
"""

ALERT_GUARD = """
CREATE FUNCTION alerts_keep_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.slug <> OLD.slug
       OR (OLD.year IS NOT NULL AND (NEW.year, NEW.number) IS DISTINCT FROM (OLD.year, OLD.number))
    THEN
        RAISE EXCEPTION 'an address and an identifier are given once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.current_id IS DISTINCT FROM OLD.current_id AND NEW.current_id IS DISTINCT FROM
       (SELECT id FROM alerts_alertrevision WHERE alert_id = NEW.id ORDER BY version DESC LIMIT 1)
    THEN
        RAISE EXCEPTION 'an alert shows its own latest revision' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alerts_keep_names BEFORE UPDATE ON alerts_alert
    FOR EACH ROW EXECUTE FUNCTION alerts_keep_names();
"""


def drop(table: str, name: str) -> str:
    return f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [
        migrations.RunSQL(REVISION_FROZEN, drop("alerts_alertrevision", "alerts_keep_revisions")),
        migrations.RunSQL(REVISION_ORDER, drop("alerts_alertrevision", "alerts_order_revisions")),
        migrations.RunSQL(ALERT_GUARD, drop("alerts_alert", "alerts_keep_names")),
    ]
