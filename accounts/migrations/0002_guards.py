"""Guards of the last lead, who can always log in, and of power, which no one gives or takes alone."""

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

# What no page writes (is_staff and is_superuser alone, a user's own permissions, power of a group that has
# members) a command writes.
GUARD_POWER = r"""
CREATE FUNCTION accounts_is_power(the_permission integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_permission WHERE id = the_permission
                      AND codename IN ('keep_people', 'issue_alert', 'view_look'))
$$;
CREATE FUNCTION accounts_group_has_power(the_group integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_group_permissions
                    WHERE group_id = the_group AND accounts_is_power(permission_id))
$$;
CREATE FUNCTION accounts_has_power(the_user integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_user_groups WHERE user_id = the_user AND accounts_group_has_power(group_id))
        OR EXISTS (SELECT FROM auth_user_user_permissions WHERE user_id = the_user AND accounts_is_power(permission_id))
$$;
CREATE FUNCTION accounts_guard_power() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_row jsonb := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    before jsonb := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    who integer := coalesce(the_row ->> 'user_id', the_row ->> 'id')::integer;
    agreed jsonb := coalesce(core_agreed('account', who::text), '{}');
    is_free boolean;
BEGIN
    is_free := CASE TG_TABLE_NAME
        WHEN 'auth_user' THEN
            (the_row ->> 'is_superuser' = 'false' OR before ->> 'is_superuser' = 'true') AND NOT accounts_has_power(who)
            OR the_row ->> 'is_superuser' = before ->> 'is_superuser'
               AND agreed ->> 'act' = CASE the_row ->> 'is_active' WHEN 'true' THEN 'reopen' ELSE 'close' END
        WHEN 'auth_user_groups' THEN
            TG_OP <> 'UPDATE' AND NOT accounts_group_has_power((the_row ->> 'group_id')::integer)
            OR agreed ->> 'act' = 'role' AND (TG_OP = 'DELETE' OR agreed ->> 'group' = the_row ->> 'group_id')
        WHEN 'auth_group_permissions' THEN
            TG_OP <> 'UPDATE' AND (NOT accounts_is_power((the_row ->> 'permission_id')::integer)
            OR NOT EXISTS (SELECT FROM auth_user_groups WHERE group_id = (the_row ->> 'group_id')::integer))
        WHEN 'auth_user_user_permissions' THEN
            TG_OP <> 'UPDATE' AND NOT accounts_is_power((the_row ->> 'permission_id')::integer)
        ELSE the_row - ARRAY['idle_since', 'idle_warned_at'] = before - ARRAY['idle_since', 'idle_warned_at']
             OR agreed ->> 'act' = 'link' AND agreed ->> 'subject' = the_row ->> 'oidc_subject' END;
    IF core_is_command() OR coalesce(is_free, false) THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'power is given and taken by two people: % refused', TG_OP
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER accounts_guard_power BEFORE UPDATE OF is_active, is_staff, is_superuser ON auth_user
    FOR EACH ROW WHEN ((OLD.is_active, OLD.is_staff, OLD.is_superuser)
                       IS DISTINCT FROM (NEW.is_active, NEW.is_staff, NEW.is_superuser))
    EXECUTE FUNCTION accounts_guard_power();
CREATE TRIGGER accounts_guard_power BEFORE INSERT OR UPDATE OR DELETE ON auth_user_groups
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_power();
CREATE TRIGGER accounts_guard_power BEFORE INSERT OR UPDATE OR DELETE ON auth_group_permissions
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_power();
CREATE TRIGGER accounts_guard_power BEFORE INSERT OR UPDATE OR DELETE ON auth_user_user_permissions
    FOR EACH ROW EXECUTE FUNCTION accounts_guard_power();
CREATE TRIGGER accounts_guard_power BEFORE INSERT OR UPDATE ON accounts_officerprofile
    FOR EACH ROW WHEN (NEW.oidc_subject IS NOT NULL) EXECUTE FUNCTION accounts_guard_power();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0002_guards"),
    ]

    operations = [
        migrations.RunSQL(CAN_LOG_IN, migrations.RunSQL.noop),
        migrations.RunSQL(GROUP_LEADS, migrations.RunSQL.noop),
        migrations.RunSQL(IS_LEAD, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_LAST_LEAD, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_POWER, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT core_guard_truncates()", migrations.RunSQL.noop),
    ]
