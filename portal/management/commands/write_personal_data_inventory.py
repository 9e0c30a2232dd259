"""manage.py write_personal_data_inventory: the page docs/personal.md, from portal/personal_data.toml."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.personal_data import render_inventory

HEAD = """# What is personal, and where it is stored

Written by `manage.py write_personal_data_inventory` from `portal/personal_data.toml`; a test compares them, and fails for a field
that stands in none. Tables about nobody are left out.

*Sealed*: encrypted; a dump of the database without the field keys reveals nothing of it. *Ties together*: names nobody,
but joins what belongs to one report or one person; hashes are keyed, so no list of telephone numbers can be tried
against them, except that of a file, which a case file quotes. *In clear*: whoever reads the table reads it. Originals
and redrawn copies of files are encrypted in `FILES_DIR` or the bucket of `EVIDENCE_URL`, archives with age under `BACKUP_KEY`. How keys are changed:
docs/operations/reference.md, "Keys".

"""


class Command(BaseCommand):
    help = "Print docs/personal.md: which field holds what of a person, sealed or why not."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(HEAD + render_inventory())
