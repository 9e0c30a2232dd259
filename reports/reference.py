"""Rows that reports and pages refer to: the communes as the state names them, the offices as callers
name them, the sentences that officers have to confirm. Loaded from data/ by setup_desk, as often as one likes.
"""

import csv
import json
from pathlib import Path

from reports.folding import fold
from reports.models import Commune, Office, Statement

DATA = Path(__file__).parent / "data"


def load_communes() -> int:
    """Write the 166 communes and wards as the data file has them; gives how many."""
    with (DATA / "communes.csv").open(encoding="utf-8", newline="") as file:
        communes = [_commune(row) for row in csv.DictReader(file)]
    Commune.objects.bulk_create(
        communes,
        update_conflicts=True,
        unique_fields=["codename"],
        update_fields=["code", "name", "former_districts", "former_communes", "sort_key"],
    )
    return len(communes)


def load_offices() -> int:
    """Add the offices that are not there yet; those that are belong to the officers."""
    rows = json.loads((DATA / "offices.json").read_text(encoding="utf-8"))["offices"]
    offices = [
        Office(
            codename=codename, name=name, other_names=other, never_by_phone=never, position=place
        )
        for place, (codename, name, other, never) in enumerate(rows, start=1)
    ]
    Office.objects.bulk_create(offices, ignore_conflicts=True)
    return len(offices)


def load_statements() -> int:
    """Add the sentences that wait for confirmation, switched off; those that are there stay."""
    rows = json.loads((DATA / "statements.json").read_text(encoding="utf-8"))["statements"]
    statements = [
        Statement(codename=codename, title=title, text=text, text_en=text_en, amount=amount)
        for codename, title, text, text_en, amount in rows
    ]
    Statement.objects.bulk_create(statements, ignore_conflicts=True)
    return len(statements)


def _commune(row: dict[str, str]) -> Commune:
    kind, bare = row["name"].split(" ", 1)
    return Commune(
        codename=row["codename"],
        code=row["code"],
        name=row["name"],
        former_districts=_names(row["former_districts"]),
        former_communes=_names(row["former_communes"]),
        # People look for the name, not for "xã" or "phường".
        sort_key=f"{fold(bare)} {fold(kind)}",
    )


def _names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(";") if name.strip()]
