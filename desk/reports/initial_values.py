"""What the forms of decisions begin with: unit and result as the report suggests them, for the
officer to read, change and send. The reason of an ending is the officer's to give: what the report
suggests stands beside the empty field, to be taken over.
"""

from collections.abc import Mapping

from desk import labels
from reports.facts.effective_facts import EffectiveFacts
from reports.models import Case
from reports.reference import gazetteer, units

_OUTCOMES = {
    "not_scam": Case.Outcome.NOT_SCAM.value,
    "unclear": Case.Outcome.INSUFFICIENT.value,
}
_NO_REPORT = ("spam_submission", "abuse_prank")


def initial_values(holds: EffectiveFacts) -> dict[str, Mapping[str, str]]:
    """First values of the fields, by verb. Codes in words alone, nothing that a person wrote."""
    place = _unit(holds)
    junk = labels.code_label(holds.scenario) if holds.scenario in _NO_REPORT else ""
    return {
        "hand_over": {"unit": place},
        "close": {"outcome": _OUTCOMES.get(holds.scenario or "", "")},
        "junk": {"reason": f"{junk}." if junk else ""},
    }


def suggested_reasons(holds: EffectiveFacts) -> Mapping[str, str]:
    """The reason that the report suggests, by verb, "" for none; codes in words, as above."""
    gist = _gist(holds)
    is_placed = bool(gist and _unit(holds))
    return {"hand_over": f"Đúng địa bàn. {gist}" if is_placed else gist, "close": gist}


def _unit(holds: EffectiveFacts) -> str:
    commune = gazetteer.commune_name(holds.commune)
    return units.commune_police_name(commune) if commune else ""


def _gist(holds: EffectiveFacts) -> str:
    """The kind of scam and the loss, in a sentence; nothing where nobody has read the report."""
    if holds.scenario is None:
        return ""
    loss = labels.format_loss(holds.money_lost_vnd).lower()
    return f"{labels.short_label(holds.scenario)}; thiệt hại: {loss}."
