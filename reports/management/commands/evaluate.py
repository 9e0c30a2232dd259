"""manage.py evaluate FILE: print how well the extraction matches labels set by people."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.extraction import evaluation
from reports.extraction.evaluation import FACTS, EvaluatedStory, Score
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.management.json_lines_command import InvalidInputLineError, get_text, parse_record
from reports.models import Case
from reports.triage import report_triage


class Command(BaseCommand):
    help = (
        "Read labelled stories, one JSON object a line, and print precision, recall and F1 of the "
        "extraction. Writes nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="the labelled stories")
        parser.add_argument(
            "--corrections",
            action="store_true",
            help="instead of a file: officers' corrections as the truth; no sample of all reports",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["file"]) == options["corrections"]:
            raise CommandError("give a file, or --corrections")
        if options["corrections"]:
            self._evaluate_corrections()
            return
        evaluated = evaluation.evaluate(_load_labels(options["file"]))
        if not evaluated:
            raise CommandError(f"{options['file']} holds no story")
        for line in _list_lines(evaluated):
            self.stdout.write(line)

    def _evaluate_corrections(self) -> None:
        evaluated = labelled_from_corrections()
        if not evaluated:
            self.stdout.write("no correction holds")
            return
        self.stdout.write(f"{len(evaluated)} reports with corrections, read as triage reads today")
        for fact, (right, labelled) in evaluation.fact_accuracy(evaluated).items():
            self.stdout.write(f"  {fact:16}{right:>6} of {labelled} as the officer says")
        for line in _list_confusions(evaluated):
            self.stdout.write(line)


def _load_labels(file: Path) -> list[Mapping[str, Any]]:
    """Return the labelled stories of a file. Raises CommandError with the invalid line."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
    lines = enumerate(text.removeprefix("\ufeff").split("\n"), 1)
    return [_parse_label(f"{file}, line {number}", line) for number, line in lines if line.strip()]


def _parse_label(place: str, line: str) -> Mapping[str, Any]:
    try:
        label = parse_record(line)
        get_text(label, "text", needed=True)
    except InvalidInputLineError as error:
        raise CommandError(f"{place}: {error}") from error
    for field, is_right in _FIELDS.items():
        if field in label and not is_right(label[field]):
            raise CommandError(f"{place}: {field} cannot be {json.dumps(label[field])}")
    return label


def _are_actions(value: object) -> bool:
    codes = action_codes()
    return isinstance(value, list) and all(isinstance(c, str) and c in codes for c in value)


_MAX_CASES = 5000
_FIELDS: Mapping[str, Callable[[object], bool]] = {
    "scenario": lambda value: isinstance(value, str) and value in scenario_codes(),
    "actions": _are_actions,
    "money_lost_vnd": lambda value: value is None or (type(value) is int and value >= 0),
    "ongoing": lambda value: isinstance(value, bool),
}


def _list_lines(evaluated: list[EvaluatedStory]) -> Iterator[str]:
    yield f"{len(evaluated)} stories"
    for title, scores in (
        ("scenario", evaluation.scenarios(evaluated)),
        ("demanded action", evaluation.actions(evaluated)),
    ):
        yield from _list_scores(title, scores)
    yield ""
    yield from evaluation.summary_metrics(evaluated)
    yield from _list_loss_kinds(evaluated)
    yield from _list_confusions(evaluated)
    yield from _list_calibration(evaluated)


def _list_scores(title: str, scores: Mapping[str, Score]) -> Iterator[str]:
    yield ""
    yield f"{title:24}{'precision':>10}{'recall':>8}{'F1':>8}{'stories':>9}"
    for code, score in scores.items():
        meant = score.right + score.missed
        rates = f"{score.precision:>10.2f}{score.recall:>8.2f}{score.f1:>8.2f}"
        yield f"{code:24}{rates}{meant:>9}"


def _list_loss_kinds(evaluated: list[EvaluatedStory]) -> Iterator[str]:
    yield ""
    yield "loss meant -> read"
    for (meant, read), many in sorted(evaluation.loss_kind_confusion(evaluated).items()):
        yield f"  {meant:8} -> {read:8}{many:>6}"


def _list_confusions(evaluated: list[EvaluatedStory]) -> Iterator[str]:
    yield ""
    yield "scenario meant -> read (most often mistaken)"
    for meant, read, many in evaluation.confusion_pairs(evaluated):
        yield f"  {meant:20} -> {read:20}{many:>5}"


def _list_calibration(evaluated: list[EvaluatedStory]) -> Iterator[str]:
    yield ""
    yield "margin of the scenario (points), stories, share that was right"
    for band in evaluation.calibration(evaluated):
        yield f"  from {band.least:6.2f}{band.stories:>8}{band.right:>8.2f}"


def labelled_from_corrections() -> list[EvaluatedStory]:
    """Return the newest reports with corrections in force, as triage reads them today."""
    cases = (
        Case.objects.filter(corrections_json__has_any_keys=sorted(FACTS), report__erased_at=None)
        .select_related("report")
        .prefetch_related("report__followups")
        .order_by("-changed_at")[:_MAX_CASES]
    )
    return list(map(_evaluate_case, cases))


def _evaluate_case(case: Case) -> EvaluatedStory:
    report = case.report
    corrections = {fact: value for fact, value in case.corrections_json.items() if fact in FACTS}
    label = {"id": report.public_number, "text": report.story, **corrections}
    followups = sorted(report.followups.all(), key=lambda each: (each.received_at, each.pk))
    return EvaluatedStory(label, report_triage.read_report(report, tuple(followups)))
