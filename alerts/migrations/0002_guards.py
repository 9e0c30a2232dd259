"""Guards of published warnings: revisions, their sounds, signatures and identifiers are frozen."""

from django.db import migrations

GUARD_IDENTIFIERS = r"""
CREATE FUNCTION alerts_guard_identifiers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.slug <> OLD.slug
       OR (OLD.year IS NOT NULL AND (NEW.year, NEW.number) IS DISTINCT FROM (OLD.year, OLD.number))
    THEN
        RAISE EXCEPTION 'slug and identifier never change' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.current_id IS DISTINCT FROM OLD.current_id AND NEW.current_id IS DISTINCT FROM
       (SELECT id FROM alerts_alertrevision WHERE alert_id = NEW.id ORDER BY version DESC LIMIT 1)
    THEN
        RAISE EXCEPTION 'an alert shows its own latest revision' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alerts_guard_identifiers BEFORE UPDATE ON alerts_alert
    FOR EACH ROW EXECUTE FUNCTION alerts_guard_identifiers();
"""

CHECK_REVISION_ORDER = r"""
CREATE FUNCTION alerts_check_revision_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    draft alerts_alert;
    latest alerts_alertrevision;
    repeated alerts_alertrevision;
BEGIN
    SELECT * INTO draft FROM alerts_alert WHERE id = NEW.alert_id FOR UPDATE;
    SELECT * INTO latest FROM alerts_alertrevision WHERE alert_id = NEW.alert_id ORDER BY version DESC LIMIT 1;
    IF NEW.version <> coalesce(latest.version, 0) + 1 THEN
        RAISE EXCEPTION 'version % does not follow', NEW.version USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF latest.msg_type = 'Cancel' THEN
        RAISE EXCEPTION 'a cancelled warning takes no further revision' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT * INTO repeated FROM alerts_alertrevision WHERE alert_id = NEW.alert_id
     ORDER BY effective <= NEW.effective DESC, version DESC LIMIT 1;
    IF NEW.author_id IS DISTINCT FROM
       (CASE NEW.msg_type WHEN 'Cancel' THEN repeated.author_id ELSE draft.author_id END) THEN
        RAISE EXCEPTION 'the author of a revision is the author of its text' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.msg_type <> 'Cancel' AND draft.stage <> 'review' THEN
        RAISE EXCEPTION 'only what is in review is issued' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.msg_type = 'Cancel' AND (
       NEW.content - 'message' IS DISTINCT FROM repeated.content - 'message'
       OR (NEW.content->'message') - '{identifier,sender,sent,msg_type,version,references,effective,expires,web}'::text[]
          NOT IN ('{"ending": "over"}', '{"ending": "error"}')) THEN
        RAISE EXCEPTION 'a cancellation has no words of its own' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT 1 FROM jsonb_path_query(NEW.content, '$.translations[*].sound.sha256') AS named
        WHERE NOT EXISTS (SELECT 1 FROM alerts_sound WHERE sha256 = named #>> '{}')) THEN
        RAISE EXCEPTION 'a revision names no sound that is not kept' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF length((NEW.content - 'message')::text) > 100000 THEN
        RAISE EXCEPTION 'a warning is at most 100,000 characters' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alerts_check_revision_order BEFORE INSERT ON alerts_alertrevision
    FOR EACH ROW EXECUTE FUNCTION alerts_check_revision_order();
"""

GUARD_REVISIONS = r"""
CREATE FUNCTION alerts_guard_revisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a revision is frozen: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER alerts_guard_revisions BEFORE UPDATE OR DELETE ON alerts_alertrevision
    FOR EACH ROW EXECUTE FUNCTION alerts_guard_revisions();
"""

GUARD_SIGNATURES = r"""
CREATE FUNCTION alerts_guard_signatures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signature is frozen: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER alerts_guard_public_keys BEFORE UPDATE OR DELETE ON alerts_publickey
    FOR EACH ROW EXECUTE FUNCTION alerts_guard_signatures();
CREATE TRIGGER alerts_guard_signatures BEFORE UPDATE OR DELETE ON alerts_revisionsignature
    FOR EACH ROW EXECUTE FUNCTION alerts_guard_signatures();
"""

GUARD_SOUNDS = r"""
CREATE FUNCTION alerts_guard_sounds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' OR EXISTS (SELECT 1 FROM alerts_alertrevision
        WHERE content @? format('$.translations[*].sound.sha256 ? (@ == "%s")', OLD.sha256)::jsonpath) THEN
        RAISE EXCEPTION 'a sound is frozen: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER alerts_guard_sounds BEFORE UPDATE OR DELETE ON alerts_sound
    FOR EACH ROW EXECUTE FUNCTION alerts_guard_sounds();
ALTER TABLE alerts_sound ADD CONSTRAINT sound_name_is_its_digest CHECK (sha256 = encode(sha256(data), 'hex'));
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial")]

    operations = [
        migrations.RunSQL(GUARD_IDENTIFIERS, migrations.RunSQL.noop),
        migrations.RunSQL(CHECK_REVISION_ORDER, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_REVISIONS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_SIGNATURES, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_SOUNDS, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT core_guard_truncates()", migrations.RunSQL.noop),
    ]
