"""What no code may undo: of those who keep the people of the desk, one can always log in."""

from django.db import migrations

LEADS = """
CREATE FUNCTION reports_leads_by(the_group integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_group_permissions AS given
                     JOIN auth_permission AS may ON may.id = given.permission_id
                    WHERE given.group_id = the_group AND may.codename = 'keep_people')
$$;
CREATE FUNCTION reports_is_lead(the_user integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_user_groups
                    WHERE user_id = the_user AND reports_leads_by(group_id))
        OR EXISTS (SELECT FROM auth_user_user_permissions AS given
                     JOIN auth_permission AS may ON may.id = given.permission_id
                    WHERE given.user_id = the_user AND may.codename = 'keep_people')
$$;
CREATE FUNCTION reports_can_log_in(the_user integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_user WHERE id = the_user AND is_active AND is_staff)
$$;
CREATE FUNCTION reports_keep_a_lead() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_one boolean;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'auth_user' THEN
            was_one := OLD.is_active AND OLD.is_staff AND reports_is_lead(OLD.id);
        WHEN 'auth_user_groups' THEN
            was_one := reports_leads_by(OLD.group_id) AND reports_can_log_in(OLD.user_id);
        WHEN 'auth_user_user_permissions' THEN
            was_one := reports_can_log_in(OLD.user_id) AND EXISTS (
                SELECT FROM auth_permission WHERE id = OLD.permission_id AND codename = 'keep_people');
        ELSE
            was_one := EXISTS (SELECT FROM auth_permission
                                WHERE id = OLD.permission_id AND codename = 'keep_people')
                       AND EXISTS (SELECT FROM auth_user_groups WHERE group_id = OLD.group_id
                                   AND reports_can_log_in(user_id));
    END CASE;
    IF was_one THEN
        -- Two who go at once take turns: the second sees that the first is gone.
        PERFORM pg_advisory_xact_lock(hashtextextended('leads of the desk', 0));
        IF NOT EXISTS (SELECT FROM auth_user WHERE is_active AND is_staff AND reports_is_lead(id)) THEN
            RAISE EXCEPTION 'the last lead stays: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reports_keep_a_lead AFTER UPDATE OF is_active, is_staff OR DELETE ON auth_user
    FOR EACH ROW EXECUTE FUNCTION reports_keep_a_lead();
CREATE TRIGGER reports_keep_a_lead AFTER UPDATE OR DELETE ON auth_user_groups
    FOR EACH ROW EXECUTE FUNCTION reports_keep_a_lead();
CREATE TRIGGER reports_keep_a_lead AFTER UPDATE OR DELETE ON auth_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION reports_keep_a_lead();
CREATE TRIGGER reports_keep_a_lead AFTER UPDATE OR DELETE ON auth_group_permissions
    FOR EACH ROW EXECUTE FUNCTION reports_keep_a_lead();
"""
DROP = """
DROP TRIGGER reports_keep_a_lead ON auth_user;
DROP TRIGGER reports_keep_a_lead ON auth_user_groups;
DROP TRIGGER reports_keep_a_lead ON auth_user_user_permissions;
DROP TRIGGER reports_keep_a_lead ON auth_group_permissions;
DROP FUNCTION reports_keep_a_lead(); DROP FUNCTION reports_is_lead(integer);
DROP FUNCTION reports_leads_by(integer); DROP FUNCTION reports_can_log_in(integer);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("reports", "0040_people"),
    ]

    operations = [migrations.RunSQL(LEADS, DROP)]
