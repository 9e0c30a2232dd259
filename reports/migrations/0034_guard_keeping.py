"""What no code may undo: what is held stays, and one file or addition is destroyed by two people."""

from importlib import import_module

from django.db import migrations

reports_guard = import_module("reports.migrations.0002_guards")
files_guard = import_module("reports.migrations.0005_guard_files")
additions_guard = import_module("reports.migrations.0014_answers_and_questions")

HELD = """
CREATE FUNCTION reports_is_held(report uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM reports_hold WHERE report_id = report AND lifted_at IS NULL)
$$;
CREATE FUNCTION reports_a_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF reports_is_held((to_jsonb(OLD) ->> TG_ARGV[0])::uuid) THEN
        RAISE EXCEPTION 'this report is under a hold: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION reports_a_hold_of_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF reports_is_held(NEW.report_id) THEN
        RAISE EXCEPTION 'this report is under a hold: its case is not ended' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_a_hold BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_a_hold('id');
CREATE TRIGGER reports_a_hold BEFORE UPDATE OR DELETE ON reports_evidencefile
    FOR EACH ROW EXECUTE FUNCTION reports_a_hold('report_id');
CREATE TRIGGER reports_a_hold BEFORE UPDATE OR DELETE ON reports_addition
    FOR EACH ROW EXECUTE FUNCTION reports_a_hold('report_id');
CREATE TRIGGER reports_a_hold BEFORE UPDATE OR DELETE ON reports_message
    FOR EACH ROW EXECUTE FUNCTION reports_a_hold('report_id');
CREATE TRIGGER reports_a_hold BEFORE UPDATE OF status ON reports_case FOR EACH ROW
    WHEN (NEW.status IN ('closed', 'junk', 'withdrawn') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION reports_a_hold_of_case();
"""
DROP_HELD = """
DROP TRIGGER reports_a_hold ON reports_report;
DROP TRIGGER reports_a_hold ON reports_evidencefile;
DROP TRIGGER reports_a_hold ON reports_addition;
DROP TRIGGER reports_a_hold ON reports_message;
DROP TRIGGER reports_a_hold ON reports_case;
DROP FUNCTION reports_a_hold(); DROP FUNCTION reports_a_hold_of_case(); DROP FUNCTION reports_is_held(uuid);
"""

HOLDS = """
CREATE FUNCTION reports_keep_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lifted reports_hold;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        lifted := OLD;
        lifted.lifted_at := NEW.lifted_at;
        lifted.lifted_by_id := NEW.lifted_by_id;
        lifted.lifted_reason := NEW.lifted_reason;
        IF OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL AND NEW IS NOT DISTINCT FROM lifted THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a hold is lifted once and else stays: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_holds BEFORE UPDATE OR DELETE ON reports_hold
    FOR EACH ROW EXECUTE FUNCTION reports_keep_holds();
"""

DESTRUCTIONS = """
CREATE FUNCTION reports_keep_destructions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decided reports_destruction;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_at IS NULL AND NEW.withdrawn_at IS NULL THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        decided := OLD;
        decided.confirmed_at := NEW.confirmed_at;
        decided.confirmed_by_id := NEW.confirmed_by_id;
        decided.withdrawn_at := NEW.withdrawn_at;
        decided.withdrawn_by_id := NEW.withdrawn_by_id;
        IF OLD.confirmed_at IS NULL AND OLD.withdrawn_at IS NULL AND NEW IS NOT DISTINCT FROM decided
           AND NOT (NEW.confirmed_at IS NOT NULL AND reports_is_held(NEW.report_id))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a destruction is proposed, then decided once by another: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_keep_destructions BEFORE INSERT OR UPDATE OR DELETE ON reports_destruction
    FOR EACH ROW EXECUTE FUNCTION reports_keep_destructions();
"""

ERASED = """AND EXISTS (SELECT FROM reports_event WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND kind = 'erased')"""
OR_DESTROYED = """AND (EXISTS (SELECT FROM reports_event WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND kind = 'erased')
                OR EXISTS (SELECT FROM reports_destruction WHERE target = OLD.id
                       AND report_id = OLD.report_id AND confirmed_at IS NOT NULL))"""

FILES = files_guard.FILE_GUARD.partition("CREATE TRIGGER")[0].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)
ADDITIONS = additions_guard.function(
    additions_guard.before.ADDITION + additions_guard.MAY_BE_BLANKED
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0033_keeping")]

    operations = [
        migrations.RunSQL(HELD, DROP_HELD),
        migrations.RunSQL(HOLDS, reports_guard.drop("reports_hold", "reports_keep_holds")),
        migrations.RunSQL(
            DESTRUCTIONS, reports_guard.drop("reports_destruction", "reports_keep_destructions")
        ),
        migrations.RunSQL(FILES.replace(ERASED, OR_DESTROYED), FILES),
        migrations.RunSQL(ADDITIONS.replace(ERASED, OR_DESTROYED), ADDITIONS),
    ]
