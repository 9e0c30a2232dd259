"""manage.py write_personal_data_inventory: the page docs/personal.md, as the models say it."""

from typing import Any

from django.core.management.base import BaseCommand

from core.personal_data_inventory import render_inventory
from portal.personal_data_third_party import DECLARED

HEAD = """# What is personal, and where it lies

Made by `manage.py write_personal_data_inventory`; a test holds it to what stands beside the models
(`reports/personal.py`, `alerts/personal.py`, `portal/personal_data_third_party.py`), and finds a field of
which nothing is said. Tables about nobody are left out.

*Sealed*: a dump of the database without `FIELD_ENCRYPTION_KEYS` tells nothing of it. *Ties together*: names nobody,
and joins what is of one report or one person; hashes are keyed, so no list of telephone numbers can be
tried against them, but that of a file, which a case file quotes. *In clear*: whoever reads the table reads it. Originals and drawn copies of files lie
sealed in `FILES_DIR`, archives in age under `BACKUP_KEY`. How keys are changed: docs/operations.md, "Keys".

"""


class Command(BaseCommand):
    help = "Print docs/personal.md: which field holds what of a person, sealed or why not."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(HEAD + render_inventory(DECLARED))
