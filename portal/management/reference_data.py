"""Rows that reports and pages refer to: the communes as the state names them, their police and the
other bodies that take reports over, the offices as callers name them, the sentences that officers
have to confirm and those that they keep ready. Loaded from data/ by setup_desk, as often as one likes.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from core.text import normalize
from reports.data import loader
from reports.extraction import phones
from reports.models import CannedReply, Commune, Office, OfficeNumber, PublicStatement, Unit
from reports.numbers import lookup, official_numbers
from reports.reference import units

_IN_ENGLISH = ("name", "never_by_phone", "claims")


def load_communes() -> int:
    """Write the 166 communes and wards as the data file has them; gives how many."""
    communes = [_commune(row) for row in loader.load_communes()]
    Commune.objects.bulk_create(
        communes,
        update_conflicts=True,
        unique_fields=["codename"],
        update_fields=["code", "name", "former_districts", "former_communes", "sort_key"],
    )
    return len(communes)


def load_units() -> int:
    """Add the police of each commune, and the other bodies that take reports over, as far as they
    are not there yet; those that are there belong to the officers. Gives how many are known.
    """
    rows = loader.load_json("units.json")["units"]
    others = [Unit(name_normalized=normalize(row["name"]), **row) for row in rows]
    police = [_police(commune) for commune in Commune.objects.all()]
    Unit.objects.bulk_create([*others, *police], ignore_conflicts=True)
    return len(others) + len(police)


def _police(commune: Commune) -> Unit:
    name = units.commune_police_name(commune.name)
    codename = f"cong-an-{commune.pk.replace('_', '-')}"
    kind = Unit.Kind.COMMUNE
    return Unit(
        codename=codename, name=name, name_normalized=normalize(name), kind=kind, commune=commune
    )


def load_offices() -> int:
    """Add the offices and the published numbers that are not there yet, and fill what is still
    empty; the rest belongs to the officers.
    """
    data = loader.load_offices()
    offices = [_office(row, place) for place, row in enumerate(data["offices"], start=1)]
    Office.objects.bulk_create(offices, ignore_conflicts=True)
    _fill(offices)
    if not OfficeNumber.objects.exists():  # one that an officer has taken away stays away
        with official_numbers.bypass_four_eyes_for_seed():
            OfficeNumber.objects.bulk_create(map(_office_number, data["numbers"]))
    return len(offices)


def _office(row: dict[str, Any], place: int) -> Office:
    return Office(
        codename=row["codename"],
        name=row["name"],
        other_names=row["other_names"],
        never_by_phone=row["never"],
        claims="\n".join(row["claims"]),
        name_en=row["name_en"],
        never_by_phone_en=row["never_en"],
        claims_en="\n".join(row["claims_en"]),
        position=place,
    )


def _fill(offices: Iterable[Office]) -> None:
    """Give rows of before what they have no word of: the claims where nobody has looked at them,
    the English only beside the very Vietnamese that it translates.
    """
    rows = Office.objects.in_bulk()
    lacking = [row for office in offices if _filled(row := rows[office.pk], office)]
    Office.objects.bulk_update(lacking, ["claims", *(f"{name}_en" for name in _IN_ENGLISH)])


def _filled(row: Office, office: Office) -> bool:
    """Whether something of *row* was empty that *office* has."""
    before = vars(row).copy()
    if not row.claims and row.reviewed_on is None:
        row.claims = office.claims
    for name in _IN_ENGLISH:
        english = f"{name}_en"
        if not getattr(row, english) and getattr(row, name) == getattr(office, name):
            setattr(row, english, getattr(office, english))
    return vars(row) != before


def _office_number(row: dict[str, str]) -> OfficeNumber:
    return OfficeNumber(
        office_id=row["office"],
        number=row["number"],
        key=lookup.lookup_key(phones.parse(row["number"])),
        label=row["label"],
        label_en=row["label_en"],
        source=row["source"],
        verified_on=date.fromisoformat(row["verified_on"]),
    )


def load_statements() -> int:
    """Add the sentences that wait for confirmation, switched off; those that are there stay."""
    rows = loader.load_json("statements.json")["statements"]
    statements = [
        PublicStatement(codename=codename, title=title, text=text, text_en=text_en, amount=amount)
        for codename, title, text, text_en, amount in rows
    ]
    PublicStatement.objects.bulk_create(statements, ignore_conflicts=True)
    return len(statements)


def load_replies() -> int:
    """Write the canned replies into an empty table; one that an officer has taken away stays away."""
    rows = loader.load_json("replies.json")["replies"]
    replies = [
        CannedReply(
            title=title, use=use, scenarios=kinds, text=text, text_en=text_en, position=place * 10
        )
        for place, (title, use, kinds, text, text_en) in enumerate(rows, start=1)
    ]
    if not CannedReply.objects.exists():
        CannedReply.objects.bulk_create(replies)
    return len(replies)


def _commune(row: dict[str, str]) -> Commune:
    kind, bare = row["name"].split(" ", 1)
    return Commune(
        codename=row["codename"],
        code=row["code"],
        name=row["name"],
        former_districts=_names(row["former_districts"]),
        former_communes=_names(row["former_communes"]),
        # People look for the name, not for "xã" or "phường".
        sort_key=f"{normalize(bare)} {normalize(kind)}",
    )


def _names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(";") if name.strip()]
