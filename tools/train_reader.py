"""python -m tools.train_reader: learn the reader's weights from the labelled stories of
tools/data/training and write reports/data/weights. With --check nothing is written: each file is
read in turn by weights that were learnt from all the others, which shows what strangers' stories
would give.

What is learnt is in tools/classifiers.py; here, what it is learnt from.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import reports
from reports.extraction import evaluation
from reports.extraction.language import scoring
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.language.scoring import LABEL_LETTERS, SCALE, Feature
from reports.extraction.loss.classifier import KINDS, collect_loss_evidence, loss_features
from reports.extraction.loss.features import CLAUSE_KINDS, Clause, split_clauses
from reports.extraction.loss.phrase_rules import PhraseEvidence, apply_phrase_rules
from reports.extraction.loss.total import payment_count
from tools.classifiers import POINTS, Classifier, Matrix, make_matrix, train_binary, train_softmax

STORIES = Path(__file__).parent / "data" / "training"
CONCEPTS = Path(reports.__file__).parent / "data" / "concepts.json"
SOURCE = "learnt-from.sha256"
# Of a margin; a smaller weight is left out, for the 2 MB.
LEAST = {"facts": 0.225, "pieces": 0.3, "state": 0.22, "sums": 0.18}
# A gram of fewer documents teaches nothing.
SEEN = {"facts": 8, "pieces": 12, "state": 8, "sums": 8}
# Points; what --check was best with.
EARLY = {"fact": 1.5, "lost": -9.0, "back": 4.0, "again": 5.0}
_PARTS = 4  # of the stories, each read by what the others taught
_MOST_SUMS = 8  # of one story, whose subsets are tried
_MOST_BACK = 2  # sums that came back

Label = Mapping[str, Any]


@dataclass(frozen=True)
class TrainingExample:
    """A labelled story and its look."""

    label: Label
    parsed: ParsedStory
    evidence: PhraseEvidence


@dataclass(frozen=True)
class TrainingSet:
    """What a table is learnt from: documents, by the names of their grams, and the questions that are
    asked of them.
    """

    documents: Sequence[Sequence[str]]
    questions: Sequence[Callable[[Matrix], Classifier]]


@cache
def load_examples(file: Path) -> list[TrainingExample]:
    """The stories of one hand."""
    lines = file.read_text(encoding="utf-8").splitlines()
    labels = [json.loads(line) for line in lines if line.strip()]
    looks = [parse_story(label["text"]) for label in labels]
    return [
        TrainingExample(label, parsed, apply_phrase_rules(parsed))
        for label, parsed in zip(labels, looks, strict=True)
    ]


def facts_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Which scenario, which demands, whether it goes on."""
    labels = [lesson.label for lesson in taught]
    demands = [
        train_binary([code in label["actions"] for label in labels], code, EARLY["fact"])
        for code in action_codes()
    ]
    ongoing = train_binary([label["ongoing"] for label in labels], "ongoing", EARLY["fact"])
    documents = [_list_names(lesson.parsed.grams) for lesson in taught]
    kinds = train_softmax([label["scenario"] for label in labels], scenario_codes())
    return TrainingSet(documents, [kinds, *demands, ongoing])


def _list_names(grams: Sequence[Feature]) -> list[str]:
    return [gram.name for gram in grams]


def clause_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Which pieces tell that money is gone, which that it is not."""
    documents: list[list[str]] = []
    tells: list[str] = []
    for lesson in taught:
        quotes = lesson.label.get("money_because", [])
        if not quotes and evaluation.kind_of(lesson.label["money_lost_vnd"]) != "unknown":
            continue  # nobody marked it
        marked = _find_marked(lesson.parsed, quotes)
        for piece in split_clauses(lesson.parsed, lesson.evidence):
            documents.append(piece.names)
            tells.append(_get_clause_role(lesson, piece, marked))
    questions = [
        train_binary([each == kind for each in tells], kind, 0.0, machines=((0.4, 0.0),))
        for kind in CLAUSE_KINDS
    ]
    return TrainingSet(documents, questions)


def _find_marked(parsed: ParsedStory, quotes: Sequence[str]) -> set[int]:
    """The words that lie within the quotes."""
    places = [
        (start, start + len(quote))
        for quote in quotes
        if (start := parsed.story.text.find(quote)) >= 0
    ]
    return {
        number
        for number, word in enumerate(parsed.story.words)
        if any(start <= word.start and word.end <= end for start, end in places)
    }


def _get_clause_role(lesson: TrainingExample, piece: Clause, marked: Collection[int]) -> str:
    """What a piece tells: half of its words at least are marked."""
    words = range(piece.first, piece.last)
    if 2 * sum(word in marked for word in words) < len(words):
        return ""
    return "kept" if lesson.label["money_lost_vnd"] == 0 else "gone"


def state_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Whether money is gone."""
    kind = [evaluation.kind_of(lesson.label["money_lost_vnd"]) for lesson in taught]
    documents = [_list_names(loss_features(lesson.parsed, lesson.evidence)) for lesson in taught]
    question = train_softmax(kind, KINDS, 0.3, apart=0.5, class_weight="balanced")
    return TrainingSet(documents, [question])


def amount_role_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Which of the sums of a story in which money is gone: lost, come back, paid once more."""
    documents: list[list[str]] = []
    lost: list[bool] = []
    back: list[bool] = []
    again: list[bool | None] = []
    for lesson in taught:
        if (parts := solve_loss_subset(lesson)) is not None:
            numbers = range(len(lesson.parsed.sums))
            documents += map(_list_names, lesson.evidence.around)
            values = _list_values(lesson.parsed)
            lost += [
                number in parts.lost or values[number] == lesson.label["money_lost_vnd"]
                for number in numbers
            ]
            back += [number in parts.back for number in numbers]
            again += [_is_paid_again(values, parts.lost, number) for number in numbers]
    return TrainingSet(
        documents,
        [
            train_binary(lost, "lost", EARLY["lost"]),
            train_binary(back, "back", EARLY["back"]),
            train_binary(again, "again", EARLY["again"]),
        ],
    )


class LossSubset(NamedTuple):
    """The numbers of the sums that are a loss: what was lost, less what came back."""

    lost: frozenset[int]
    back: frozenset[int]


def _list_values(parsed: ParsedStory) -> list[int]:
    return [each.value * payment_count(parsed, each) for each in parsed.sums]


def solve_loss_subset(lesson: TrainingExample) -> LossSubset | None:
    """Which sums make up the loss, as few as do; None where none do, or nothing was lost."""
    loss, values = lesson.label["money_lost_vnd"], _list_values(lesson.parsed)
    if not loss or not 0 < len(values) <= _MOST_SUMS:
        return None
    numbers = range(len(values))
    for many in range(1, len(values) + 1):
        for few in range(min(many, _MOST_BACK + 1)):
            for lost in combinations(numbers, many - few):
                over = sum(values[one] for one in lost) - loss
                later = [one for one in numbers if one not in lost and one > lost[0]]
                for back in combinations(later, few):
                    if sum(values[one] for one in back) == over:
                        return LossSubset(frozenset(lost), frozenset(back))
    return None


def _is_paid_again(values: Sequence[int], lost: frozenset[int], number: int) -> bool | None:
    """Whether a sum that was told before is another one; None where nothing tells."""
    same = [one for one in range(len(values)) if values[one] == values[number]]
    if number == same[0] or not lost.intersection(same):
        return None
    many = len(lost.intersection(same))
    return None if 1 < many < len(same) else many > 1


TABLES: Mapping[str, Callable[[Sequence[TrainingExample]], TrainingSet]] = {
    "facts": facts_training_set,
    "pieces": clause_training_set,
    "state": state_training_set,
    "sums": amount_role_training_set,
}


def train_all(taught: Sequence[TrainingExample], folder: Path) -> None:
    """Write every table. What says little is left out, and the rest is learnt once more, so that
    the reader weighs with the very grams with which the machine did.
    """
    for name in ("facts", "pieces"):
        _train(name, taught, folder)
    heard = _read_by_other_parts(taught)
    for name in ("state", "sums"):
        _train(name, heard, folder)


def _read_by_other_parts(taught: Sequence[TrainingExample]) -> list[TrainingExample]:
    """The lessons with what their pieces tell, weighed by what was learnt from other stories: what
    was learnt from a story is surer of it than of any to come.
    """
    heard = list(taught)
    original = scoring.FOLDER
    for part in range(_PARTS):
        with tempfile.TemporaryDirectory() as folder:
            others = [lesson for number, lesson in enumerate(taught) if number % _PARTS != part]
            _train("pieces", others, Path(folder))
            use_weights(Path(folder))
            for number in range(part, len(taught), _PARTS):
                heard[number] = replace(
                    taught[number], evidence=collect_loss_evidence(taught[number].parsed)
                )
    use_weights(original)
    return heard


def _train(name: str, taught: Sequence[TrainingExample], folder: Path) -> None:
    lectures = TABLES[name](taught)
    first = make_matrix(lectures.documents, SEEN[name])
    rows = _format_rows(first, _train_classifiers(lectures, first), LEAST[name])
    grams = {gram for gram, adds in rows if adds}
    second = make_matrix(lectures.documents, SEEN[name], grams)
    lines = _format_lines(second, _train_classifiers(lectures, second), LEAST[name])
    (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _train_classifiers(lectures: TrainingSet, table: Matrix) -> list[Classifier]:
    return [question(table) for question in lectures.questions]


def _format_lines(table: Matrix, heads: Sequence[Classifier], least: float) -> Iterator[str]:
    names = [name for head in heads for name in head.names]
    assert len(names) <= len(LABEL_LETTERS)
    yield "\t".join(f"{letter}={name}" for letter, name in zip(LABEL_LETTERS, names, strict=False))
    yield "\t".join(f"{need:.3f}" for head in heads for need in head.needed)
    for (name, adds), rarity in zip(_format_rows(table, heads, least), table.rarities, strict=True):
        yield f"{name}\t{rarity:.2f}\t{adds}"


def _format_rows(
    table: Matrix, heads: Sequence[Classifier], least: float
) -> Iterator[tuple[str, str]]:
    """Each gram with what it adds, as it is written."""
    learnt = np.vstack([head.weights for head in heads])
    for number, name in enumerate(table.names):
        adds = (
            f"{letter}{round(add * POINTS * SCALE)}"
            for letter, add in zip(LABEL_LETTERS, learnt[:, number], strict=False)
            if abs(add) >= least
        )
        yield name, "".join(adds)


def hash_sources() -> str:
    """What the weights are learnt from, in one line: a hash over stories and families of words."""
    files = [*sorted(STORIES.glob("*.jsonl")), CONCEPTS]
    return hashlib.sha256(b"\n".join(file.read_bytes() for file in files)).hexdigest()


def cross_validate(held_out: Path, files: Iterable[Path]) -> None:
    """Print what one hand's stories give under the weights of the others."""
    others = [lesson for file in files if file != held_out for lesson in load_examples(file)]
    with tempfile.TemporaryDirectory() as folder:
        train_all(others, Path(folder))
        use_weights(Path(folder))
        judged = evaluation.evaluate(lesson.label for lesson in load_examples(held_out))
    print(f"{held_out.stem}: {', '.join(evaluation.summary_metrics(judged))}", flush=True)


def use_weights(folder: Path) -> None:
    """Have the reader use the weights of a folder."""
    scoring.FOLDER = folder
    scoring.load_model.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.train_reader", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, hold out each file")
    parser.add_argument("--only", help="hold out these files alone (their letters)")
    options = parser.parse_args()
    files = sorted(STORIES.glob("*.jsonl"))
    if not options.check:
        train_all([lesson for file in files for lesson in load_examples(file)], scoring.FOLDER)
        (scoring.FOLDER / SOURCE).write_text(hash_sources() + "\n", encoding="utf-8")
        return
    for held_out in files:
        if not options.only or held_out.stem in options.only:
            cross_validate(held_out, files)


if __name__ == "__main__":
    main()
