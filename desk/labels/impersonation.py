"""What the desk calls claimed offices, the communes of their units, and the steps of the script."""

from collections.abc import Sequence

from desk.labels import codes as labels
from reports.extraction import story_reader
from reports.reference import office_lexicon


def claim_label(code: str) -> str:
    """Whom the caller claimed to be: an office, a wider name, or as the form offers it."""
    return (
        labels.office_label(code) if code in labels.OFFICES_OF_FORM else office_lexicon.label(code)
    )


def communes(codenames: Sequence[str]) -> str:
    """The commune of a claimed unit; of several, that none of them is sure."""
    names = [office_lexicon.commune(code) for code in codenames]
    return names[0] if len(names) == 1 else f"chưa rõ: {' / '.join(names)}"


def stage_label(code: str) -> str:
    """A step of the script; an unknown one stands for itself."""
    return story_reader.stage_labels().get(code, code)


def claim_explanation(text: str) -> str:
    """The ground of a claimed office: its name, the commune of its unit, where it was read."""
    head, _, said = text.partition(": ")
    codes, _, places = head.partition(" in ")
    name = " / ".join(map(claim_label, codes.split("|")))
    place = f" ({communes(places.split('|'))})" if places else ""
    return "; ".join(filter(None, (name + place, labels.source_label(said))))
