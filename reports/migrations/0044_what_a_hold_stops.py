"""A hold stops what officers say of a fact, too."""

from django.db import migrations

HELD = """
CREATE FUNCTION reports_a_hold_of_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF reports_is_held(NEW.report_id) THEN
        RAISE EXCEPTION 'this report is under a hold: no fact of it is put right' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_a_hold BEFORE INSERT ON reports_correction
    FOR EACH ROW EXECUTE FUNCTION reports_a_hold_of_facts();
"""
DROP = "DROP TRIGGER reports_a_hold ON reports_correction; DROP FUNCTION reports_a_hold_of_facts();"


class Migration(migrations.Migration):
    dependencies = [("reports", "0043_disputes_by_two")]

    operations = [
        migrations.RunSQL(HELD, DROP),
    ]
