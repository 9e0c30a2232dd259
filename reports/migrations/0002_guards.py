"""Guards of evidence and decisions: what no code may change, and what an erasure on record may blank."""

from django.db import migrations

OPEN_CASE = r"""
CREATE FUNCTION reports_open_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reports_case (report_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER reports_open_case AFTER INSERT ON reports_report
    FOR EACH ROW EXECUTE FUNCTION reports_open_case();
"""

IS_HELD = r"""
CREATE FUNCTION reports_is_held(report uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM reports_legalhold WHERE report_id = report AND released_at IS NULL)
$$;
"""

ERASES_ONLY_TEXT = r"""
CREATE FUNCTION reports_erases_only_text(old_row jsonb, new_row jsonb, words text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT old_row - words = new_row - words
       AND NOT EXISTS (SELECT FROM unnest(words) AS word
                        WHERE new_row ->> word NOT IN ('', 'đã xóa'))
       AND core_is_erasure_logged(old_row ->> 'report_id', ARRAY['erased'])
$$;
"""

CHECK_LEGAL_HOLD = r"""
CREATE FUNCTION reports_check_legal_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF reports_is_held((to_jsonb(OLD) ->> TG_ARGV[0])::uuid) THEN
        RAISE EXCEPTION 'this report is under a legal hold: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER reports_check_legal_hold BEFORE UPDATE OR DELETE ON reports_followup
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_check_legal_hold('report_id');
CREATE TRIGGER reports_check_legal_hold BEFORE UPDATE OR DELETE ON reports_evidencefile
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_check_legal_hold('report_id');
CREATE TRIGGER reports_check_legal_hold BEFORE UPDATE OR DELETE ON reports_message
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_check_legal_hold('report_id');
CREATE TRIGGER reports_check_legal_hold BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_check_legal_hold('id');
"""

CHECK_HOLD_ON_CASE = r"""
CREATE FUNCTION reports_check_hold_on_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF reports_is_held(NEW.report_id) THEN
        RAISE EXCEPTION 'this report is under a legal hold: its case cannot end' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_check_legal_hold BEFORE UPDATE OF status ON reports_case
    FOR EACH ROW WHEN (NEW.status IN ('closed', 'junk', 'withdrawn') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION reports_check_hold_on_case();
"""

CHECK_HOLD_ON_CORRECTION = r"""
CREATE FUNCTION reports_check_hold_on_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF reports_is_held(NEW.report_id) THEN
        RAISE EXCEPTION 'this report is under a legal hold: its facts cannot be corrected' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_check_legal_hold BEFORE INSERT ON reports_correction
    FOR EACH ROW EXECUTE FUNCTION reports_check_hold_on_correction();
"""

GUARD_CAMPAIGN_ACTIONS = r"""
CREATE FUNCTION reports_guard_campaign_actions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    undone reports_campaignaction;
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'reports_campaignaction'
       AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason'
       AND to_jsonb(OLD) ->> 'reason' LIKE replace(
           regexp_replace(to_jsonb(NEW) ->> 'reason', '([\\%_])', '\\\1', 'g'), 'đã xóa', '%')
       AND EXISTS (SELECT FROM core_auditevent WHERE subject_type = 'report' AND created_at >= now()
                      AND kind IN ('erased', 'contact_erased'))
    THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD), to_jsonb(NEW), ARRAY['before_reason']) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'reports_campaignaction' THEN
        -- The one change allowed: an act is taken back, once, by somebody.
        undone := OLD;
        undone.undone_at := NEW.undone_at;
        undone.undone_by_id := NEW.undone_by_id;
        IF OLD.undone_at IS NULL AND NEW.undone_at IS NOT NULL AND NEW IS NOT DISTINCT FROM undone
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'campaign actions are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_campaign_actions BEFORE UPDATE OR DELETE ON reports_campaignaction
    FOR EACH ROW EXECUTE FUNCTION reports_guard_campaign_actions();
CREATE TRIGGER reports_guard_membership_changes BEFORE UPDATE OR DELETE ON reports_campaignmembershipchange
    FOR EACH ROW EXECUTE FUNCTION reports_guard_campaign_actions();
"""

GUARD_FOLLOWUPS = r"""
CREATE FUNCTION reports_guard_followups() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_followup;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.contact_index := NULL;
        blanked.phrase_sealed := NULL;
        IF OLD.erased_at IS NULL AND NEW IS NOT DISTINCT FROM blanked
           AND core_is_erasure_logged(OLD.report_id::text, ARRAY['contact_erased'])
        THEN
            RETURN NEW;
        END IF;
        blanked := OLD;
        blanked.story := '';
        blanked.callers := '[]';
        blanked.called_on_raw := '';
        blanked.commune_raw := '';
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.contact_index := NULL;
        blanked.phrase_sealed := NULL;
        IF NEW.accounts = '{}' THEN blanked.accounts := '{}'; END IF;
        IF NEW.links = '{}' THEN blanked.links := '{}'; END IF;
        IF NEW.money_lost_raw = '' THEN blanked.money_lost_raw := ''; END IF;
        IF NEW.called_on IS NULL THEN blanked.called_on := NULL; END IF;
        IF NEW.commune_id IS NULL THEN blanked.commune_id := NULL; END IF;
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND (EXISTS (SELECT FROM core_auditevent WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND kind IN ('erased', 'followups_erased'))
                OR EXISTS (SELECT FROM reports_destructionrequest WHERE target = OLD.id
                       AND report_id = OLD.report_id AND confirmed_at IS NOT NULL))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a follow-up is evidence: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_followups BEFORE UPDATE OR DELETE ON reports_followup
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_guard_followups();
"""

GUARD_CORRECTIONS = r"""
CREATE FUNCTION reports_guard_corrections() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD) - 'value', to_jsonb(NEW) - 'value', ARRAY['reason'])
       AND (NEW.value IS NOT DISTINCT FROM OLD.value OR OLD.fact = 'named' AND NEW.value IS NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'corrections are append-only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_corrections BEFORE UPDATE OR DELETE ON reports_correction
    FOR EACH ROW EXECUTE FUNCTION reports_guard_corrections();
"""

GUARD_DESTRUCTION_REQUESTS = r"""
CREATE FUNCTION reports_guard_destruction_requests() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decided reports_destructionrequest;
BEGIN
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD), to_jsonb(NEW), ARRAY['reason']) THEN
        RETURN NEW;
    END IF;
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
    RAISE EXCEPTION 'a destruction is requested, then decided once by another person: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_destruction_requests BEFORE INSERT OR UPDATE OR DELETE ON reports_destructionrequest
    FOR EACH ROW EXECUTE FUNCTION reports_guard_destruction_requests();
"""

GUARD_REPORTS = r"""
CREATE FUNCTION reports_guard_reports() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_report;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.phrase_sealed := NULL;
        blanked.contact_index := NULL;
        blanked.external_id := '';
        IF OLD.erased_at IS NULL AND NEW IS NOT DISTINCT FROM blanked
           AND core_is_erasure_logged(OLD.id::text, ARRAY['contact_erased'])
        THEN
            RETURN NEW;
        END IF;
        blanked.story := '';
        blanked.claimed_name := '';
        blanked.commune_raw := '';
        blanked.called_on_raw := '';
        IF NEW.accounts = '{}' THEN blanked.accounts := '{}'; END IF;
        IF NEW.links = '{}' THEN blanked.links := '{}'; END IF;
        IF NEW.called_on IS NULL THEN blanked.called_on := NULL; END IF;
        IF NEW.caller_number = '' THEN blanked.caller_number := ''; END IF;
        IF NEW.money_lost_raw = '' THEN blanked.money_lost_raw := ''; END IF;
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND core_is_erasure_logged(OLD.id::text, ARRAY['erased'])
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a report is evidence: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_reports BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_guard_reports();
"""

GUARD_FILES = r"""
CREATE FUNCTION reports_guard_files() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_evidencefile;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.name_sealed := NULL;
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND (EXISTS (SELECT FROM core_auditevent WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND (kind IN ('erased', 'files_erased')
                            OR kind = 'file_taken_back' AND detail ->> 'file' = OLD.id::text))
                OR EXISTS (SELECT FROM reports_destructionrequest WHERE target = OLD.id
                       AND report_id = OLD.report_id AND confirmed_at IS NOT NULL))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a file is evidence: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_files BEFORE UPDATE OR DELETE ON reports_evidencefile
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_guard_files();
"""

GUARD_LEGAL_HOLDS = r"""
CREATE FUNCTION reports_guard_legal_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    released reports_legalhold;
BEGIN
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD), to_jsonb(NEW), ARRAY['reason', 'released_reason']) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        released := OLD;
        released.released_at := NEW.released_at;
        released.released_by_id := NEW.released_by_id;
        released.released_reason := NEW.released_reason;
        IF OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND NEW IS NOT DISTINCT FROM released THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a hold is released once and else stays: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_legal_holds BEFORE UPDATE OR DELETE ON reports_legalhold
    FOR EACH ROW EXECUTE FUNCTION reports_guard_legal_holds();
"""

GUARD_CAMPAIGN_MERGES = r"""
CREATE FUNCTION reports_guard_campaign_merges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.merged_into_id IS NOT NULL AND (
        OLD.merged_into_id IS NOT NULL
        OR EXISTS (SELECT FROM reports_campaign WHERE id = NEW.merged_into_id AND merged_into_id IS NOT NULL)
        OR EXISTS (SELECT FROM reports_campaignlink WHERE campaign_id = NEW.id))
    THEN
        RAISE EXCEPTION 'only an empty campaign is merged into another, and only into one that is not merged itself'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_guard_campaign_merges BEFORE UPDATE OF merged_into_id ON reports_campaign
    FOR EACH ROW WHEN (OLD.merged_into_id IS DISTINCT FROM NEW.merged_into_id)
    EXECUTE FUNCTION reports_guard_campaign_merges();
"""

GUARD_MESSAGES = r"""
CREATE FUNCTION reports_guard_messages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_message;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.text_sealed := NULL;
        blanked.story := '';
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND EXISTS (SELECT FROM core_auditevent WHERE subject_type = 'report'
                       AND subject_id = OLD.report_id::text AND kind IN ('erased', 'messages_erased'))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a message is evidence: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_messages BEFORE UPDATE OR DELETE ON reports_message
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_guard_messages();
"""

GUARD_PLACEMENTS = r"""
CREATE FUNCTION reports_guard_placements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    by_person boolean := coalesce(current_setting('reports.person', true), '') <> '';
    next uuid;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.kind = 'officer' AND NOT by_person THEN
        RAISE EXCEPTION 'a person placed this report: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP <> 'DELETE' AND NOT by_person AND EXISTS (
        SELECT FROM reports_report WHERE id = NEW.report_id AND erased_at IS NOT NULL)
    THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    -- A merge holds the campaign until its COMMIT: who comes meanwhile waits and then goes along.
    LOOP
        SELECT merged_into_id INTO next FROM reports_campaign WHERE id = NEW.campaign_id FOR KEY SHARE;
        EXIT WHEN next IS NULL;
        IF NEW.kind = 'officer' THEN
            RAISE EXCEPTION 'this campaign was merged away' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        NEW.campaign_id := next;
    END LOOP;
    IF NEW.kind <> 'officer' AND NOT by_person AND EXISTS (
        SELECT FROM reports_campaignexclusion WHERE report_id = NEW.report_id AND campaign_id = NEW.campaign_id)
    THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_guard_placements BEFORE INSERT OR UPDATE OR DELETE ON reports_campaignlink
    FOR EACH ROW EXECUTE FUNCTION reports_guard_placements();
"""

GUARD_MERGE_PROPOSALS = r"""
CREATE FUNCTION reports_guard_merge_proposals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rejected reports_mergeproposal;
BEGIN
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD), to_jsonb(NEW), ARRAY['reason']) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND OLD.rejected_at IS NULL THEN
        RETURN OLD;  -- what the machine asked and nobody answered, the machine takes back
    END IF;
    IF TG_OP = 'UPDATE' THEN
        -- The one change allowed: a person turns it down, once.
        rejected := OLD;
        rejected.rejected_at := NEW.rejected_at;
        rejected.rejected_by_id := NEW.rejected_by_id;
        IF OLD.rejected_at IS NULL AND NEW.rejected_at IS NOT NULL AND NEW IS NOT DISTINCT FROM rejected
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a merge proposal is rejected once and otherwise never changes: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_merge_proposals BEFORE UPDATE OR DELETE ON reports_mergeproposal
    FOR EACH ROW EXECUTE FUNCTION reports_guard_merge_proposals();
"""

GUARD_TRANSFER_SLIPS = r"""
CREATE FUNCTION reports_guard_transfer_slips() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words text[] := ARRAY['reason', 'uncalled_reason', 'receiver', 'answer', 'end_reason'];
    step text[];
BEGIN
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD), to_jsonb(NEW), words) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL THEN  -- one step at a time, each once
        step := CASE
            WHEN NEW.ended_at IS NOT NULL THEN ARRAY['ending', 'end_reason', 'ended_at', 'ended_by_id']
            WHEN OLD.received_at IS NULL THEN ARRAY['received_at', 'received_by_id', 'receiver', 'received_on']
            WHEN OLD.answered_at IS NULL THEN ARRAY['outcome', 'answer', 'answered_at', 'answered_by_id'] END;
        IF to_jsonb(OLD) - step = to_jsonb(NEW) - step THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a transfer slip is received, answered and ended once and otherwise never changes: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_transfer_slips BEFORE UPDATE OR DELETE ON reports_transferslip
    FOR EACH ROW EXECUTE FUNCTION reports_guard_transfer_slips();
"""

GUARD_BANK_LETTERS = r"""
CREATE FUNCTION reports_guard_bank_letters() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words text[] := ARRAY['bank', 'account', 'holder', 'transferred_when', 'text', 'answer'];
    added text[] := ARRAY['answer', 'frozen_vnd', 'answered_by_id', 'answered_at'];
BEGIN
    IF TG_OP = 'UPDATE' AND reports_erases_only_text(to_jsonb(OLD), to_jsonb(NEW), words) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.answered_at IS NULL AND NEW.answered_at IS NOT NULL
       AND to_jsonb(OLD) - added = to_jsonb(NEW) - added THEN
        RETURN NEW;  -- the one change allowed: the bank's answer, once
    END IF;
    RAISE EXCEPTION 'a letter to a bank is answered once and otherwise never changes: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_bank_letters BEFORE UPDATE OR DELETE ON reports_bankletter
    FOR EACH ROW EXECUTE FUNCTION reports_guard_bank_letters();
"""

ALLOW_ONLY_REENCRYPTION = r"""
CREATE FUNCTION reports_allow_only_reencryption() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    field text;
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - TG_ARGV IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV THEN
        RAISE EXCEPTION 're-encryption changes encrypted fields only: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    FOREACH field IN ARRAY TG_ARGV LOOP
        IF (to_jsonb(NEW) ->> field IS NULL) <> (to_jsonb(OLD) ->> field IS NULL) THEN
            RAISE EXCEPTION 're-encryption neither loses nor adds a value: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_allow_only_reencryption BEFORE UPDATE OR DELETE ON reports_followup
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) = 'on')
    EXECUTE FUNCTION reports_allow_only_reencryption('story_sealed', 'contact_sealed', 'phrase_sealed', 'contact_index');
CREATE TRIGGER reports_allow_only_reencryption BEFORE UPDATE OR DELETE ON reports_evidencefile
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) = 'on')
    EXECUTE FUNCTION reports_allow_only_reencryption('name_sealed');
CREATE TRIGGER reports_allow_only_reencryption BEFORE UPDATE OR DELETE ON reports_message
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) = 'on')
    EXECUTE FUNCTION reports_allow_only_reencryption('text_sealed');
CREATE TRIGGER reports_allow_only_reencryption BEFORE UPDATE OR DELETE ON reports_report
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) = 'on')
    EXECUTE FUNCTION reports_allow_only_reencryption('story_sealed', 'contact_sealed', 'phrase_sealed', 'contact_index');
"""

GUARD_PUBLIC_WORDS = r"""
CREATE TRIGGER core_require_two_people BEFORE INSERT OR UPDATE OR DELETE ON reports_bankhotline
    FOR EACH ROW EXECUTE FUNCTION core_require_two_people('bank_hotline', 'id', 'number_taken_down');
CREATE TRIGGER core_require_two_people BEFORE INSERT OR UPDATE OR DELETE ON reports_officenumber
    FOR EACH ROW EXECUTE FUNCTION core_require_two_people('office_number', 'id', 'number_taken_down');
CREATE TRIGGER core_require_two_people BEFORE INSERT OR UPDATE OR DELETE ON reports_office
    FOR EACH ROW EXECUTE FUNCTION core_require_two_people('office', 'codename');
CREATE TRIGGER core_require_two_people BEFORE INSERT OR UPDATE OR DELETE ON reports_publicstatement
    FOR EACH ROW EXECUTE FUNCTION core_require_two_people('statement', 'codename');
"""

GUARD_CONFIRMED_FINDINGS = r"""
CREATE FUNCTION reports_guard_confirmed_findings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    withdrawn reports_numberfinding := OLD;
BEGIN
    IF core_is_command() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        withdrawn.withdrawn_at := NEW.withdrawn_at;
        withdrawn.withdrawn_by_id := NEW.withdrawn_by_id;
        -- Or a dispute that two people uphold in this very transaction.
        IF NEW IS NOT DISTINCT FROM withdrawn AND (core_agreed('withdrawal', OLD.id::text) IS NOT NULL OR EXISTS (
            SELECT FROM reports_dispute
             WHERE kind = OLD.kind AND key = OLD.key AND bank IN ('', OLD.bank) AND status = 'upheld'
               AND answered_by_id = NEW.withdrawn_by_id AND answered_at >= transaction_timestamp()))
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a confirmed finding is withdrawn by two people and else stays: % refused', TG_OP
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_confirmed_findings BEFORE UPDATE OR DELETE ON reports_numberfinding
    FOR EACH ROW WHEN (OLD.confirmed_at IS NOT NULL) EXECUTE FUNCTION reports_guard_confirmed_findings();
"""

# What an office said stays as it said it, and stands on pages once two officers agree; one takes it down.
GUARD_OFFICE_ANSWERS = r"""
CREATE FUNCTION reports_guard_office_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answered_at IS NOT NULL AND (NEW.answer, NEW.answered_at, NEW.text, NEW.kind, NEW.key, NEW.bank, NEW.office_id)
           IS DISTINCT FROM (OLD.answer, OLD.answered_at, OLD.text, OLD.kind, OLD.key, OLD.bank, OLD.office_id)
       OR NEW.published_at IS NOT NULL AND NEW.published_at IS DISTINCT FROM OLD.published_at
           AND core_agreed('office_denial', OLD.id::text) IS NULL AND NOT core_is_command()
    THEN
        RAISE EXCEPTION 'an office answers once, and two people publish it: % refused', TG_OP
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_guard_office_answers BEFORE INSERT OR UPDATE ON reports_officequestion
    FOR EACH ROW EXECUTE FUNCTION reports_guard_office_answers();
"""
# A request is what one proposed and another confirmed; a letter says of a request what it holds; and who
# knows a partner's key speaks there for the police.
GUARD_BLOCK_REQUESTS = r"""
CREATE FUNCTION reports_guard_block_requests() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    latest timestamptz := clock_timestamp() + interval '7 days 5 minutes';  -- two machines' clocks differ
BEGIN
    IF core_is_command() OR coalesce(CASE TG_OP
           WHEN 'INSERT' THEN NEW.state = 'requested' AND NEW.blocked_until <= latest AND EXISTS (
                SELECT FROM core_proposal
                 WHERE id::text = current_setting('core.proposal', true) AND state = 'confirmed' AND kind = 'block'
                   AND (target, new_values ->> 'partner') = (NEW.finding_id::text, NEW.partner_id::text)
                   AND (proposed_by_id, decided_by_id) = (NEW.proposed_by_id, NEW.confirmed_by_id))
           WHEN 'UPDATE' THEN (NEW.finding_id, NEW.partner_id, NEW.proposed_by_id, NEW.confirmed_by_id, NEW.requested_at)
                    = (OLD.finding_id, OLD.partner_id, OLD.proposed_by_id, OLD.confirmed_by_id, OLD.requested_at)
                AND OLD.state <> 'ended'
                AND (NEW.blocked_until = OLD.blocked_until OR NEW.blocked_until <= latest
                     AND core_agreed('block_review', OLD.id::text) ->> 'keep' = 'true')
                AND (NEW.state <> 'ended' OR OLD.blocked_until <= clock_timestamp()
                     OR core_agreed('block_review', OLD.id::text) ->> 'keep' = 'false'
                     OR EXISTS (SELECT FROM reports_numberfinding WHERE id = OLD.finding_id
                                   AND (withdrawn_at IS NOT NULL OR valid_until <= current_date))) END, false)
    THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'what is blocked, and for how long, two people decide; an end is final: % refused', TG_OP
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_block_requests BEFORE INSERT OR UPDATE OR DELETE ON reports_blockrequest
    FOR EACH ROW EXECUTE FUNCTION reports_guard_block_requests();
CREATE FUNCTION reports_guard_block_letters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF core_is_command() OR coalesce(CASE TG_OP
           WHEN 'INSERT' THEN EXISTS (
                SELECT FROM reports_blockrequest
                 WHERE id = NEW.request_id AND (state = 'ended') = (NEW.kind = 'release')
                   AND (state = 'ended' OR blocked_until = NEW.until))
           WHEN 'UPDATE' THEN (NEW.request_id, NEW.kind, NEW.year, NEW.number, NEW.created_at, NEW.actor_id)
                    = (OLD.request_id, OLD.kind, OLD.year, OLD.number, OLD.created_at, OLD.actor_id)
                AND NEW.until IS NOT DISTINCT FROM OLD.until END, false)
    THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'a letter says what two people decided of its request, and stays so: % refused', TG_OP
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_block_letters BEFORE INSERT OR UPDATE OR DELETE ON reports_blockletter
    FOR EACH ROW EXECUTE FUNCTION reports_guard_block_letters();
CREATE TRIGGER core_require_two_people
    BEFORE INSERT OR DELETE OR UPDATE OF kind, name, owns, channel, address, contact, is_active ON reports_blockingpartner
    FOR EACH ROW EXECUTE FUNCTION core_require_two_people('block_partner', 'id');
CREATE FUNCTION reports_guard_block_secrets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF core_is_command() OR (CASE TG_OP
           WHEN 'INSERT' THEN NEW.secret_sealed IS NULL
           ELSE core_agreed('block_secret', OLD.id::text) IS NOT NULL END)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a key that speaks for the police takes two people: % refused', TG_OP
          USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reports_guard_block_secrets BEFORE INSERT OR UPDATE OF secret_sealed ON reports_blockingpartner
    FOR EACH ROW WHEN (current_setting('reports.resealing', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION reports_guard_block_secrets();
"""

# Who held the reporter's phrase or code could have made the request: another officer grants it.
GUARD_ERASURE_GRANTS = r"""
CREATE FUNCTION reports_guard_erasure_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM core_auditevent
                WHERE subject_type = 'report' AND subject_id = NEW.report_id::text AND actor_id = NEW.decided_by_id
                  AND (kind IN ('filed', 'one_time_word_issued')
                       OR kind = 'revealed' AND detail ->> 'field' = 'phrase'))
    THEN
        RAISE EXCEPTION 'whoever knew the code grants no erasure: % refused', TG_OP
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_guard_erasure_grants BEFORE INSERT OR UPDATE OF outcome ON reports_erasurerequest
    FOR EACH ROW WHEN (NEW.outcome = 'granted') EXECUTE FUNCTION reports_guard_erasure_grants();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("core", "0002_guards")]

    operations = [
        migrations.RunSQL(OPEN_CASE, migrations.RunSQL.noop),
        migrations.RunSQL(IS_HELD, migrations.RunSQL.noop),
        migrations.RunSQL(ERASES_ONLY_TEXT, migrations.RunSQL.noop),
        migrations.RunSQL(CHECK_LEGAL_HOLD, migrations.RunSQL.noop),
        migrations.RunSQL(CHECK_HOLD_ON_CASE, migrations.RunSQL.noop),
        migrations.RunSQL(CHECK_HOLD_ON_CORRECTION, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_CAMPAIGN_ACTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_FOLLOWUPS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_CORRECTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_DESTRUCTION_REQUESTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_REPORTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_FILES, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_LEGAL_HOLDS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_CAMPAIGN_MERGES, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_MESSAGES, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_PLACEMENTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_MERGE_PROPOSALS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_TRANSFER_SLIPS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_BANK_LETTERS, migrations.RunSQL.noop),
        migrations.RunSQL(ALLOW_ONLY_REENCRYPTION, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_PUBLIC_WORDS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_CONFIRMED_FINDINGS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_OFFICE_ANSWERS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_BLOCK_REQUESTS, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD_ERASURE_GRANTS, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT core_guard_truncates()", migrations.RunSQL.noop),
    ]
