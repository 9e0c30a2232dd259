"""What officers put right, as labelled stories for `manage.py evaluate`. Reads, writes nothing."""

from collections.abc import Iterator

from reports.extraction.evaluation import FACTS, EvaluatedStory
from reports.models import Case, Followup
from reports.triage import service

_MAX_COUNT = 5000  # the newest


def labelled_from_corrections() -> list[EvaluatedStory]:
    """The reports of which corrections hold, and how triage reads each of them today."""
    cases = (
        Case.objects.filter(corrections_json__has_any_keys=sorted(FACTS), report__erased_at=None)
        .select_related("report")
        .prefetch_related("report__additions")
        .order_by("-changed_at")[:_MAX_COUNT]
    )
    return list(map(_label_case, cases))


def _label_case(case: Case) -> EvaluatedStory:
    report = case.report
    values = {fact: value for fact, value in case.corrections_json.items() if fact in FACTS}
    label = {"id": report.public_number, "text": report.story, **values}
    return EvaluatedStory(label, service.read_report(report, tuple(_followups_of(case))))


def _followups_of(case: Case) -> Iterator[Followup]:
    """The reporter's later words, oldest first."""
    yield from sorted(case.report.additions.all(), key=lambda each: (each.received_at, each.pk))
