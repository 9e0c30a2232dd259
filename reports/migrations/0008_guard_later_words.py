"""What a reporter says later, and what both sides write each other, is evidence like the report."""

from django.db import migrations

GUARD = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked {table};
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        {blanking}
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND EXISTS (SELECT FROM reports_event WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND kind = 'erased')
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '{what} is evidence: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {name}();
"""
ADDITION = """
        blanked.story := '';
        blanked.legs := '[]';
        blanked.called_raw := '';
        blanked.commune_raw := '';
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.contact_index := NULL;
        blanked.phrase_sealed := NULL;
"""
MESSAGE = "blanked.text_sealed := NULL;"


def guard(table: str, name: str, what: str, blanking: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        GUARD.format(table=table, name=name, what=what, blanking=blanking),
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )


class Migration(migrations.Migration):
    dependencies = [("reports", "0007_the_residents_side")]

    operations = [
        guard("reports_addition", "reports_keep_additions", "an addition", ADDITION),
        guard("reports_message", "reports_keep_messages", "a message", MESSAGE),
    ]
