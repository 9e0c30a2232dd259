"""Guards of the audit log, which is append-only, and of acts that take two people."""

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

GUARD_PROPOSALS = r"""
CREATE FUNCTION core_guard_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decided core_proposal;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'open' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'open' THEN
        decided := OLD;
        decided.state := NEW.state;
        decided.decided_by_id := NEW.decided_by_id;
        decided.decided_at := NEW.decided_at;
        IF NEW IS NOT DISTINCT FROM decided THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a proposal is decided once and otherwise never changes: % refused', TG_OP
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER core_guard_proposals BEFORE INSERT OR UPDATE OR DELETE ON core_proposal
    FOR EACH ROW EXECUTE FUNCTION core_guard_proposals();
"""

# What two people agreed on and this transaction carries out, else NULL; and whether a command writes.
AGREED = r"""
CREATE FUNCTION core_agreed(the_kind text, the_target text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT new_values FROM core_proposal
     WHERE id::text = current_setting('core.proposal', true)
       AND kind = the_kind AND target = the_target AND state = 'confirmed'
$$;
CREATE FUNCTION core_is_command() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('core.proposal', true), '') = 'command'
$$;
"""

# Trigger of a table whose rows two people write exactly as agreed; arguments: kind, primary key, and the
# kind of the event by which one person removes a row.
REQUIRE_TWO_PEOPLE = r"""
CREATE FUNCTION core_require_two_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
    after jsonb := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
    agreed jsonb := core_agreed(TG_ARGV[0], coalesce(before ->> TG_ARGV[1], ''));
BEGIN
    IF core_is_command() OR coalesce(CASE TG_OP
           WHEN 'INSERT' THEN agreed <> '{}' AND after @> agreed
           WHEN 'UPDATE' THEN agreed <> '{}' AND after = before || agreed
           ELSE agreed = '{}' OR EXISTS (
               SELECT FROM core_auditevent WHERE subject_type = TG_ARGV[0] AND actor_id IS NOT NULL
                  AND subject_id = before ->> TG_ARGV[1] AND kind = TG_ARGV[2]) END, false)
    THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'this takes two people: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

# A table whose rows are guarded against DELETE is not emptied as a whole either. Each app's guards end with
# a call of core_guard_truncates().
REFUSE_TRUNCATE = r"""
CREATE FUNCTION core_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF core_is_command() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'these rows are guarded: % of % refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE FUNCTION core_guard_truncates() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    guarded regclass;
BEGIN
    FOR guarded IN
        SELECT tgrelid FROM pg_trigger WHERE NOT tgisinternal  -- of tgtype, 8 is DELETE and 32 TRUNCATE
         GROUP BY tgrelid HAVING bool_or(tgtype & 8 <> 0) AND NOT bool_or(tgtype & 32 <> 0)
    LOOP
        EXECUTE format('CREATE TRIGGER core_refuse_truncate BEFORE TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION core_refuse_truncate()', guarded);
    END LOOP;
END $$;
SELECT core_guard_truncates();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(IS_ERASURE_LOGGED, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_AUDIT_EVENTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_CHAIN_LINKS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_PROPOSALS, migrations.RunSQL.noop),
        migrations.RunSQL(AGREED, migrations.RunSQL.noop),
        migrations.RunSQL(REQUIRE_TWO_PEOPLE, migrations.RunSQL.noop),
        migrations.RunSQL(REFUSE_TRUNCATE, migrations.RunSQL.noop),
    ]
