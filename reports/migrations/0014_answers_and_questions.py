"""An answer is a kind of its own, only a question is one, and an erasure reaches all of an addition."""

from importlib import import_module

from django.db import migrations, models

before = import_module("reports.migrations.0008_guard_later_words")

# What an erasure has to blank (0008), and what it may: what these say of the callers is evidence,
# but words of the reporter may stand among them.
MAY_BE_BLANKED = """
        IF NEW.accounts = '{}' THEN blanked.accounts := '{}'; END IF;
        IF NEW.links = '{}' THEN blanked.links := '{}'; END IF;
        IF NEW.money_lost_raw = '' THEN blanked.money_lost_raw := ''; END IF;
        IF NEW.called_on IS NULL THEN blanked.called_on := NULL; END IF;
        IF NEW.commune_id IS NULL THEN blanked.commune_id := NULL; END IF;
"""


def function(blanking: str) -> str:
    """The guard's function alone, put in the place of the one that stands there."""
    whole = before.GUARD.format(
        table="reports_addition",
        name="reports_keep_additions",
        what="an addition",
        blanking=blanking,
    )
    return whole.partition("CREATE TRIGGER")[0].replace(
        "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
    )


class Migration(migrations.Migration):
    dependencies = [("reports", "0013_wrong_words")]

    operations = [
        migrations.AlterField(
            model_name="addition",
            name="kind",
            field=models.CharField(
                choices=[
                    ("more", "Kể thêm"),
                    ("answer", "Trả lời câu hỏi"),
                    ("correction", "Sửa lại"),
                    ("withdrawal", "Đề nghị rút tin"),
                ],
                max_length=16,
                verbose_name="loại",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="is_question",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(function(before.ADDITION + MAY_BE_BLANKED), function(before.ADDITION)),
    ]
