"""What an erasure on record may take, and nothing else: each table's guard lets that pass.

Where an officer's words stand beside a report that was erased, only GONE may come in their place.
"""

from importlib import import_module
from typing import Any

from django.db import migrations

evidence = import_module("reports.migrations.0002_guards")
files_before = import_module("reports.migrations.0034_guard_keeping")
messages_before = import_module("reports.migrations.0008_guard_later_words")
acts = import_module("reports.migrations.0020_guard_grouping")
proposals = import_module("reports.migrations.0021_footprints")
corrections = import_module("reports.migrations.0027_corrections")
slips = import_module("reports.migrations.0032_slips")

GONE = "đã xóa"

ON_RECORD = """
CREATE FUNCTION reports_erased(report text, kinds text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM reports_event
                    WHERE subject_type = 'report' AND subject_id = report AND kind = ANY(kinds))
$$;
CREATE FUNCTION reports_words_gone(old_row jsonb, new_row jsonb, words text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT old_row - words = new_row - words
       AND NOT EXISTS (SELECT FROM unnest(words) AS word
                        WHERE new_row ->> word NOT IN ('', '{gone}'))
       AND reports_erased(old_row ->> 'report_id', ARRAY['erased'])
$$;
""".replace("{gone}", GONE)
DROP_ON_RECORD = """
DROP FUNCTION reports_words_gone(jsonb, jsonb, text[]); DROP FUNCTION reports_erased(text, text[]);
"""

# Whole, once; before that what names the reporter, for a story without it may stay for longer.
# What stands of the callers is evidence, but words of the reporter may stand among it.
REPORT = """
CREATE OR REPLACE FUNCTION reports_keep_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    blanked reports_report;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        blanked := OLD;
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.phrase_sealed := NULL;
        blanked.contact_index := NULL;
        IF OLD.erased_at IS NULL AND NEW IS NOT DISTINCT FROM blanked
           AND reports_erased(OLD.id::text, ARRAY['contact_erased'])
        THEN
            RETURN NEW;
        END IF;
        blanked.story := '';
        blanked.claimed_name := '';
        blanked.commune_raw := '';
        IF NEW.caller_number = '' THEN blanked.caller_number := ''; END IF;
        IF NEW.money_lost_raw = '' THEN blanked.money_lost_raw := ''; END IF;
        blanked.erased_at := NEW.erased_at;
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW IS NOT DISTINCT FROM blanked
           AND reports_erased(OLD.id::text, ARRAY['erased'])
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a report is evidence: % refused', TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
REPORT_BEFORE = evidence.REPORT_GUARD.partition("CREATE TRIGGER")[0].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)

FILES = files_before.FILES.replace(files_before.ERASED, files_before.OR_DESTROYED)
ADDITIONS = files_before.ADDITIONS.replace(files_before.ERASED, files_before.OR_DESTROYED)
MESSAGES = (
    messages_before.GUARD.format(
        table="reports_message",
        name="reports_keep_messages",
        what="a message",
        blanking=messages_before.MESSAGE,
    )
    .partition("CREATE TRIGGER")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
)
NAMES_GONE = """        blanked := OLD;
        blanked.story_sealed := NULL;
        blanked.contact_sealed := NULL;
        blanked.contact_index := NULL;
        blanked.phrase_sealed := NULL;
        IF OLD.erased_at IS NULL AND NEW IS NOT DISTINCT FROM blanked
           AND reports_erased(OLD.report_id::text, ARRAY['contact_erased'])
        THEN
            RETURN NEW;
        END IF;
"""


def also(function: str, kind: str) -> str:
    """The guard, which takes a part's erasure for one too."""
    return function.replace("AND kind = 'erased'", f"AND kind IN ('erased', '{kind}')")


def let_words_go(guard: str, *words: str) -> tuple[str, str]:
    """A guard's function that lets these words of an erased report go, and as it was before."""
    before = guard.partition("CREATE TRIGGER")[0].replace(
        "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
    )
    listed = ", ".join(f"'{word}'" for word in words)
    passing = f"""BEGIN
    IF TG_OP = 'UPDATE' AND reports_words_gone(to_jsonb(OLD), to_jsonb(NEW), ARRAY[{listed}]) THEN
        RETURN NEW;
    END IF;
"""
    return before.replace("BEGIN\n", passing, 1), before


# What the machine had read of a report before it was erased comes too late to be a link's reason.
PLACEMENTS = acts.PLACEMENTS.partition("CREATE TRIGGER")[0].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)
TOO_LATE = """    IF TG_OP <> 'DELETE' AND NOT by_person AND EXISTS (
        SELECT FROM reports_report WHERE id = NEW.report_id AND erased_at IS NOT NULL)
    THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
"""


SAID = {
    "keep_contact": (
        "Số của bạn: {days} ngày sau khi xử lý xong.",
        "Your number: {days} days after the work on it has ended.",
        "Số của bạn: {days} ngày sau khi xử lý xong. Tin có mất tiền, tin thành vụ việc thì theo luật.",
        (
            "Your number: {days} days after the work on it has ended."
            " Where money was lost or it becomes a case, the law decides."
        ),
    ),
    "keep_story": (
        "Lời kể bỏ tên: {days} tháng. Tin thành vụ việc thì theo luật.",
        "The story without names: {days} months. Where it becomes a case, the law decides.",
        (
            "Lời kể bỏ tên: {days} tháng sau khi xử lý xong."
            " Tin có mất tiền, tin thành vụ việc thì theo luật."
        ),
        (
            "The story without names: {days} months after the work on it has ended."
            " Where money was lost or it becomes a case, the law decides."
        ),
    ),
}


def promise_what_is_done(apps: Any, schema: Any) -> None:
    """Two promises say from when, and of whom they do not hold. Who has confirmed the wider ones is
    asked again: they are not shown until then.
    """
    rows = apps.get_model("reports", "Statement").objects
    for codename, (was, was_en, now, now_en) in SAID.items():
        rows.filter(codename=codename, text=was, text_en=was_en).update(
            text=now, text_en=now_en, is_public=False, confirmed_by=None, confirmed_at=None
        )


class Migration(migrations.Migration):
    dependencies = [("reports", "0046_erasing")]

    operations = [
        migrations.RunSQL(ON_RECORD, DROP_ON_RECORD),
        migrations.RunSQL(REPORT, REPORT_BEFORE),
        migrations.RunSQL(also(FILES, "files_erased"), FILES),
        migrations.RunSQL(
            also(ADDITIONS, "additions_erased").replace(
                "        blanked := OLD;\n", NAMES_GONE + "        blanked := OLD;\n", 1
            ),
            ADDITIONS,
        ),
        migrations.RunSQL(also(MESSAGES, "messages_erased"), MESSAGES),
        migrations.RunSQL(*let_words_go(corrections.GUARD, "reason")),
        migrations.RunSQL(*let_words_go(slips.KEEP, "reason")),
        migrations.RunSQL(*let_words_go(proposals.PROPOSALS, "reason")),
        migrations.RunSQL(*let_words_go(acts.ACTS, "before_reason")),
        migrations.RunSQL(*let_words_go(files_before.HOLDS, "reason", "lifted_reason")),
        migrations.RunSQL(*let_words_go(files_before.DESTRUCTIONS, "reason")),
        migrations.RunSQL(
            PLACEMENTS.replace("    IF TG_OP = 'DELETE' THEN\n", TOO_LATE, 1), PLACEMENTS
        ),
        migrations.RunPython(promise_what_is_done, migrations.RunPython.noop),
    ]
