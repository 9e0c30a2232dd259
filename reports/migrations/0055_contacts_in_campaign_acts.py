"""Of why an officer acted on a campaign an erasure takes the reporter's contact alone: what is left stood
there before, in that order, and GONE stands where something is missing.
"""

from importlib import import_module

from django.db import migrations

words = import_module("reports.migrations.0054_words_of_campaign_acts")

_GONE = words.erasing.GONE
_WHOLE = f"""to_jsonb(NEW) = to_jsonb(OLD) || '{{"reason": "{_GONE}"}}'"""
_PART = rf"""to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason'
       AND to_jsonb(OLD) ->> 'reason' LIKE replace(
           regexp_replace(to_jsonb(NEW) ->> 'reason', '([\\%_])', '\\\1', 'g'), '{_GONE}', '%')"""
GUARD = words.GUARD.replace(_WHOLE, _PART, 1)


class Migration(migrations.Migration):
    dependencies = [("reports", "0054_words_of_campaign_acts")]

    operations = [migrations.RunSQL(GUARD, words.GUARD)]
