"""Reference rows, loaded from reports/data/ by setup_desk. Idempotent."""

from datetime import date
from typing import Any

from core.audit.proposals import bypass_four_eyes
from core.text import normalize
from reports.data import loader
from reports.extraction import phones
from reports.models import CannedReply, Commune, Office, OfficeNumber, PublicStatement, Unit
from reports.numbers import lookup
from reports.reference import units


def load_communes() -> int:
    """Write the communes and wards as the data file has them; return how many."""
    communes = [_build_commune(row) for row in loader.load_communes()]
    Commune.objects.bulk_create(
        communes,
        update_conflicts=True,
        unique_fields=["codename"],
        update_fields=["code", "name", "former_districts", "former_communes", "sort_key"],
    )
    return len(communes)


def load_units() -> int:
    """Add missing units, the police of each commune among them; return how many the data names."""
    rows = loader.load_json("units.json")["units"]
    others = [Unit(name_normalized=normalize(row["name"]), **row) for row in rows]
    police = [_build_police(commune) for commune in Commune.objects.all()]
    Unit.objects.bulk_create([*others, *police], ignore_conflicts=True)
    return len(others) + len(police)


def _build_police(commune: Commune) -> Unit:
    name = units.commune_police_name(commune.name)
    codename = f"cong-an-{commune.pk.replace('_', '-')}"
    kind = Unit.Kind.COMMUNE
    return Unit(
        codename=codename, name=name, name_normalized=normalize(name), kind=kind, commune=commune
    )


def load_offices() -> int:
    """Add missing offices, and numbers into an empty table; return how many offices the data names."""
    data = loader.load_offices()
    offices = [_build_office(row, place) for place, row in enumerate(data["offices"], start=1)]
    with bypass_four_eyes():
        Office.objects.bulk_create(offices, ignore_conflicts=True)
        if not OfficeNumber.objects.exists():  # one that an officer has taken away stays away
            OfficeNumber.objects.bulk_create(map(_build_number, data["numbers"]))
    return len(offices)


def _build_office(row: dict[str, Any], place: int) -> Office:
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


def _build_number(row: dict[str, str]) -> OfficeNumber:
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
    """Add missing statements, not yet public; return how many the data names."""
    rows = loader.load_json("statements.json")["statements"]
    statements = [
        PublicStatement(codename=codename, title=title, text=text, text_en=text_en, amount=amount)
        for codename, title, text, text_en, amount in rows
    ]
    with bypass_four_eyes():
        PublicStatement.objects.bulk_create(statements, ignore_conflicts=True)
    return len(statements)


def load_replies() -> int:
    """Write the canned replies into an empty table (a deleted one stays away); return how many there are."""
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


def _build_commune(row: dict[str, str]) -> Commune:
    kind, bare = row["name"].split(" ", 1)
    return Commune(
        codename=row["codename"],
        code=row["code"],
        name=row["name"],
        former_districts=_split_names(row["former_districts"]),
        former_communes=_split_names(row["former_communes"]),
        # People look for the name, not for "xã" or "phường".
        sort_key=f"{normalize(bare)} {normalize(kind)}",
    )


def _split_names(cell: str) -> list[str]:
    return [name.strip() for name in cell.split(";") if name.strip()]
