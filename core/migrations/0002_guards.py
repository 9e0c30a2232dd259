"""Guards of the audit log: events and chain links are append-only."""

from django.db import migrations

IS_ERASURE_LOGGED = r"""
CREATE FUNCTION core_is_erasure_logged(report text, kinds text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM core_auditevent
                    WHERE subject_type = 'report' AND subject_id = report AND kind = ANY(kinds))
$$;
"""

GUARD_AUDIT_EVENTS = r"""
CREATE FUNCTION core_guard_audit_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked core_auditevent;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.detail := '{}';
        IF NEW IS NOT DISTINCT FROM blanked AND EXISTS (SELECT FROM core_auditevent WHERE subject_type = 'event'
                       AND subject_id = OLD.id::text AND kind = 'detail_erased') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'events are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER core_guard_audit_events BEFORE UPDATE OR DELETE ON core_auditevent
    FOR EACH ROW EXECUTE FUNCTION core_guard_audit_events();
"""

GUARD_CHAIN_LINKS = r"""
CREATE FUNCTION core_guard_chain_links() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked core_auditchainlink;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.salt := NULL;
        IF NEW IS NOT DISTINCT FROM blanked AND EXISTS (SELECT FROM core_auditevent WHERE subject_type = 'event'
                       AND subject_id = OLD.event_id::text AND kind = 'detail_erased') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'chain links are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER core_guard_chain_links BEFORE UPDATE OR DELETE ON core_auditchainlink
    FOR EACH ROW EXECUTE FUNCTION core_guard_chain_links();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(IS_ERASURE_LOGGED, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_AUDIT_EVENTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_CHAIN_LINKS, migrations.RunSQL.noop),
    ]
