"""manage.py evaluate FILE: print how well the extraction matches labels set by people."""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.cases import officer_labels
from reports.cases.corrections import CorrectedValue
from reports.extraction import evaluation
from reports.extraction.evaluation import EvaluatedStory, Score
from reports.management.json_lines_command import InvalidInputLineError, get_text, parse_record
from reports.models import Correction, Report
from reports.triage import report_triage

_MAX_REPORTS = 5000


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
            help="instead of a file: what officers confirmed or corrected as the truth, and how often"
            " they agreed by month; no sample of all reports",
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
        evaluated = evaluate_officer_labels()
        if not evaluated:
            self.stdout.write("no officer has judged a fact")
            return
        self.stdout.write(
            f"{len(evaluated)} reports that officers judged, read as triage reads today"
        )
        for fact, (right, labelled) in evaluation.fact_accuracy(evaluated).items():
            self.stdout.write(f"  {fact:16}{right:>6} of {labelled} as the officer says")
        for line in (*_list_agreement(), *_list_confusions(evaluated)):
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
    for fact in sorted(evaluation.FACTS & label.keys()):
        if not CorrectedValue(fact, label[fact]).is_valid:
            raise CommandError(f"{place}: {fact} cannot be {json.dumps(label[fact])}")
    return label


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
    for (meant, read), many in sorted(evaluation.loss_confusion(evaluated).items()):
        yield f"  {meant:8} -> {read:8}{many:>6}"


def _list_confusions(evaluated: list[EvaluatedStory]) -> Iterator[str]:
    yield ""
    yield "scenario meant -> read (most often mistaken)"
    for meant, read, many in evaluation.confusion_pairs(evaluated):
        yield f"  {meant:20} -> {read:20}{many:>5}"


def _list_calibration(evaluated: list[EvaluatedStory]) -> Iterator[str]:
    yield ""
    yield "fact, how sure, stories, share that was right"
    counts = evaluation.calibration(evaluated)
    for fact, word in dict.fromkeys((fact, word) for fact, word, _ in sorted(counts)):
        right = counts[fact, word, True]
        stories = right + counts[fact, word, False]
        yield f"  {fact:10}{word:8}{stories:>8}{right / stories:>8.2f}"


def _list_agreement() -> Iterator[str]:
    yield ""
    yield "month, fact, confirmed of those judged then"
    for row in officer_labels.load_agreement():
        share = row.agreed / row.judged
        yield f"  {row.month:%Y-%m}  {row.fact:16}{row.agreed:>6} of {row.judged:<6}{share:>6.2f}"


def evaluate_officer_labels() -> list[EvaluatedStory]:
    """Return the reports last judged by officers, as triage reads them today."""
    newest = officer_labels.list_labelled_reports()[:_MAX_REPORTS]
    return [_evaluate_report(*each) for each in officer_labels.load_labels(newest)]


def _evaluate_report(report: Report, words: Mapping[str, Correction]) -> EvaluatedStory:
    values = {fact: word.value for fact, word in words.items()}
    label = {"id": report.public_number, "text": report.story, **values}
    followups = sorted(report.followups.all(), key=lambda each: (each.received_at, each.pk))
    return EvaluatedStory(label, report_triage.read_report(report, tuple(followups)))
