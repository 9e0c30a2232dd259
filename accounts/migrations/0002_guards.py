"""Guard of the last lead: of those who manage officers, one can always log in."""

from django.db import migrations

CAN_LOG_IN = r"""
CREATE FUNCTION accounts_can_log_in(the_user integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_user WHERE id = the_user AND is_active AND is_staff)
$$;
"""

GROUP_LEADS = r"""
CREATE FUNCTION accounts_group_leads(the_group integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_group_permissions AS given
                     JOIN auth_permission AS may ON may.id = given.permission_id
                    WHERE given.group_id = the_group AND may.codename = 'keep_people')
$$;
"""

IS_LEAD = r"""
CREATE FUNCTION accounts_is_lead(the_user integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_user_groups
                    WHERE user_id = the_user AND accounts_group_leads(group_id))
        OR EXISTS (SELECT FROM auth_user_user_permissions AS given
                     JOIN auth_permission AS may ON may.id = given.permission_id
                    WHERE given.user_id = the_user AND may.codename = 'keep_people')
$$;
"""

GUARD_LAST_LEAD = r"""
CREATE FUNCTION accounts_guard_last_lead() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_one boolean;
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'auth_user' THEN
            was_one := OLD.is_active AND OLD.is_staff AND accounts_is_lead(OLD.id);
        WHEN 'auth_user_groups' THEN
            was_one := accounts_group_leads(OLD.group_id) AND accounts_can_log_in(OLD.user_id);
        WHEN 'auth_user_user_permissions' THEN
            was_one := accounts_can_log_in(OLD.user_id) AND EXISTS (
                SELECT FROM auth_permission WHERE id = OLD.permission_id AND codename = 'keep_people');
        ELSE
            was_one := EXISTS (SELECT FROM auth_permission
                                WHERE id = OLD.permission_id AND codename = 'keep_people')
                       AND EXISTS (SELECT FROM auth_user_groups WHERE group_id = OLD.group_id
                                   AND accounts_can_log_in(user_id));
    END CASE;
    IF was_one THEN
        -- Two who go at once take turns: the second sees that the first is gone.
        PERFORM pg_advisory_xact_lock(hashtextextended('leads of the desk', 0));
        IF NOT EXISTS (SELECT FROM auth_user WHERE is_active AND is_staff AND accounts_is_lead(id)) THEN
            RAISE EXCEPTION 'the last lead stays: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_guard_last_lead AFTER UPDATE OR DELETE ON auth_group_permissions
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_last_lead();
CREATE TRIGGER accounts_guard_last_lead AFTER DELETE OR UPDATE OF is_active, is_staff ON auth_user
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_last_lead();
CREATE TRIGGER accounts_guard_last_lead AFTER UPDATE OR DELETE ON auth_user_groups
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_last_lead();
CREATE TRIGGER accounts_guard_last_lead AFTER UPDATE OR DELETE ON auth_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_last_lead();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunSQL(CAN_LOG_IN, migrations.RunSQL.noop),
        migrations.RunSQL(GROUP_LEADS, migrations.RunSQL.noop),
        migrations.RunSQL(IS_LEAD, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_LAST_LEAD, migrations.RunSQL.noop),
    ]
