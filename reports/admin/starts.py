"""What the forms of decisions begin with: unit and result as the report suggests them, for the
officer to read, change and send. The reason of an ending is the officer's to give: what the report
suggests stands beside the empty field, to be taken over.
"""

from collections.abc import Mapping

from reports.admin import words
from reports.facts.held import Held
from reports.models import Case, Commune
from reports.officers import units

_OUTCOMES = {
    "not_scam": Case.Outcome.NOT_SCAM.value,
    "unclear": Case.Outcome.INSUFFICIENT.value,
}
_NO_REPORT = ("spam_submission", "abuse_prank")


def of(holds: Held, commune: Commune | None) -> dict[str, Mapping[str, str]]:
    """First values of the fields, by verb. Codes in words alone, nothing that a person wrote."""
    place = _unit(commune)
    junk = words.label(holds.scenario) if holds.scenario in _NO_REPORT else ""
    return {
        "hand_over": {"unit": place},
        "close": {"outcome": _OUTCOMES.get(holds.scenario or "", "")},
        "junk": {"reason": f"{junk}." if junk else ""},
    }


def reasons(holds: Held, commune: Commune | None) -> Mapping[str, str]:
    """The reason that the report suggests, by verb, "" for none; codes in words, as above."""
    gist = _gist(holds)
    is_placed = bool(gist and _unit(commune))
    return {"hand_over": f"Đúng địa bàn. {gist}" if is_placed else gist, "close": gist}


def _unit(commune: Commune | None) -> str:
    return units.police_of(commune.name) if commune else ""


def _gist(holds: Held) -> str:
    """The kind of scam and the loss, in a sentence; nothing where nobody has read the report."""
    if holds.scenario is None:
        return ""
    loss = words.money(holds.money_lost_vnd).lower()
    return f"{words.short(holds.scenario)}; thiệt hại: {loss}."
