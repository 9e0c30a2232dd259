"""python -m bench.training: learn the reader's weights from the labelled stories of
bench/data/training and write reports/data/weights. With --check nothing is written: each file is
read in turn by weights that were learnt from all the others, which shows what strangers' stories
would give.

Linear support-vector machines over the grams of reports/extraction/language/scoring.py; what they learn is a plain sum
of weights, which the reader adds up by itself without any of the libraries used here.
"""

import argparse
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

import reports
from reports.extraction import evaluation
from reports.extraction.language import scoring
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.language.scoring import MIN_LENGTH, SCALE, SIGNS, Feature
from reports.extraction.loss.classifier import KINDS, collect_loss_evidence, loss_features
from reports.extraction.loss.features import CLAUSE_KINDS, Clause, split_clauses
from reports.extraction.loss.phrase_rules import PhraseEvidence, apply_phrase_rules
from reports.extraction.loss.total import payment_count

STORIES = Path(__file__).parent / "data" / "training"
CONCEPTS = Path(reports.__file__).parent / "data" / "concepts.json"
SOURCE = "learnt-from.sha256"
POINTS = 10.0  # a margin of the machine is ten points
# Of a margin; a smaller weight is left out, for the 2 MB.
LEAST = {"kinds": 0.13, "pieces": 0.3, "state": 0.22, "sums": 0.18}
# A gram of fewer documents teaches nothing.
SEEN = {"kinds": 8, "pieces": 12, "state": 8, "sums": 8}
# Points; what --check was best with.
EARLY = {"demand": 1.5, "ongoing": 1.5, "lost": -9.0, "back": 4.0, "again": 5.0}
_PARTS = 4  # of the stories, each read by what the others taught
_MOST_SUMS = 8  # of one story, whose subsets are tried
_MOST_BACK = 2  # sums that came back

Label = Mapping[str, Any]


@dataclass(frozen=True)
class Lesson:
    """A labelled story and its look."""

    label: Label
    look: ParsedStory
    said: PhraseEvidence


@dataclass(frozen=True)
class Matrix:
    """Documents x grams, each row of length one, with the grams' names and rarities."""

    names: list[str]
    rarities: list[float]
    rows: Any


@dataclass(frozen=True)
class Head:
    """A question: its answers, what was learnt (answers x grams), what each answer needs."""

    names: tuple[str, ...]
    weights: Any
    needed: tuple[float, ...]  # points


@dataclass(frozen=True)
class Lectures:
    """What a table is learnt from: documents, by the names of their grams, and the questions that are
    asked of them.
    """

    documents: Sequence[Sequence[str]]
    questions: Sequence[Callable[[Matrix], Head]]


@cache
def lessons(file: Path) -> list[Lesson]:
    """The stories of one hand."""
    lines = file.read_text(encoding="utf-8").splitlines()
    labels = [json.loads(line) for line in lines if line.strip()]
    looks = [parse_story(label["text"]) for label in labels]
    return [
        Lesson(label, look, apply_phrase_rules(look))
        for label, look in zip(labels, looks, strict=True)
    ]


def matrix(
    documents: Sequence[Sequence[str]], least: int, known: Collection[str] | None = None
) -> Matrix:
    """Weigh documents as grams.weigh will, by all grams that stand in so many of them, or by those
    that are known.
    """
    counts = [Counter(document) for document in documents]
    seen = Counter(name for count in counts for name in count)
    often = sorted(name for name, many in seen.items() if many >= least)
    names = [name for name in often if known is None or name in known]
    column = {name: number for number, name in enumerate(names)}
    rarities = [log((1 + len(counts)) / (1 + seen[name])) + 1 for name in names]
    cells = [
        (row, column[name], (1 + log(many)) * rarities[column[name]])
        for row, count in enumerate(counts)
        for name, many in count.items()
        if name in column
    ]
    at_row, at_column, shares = zip(*cells, strict=True)
    rows = csr_matrix((shares, (at_row, at_column)), (len(counts), len(names)))
    lengths = np.maximum(MIN_LENGTH, np.sqrt(rows.multiply(rows).sum(axis=1)))
    return Matrix(names, rarities, csr_matrix(rows.multiply(1 / lengths)))


def one_of(
    answers: Sequence[str | None],
    names: Sequence[str],
    freedom: float = 0.5,
    apart: float = 0.0,
    **options: Any,
) -> Callable[[Matrix], Head]:
    """A question with one answer of several, or none where a story is too short to teach it; no
    answer is favoured before a word is read. *apart*: how much a gram counts more the more
    differently it stands in the stories of an answer and in the others.
    """
    known = [row for row, answer in enumerate(answers) if answer]
    given = np.array([answers[row] for row in known])

    def ask(table: Matrix) -> Head:
        rows = table.rows[known]
        learnt = [_learn_answer(rows, given == name, freedom, apart, options) for name in names]
        return Head(tuple(names), np.vstack(learnt), (0.0,) * len(names))

    return ask


def _learn_answer(
    rows: Any, is_it: Any, freedom: float, apart: float, options: Mapping[str, Any]
) -> Any:
    """The weights of one answer against all others."""
    scale = _scale(rows, is_it, apart)
    machine = LinearSVC(C=freedom, fit_intercept=False, **options)
    return machine.fit(rows.multiply(scale).tocsr(), is_it).coef_[0] * scale


def _scale(rows: Any, is_it: Any, apart: float) -> Any:
    """How much each gram counts: that of Wang and Manning, Baselines and Bigrams (ACL 2012), to the
    power of *apart*; on the whole as much as without.
    """
    scale = _difference(rows, is_it) ** apart
    return scale / np.sqrt((scale**2).mean())


def _difference(rows: Any, is_it: Any) -> Any:
    """For each gram the absolute logarithm of its share here against its share elsewhere."""
    here, elsewhere = (
        1 + np.asarray((rows[these] > 0).sum(axis=0)).ravel() for these in (is_it, ~is_it)
    )
    return np.abs(np.log((here / here.sum()) / (elsewhere / elsewhere.sum())))


def whether(
    answers: Sequence[bool | None],
    name: str,
    early: float,
    deaf_to: str = "",
    machines: Sequence[tuple[float, float]] = ((1.0, 0.0),),
) -> Callable[[Matrix], Head]:
    """A question of yes or no; yes is believed so many points before the machine would. Grams that
    begin with a sign of *deaf_to* are not asked. *machines*: how free each is, and how much it hears what
    sets the answers apart; what they learnt is averaged.
    """

    def ask(table: Matrix) -> Head:
        heard = [at for at, gram in enumerate(table.names) if gram[0] not in deaf_to]
        known = [row for row, answer in enumerate(answers) if answer is not None]
        given = np.array([answers[row] for row in known])
        rows = table.rows[known][:, heard]
        fits = [_fit(rows, given, free, apart) for free, apart in machines]
        learnt = np.zeros((1, len(table.names)))
        learnt[0, heard] = np.mean([weights for weights, _ in fits], axis=0)
        needed = -POINTS * float(np.mean([intercept for _, intercept in fits])) - early
        return Head((name,), learnt, (needed,))

    return ask


def _fit(rows: Any, given: Any, freedom: float, apart: float) -> tuple[Any, float]:
    """The weights of one machine, and its intercept."""
    scale = _scale(rows, given, apart)
    machine = LinearSVC(C=freedom).fit(rows.multiply(scale).tocsr(), given)
    return machine.coef_[0] * scale, float(machine.intercept_[0])


def kinds(taught: Sequence[Lesson]) -> Lectures:
    """Which scenario, which demands."""
    meant = [lesson.label.get("scenario") for lesson in taught]
    demands = [
        whether([code in lesson.label["actions"] for lesson in taught], code, EARLY["demand"])
        for code in action_codes()
    ]
    documents = [_names(lesson.look.grams) for lesson in taught]
    return Lectures(documents, [one_of(meant, scenario_codes()), *demands])


def _names(grams: Sequence[Feature]) -> list[str]:
    return [gram.name for gram in grams]


def pieces(taught: Sequence[Lesson]) -> Lectures:
    """Which pieces tell that money is gone, which that it is not."""
    documents: list[list[str]] = []
    tells: list[str] = []
    for lesson in taught:
        quotes = lesson.label.get("money_because", [])
        if not quotes and evaluation.kind_of(lesson.label["money_lost_vnd"]) != "unknown":
            continue  # nobody marked it
        marked = _marked(lesson.look, quotes)
        for piece in split_clauses(lesson.look, lesson.said):
            documents.append(piece.names)
            tells.append(_tells(lesson, piece, marked))
    questions = [
        whether([each == kind for each in tells], kind, 0.0, machines=((0.4, 0.0),))
        for kind in CLAUSE_KINDS
    ]
    return Lectures(documents, questions)


def _marked(look: ParsedStory, quotes: Sequence[str]) -> set[int]:
    """The words that lie within the quotes."""
    places = [
        (start, start + len(quote))
        for quote in quotes
        if (start := look.story.text.find(quote)) >= 0
    ]
    return {
        number
        for number, word in enumerate(look.story.words)
        if any(start <= word.start and word.end <= end for start, end in places)
    }


def _tells(lesson: Lesson, piece: Clause, marked: Collection[int]) -> str:
    """What a piece tells: half of its words at least are marked."""
    words = range(piece.first, piece.last)
    if 2 * sum(word in marked for word in words) < len(words):
        return ""
    return "kept" if lesson.label["money_lost_vnd"] == 0 else "gone"


def state(taught: Sequence[Lesson]) -> Lectures:
    """Whether it goes on, whether money is gone."""
    kind = [evaluation.kind_of(lesson.label["money_lost_vnd"]) for lesson in taught]
    going = [lesson.label["ongoing"] for lesson in taught]
    documents = [_names(loss_features(lesson.look, lesson.said)) for lesson in taught]
    questions = [
        whether(
            going, "ongoing", EARLY["ongoing"], deaf_to=".?~<>*", machines=((1.0, 0.0), (0.6, 0.5))
        ),
        one_of(kind, KINDS, 0.3, apart=0.5, class_weight="balanced"),
    ]
    return Lectures(documents, questions)


def sums_lost(taught: Sequence[Lesson]) -> Lectures:
    """Which of the sums of a story in which money is gone: lost, come back, paid once more."""
    documents: list[list[str]] = []
    lost: list[bool] = []
    back: list[bool] = []
    again: list[bool | None] = []
    for lesson in taught:
        if (parts := parts_of_loss(lesson)) is not None:
            numbers = range(len(lesson.look.sums))
            documents += map(_names, lesson.said.around)
            values = _values(lesson.look)
            lost += [
                number in parts.lost or values[number] == lesson.label["money_lost_vnd"]
                for number in numbers
            ]
            back += [number in parts.back for number in numbers]
            again += [_is_paid_again(values, parts.lost, number) for number in numbers]
    return Lectures(
        documents,
        [
            whether(lost, "lost", EARLY["lost"]),
            whether(back, "back", EARLY["back"]),
            whether(again, "again", EARLY["again"]),
        ],
    )


class Parts(NamedTuple):
    """The numbers of the sums that are a loss: what was lost, less what came back."""

    lost: frozenset[int]
    back: frozenset[int]


def _values(look: ParsedStory) -> list[int]:
    return [each.value * payment_count(look, each) for each in look.sums]


def parts_of_loss(lesson: Lesson) -> Parts | None:
    """Which sums make up the loss, as few as do; None where none do, or nothing was lost."""
    loss, values = lesson.label["money_lost_vnd"], _values(lesson.look)
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
                        return Parts(frozenset(lost), frozenset(back))
    return None


def _is_paid_again(values: Sequence[int], lost: frozenset[int], number: int) -> bool | None:
    """Whether a sum that was told before is another one; None where nothing tells."""
    same = [one for one in range(len(values)) if values[one] == values[number]]
    if number == same[0] or not lost.intersection(same):
        return None
    many = len(lost.intersection(same))
    return None if 1 < many < len(same) else many > 1


TABLES: Mapping[str, Callable[[Sequence[Lesson]], Lectures]] = {
    "kinds": kinds,
    "pieces": pieces,
    "state": state,
    "sums": sums_lost,
}


def learn(taught: Sequence[Lesson], folder: Path) -> None:
    """Write every table. What says little is left out, and the rest is learnt once more, so that
    the reader weighs with the very grams with which the machine did.
    """
    for name in ("kinds", "pieces"):
        _learn(name, taught, folder)
    heard = _heard_by_strangers(taught)
    for name in ("state", "sums"):
        _learn(name, heard, folder)


def _heard_by_strangers(taught: Sequence[Lesson]) -> list[Lesson]:
    """The lessons with what their pieces tell, weighed by what was learnt from other stories: what
    was learnt from a story is surer of it than of any to come.
    """
    heard = list(taught)
    known = scoring.FOLDER
    for part in range(_PARTS):
        with tempfile.TemporaryDirectory() as folder:
            others = [lesson for number, lesson in enumerate(taught) if number % _PARTS != part]
            _learn("pieces", others, Path(folder))
            read_by(Path(folder))
            for number in range(part, len(taught), _PARTS):
                heard[number] = replace(
                    taught[number], said=collect_loss_evidence(taught[number].look)
                )
    read_by(known)
    return heard


def _learn(name: str, taught: Sequence[Lesson], folder: Path) -> None:
    lectures = TABLES[name](taught)
    first = matrix(lectures.documents, SEEN[name])
    rows = _rows(first, _ask(lectures, first), LEAST[name])
    kept = {gram for gram, adds in rows if adds}
    second = matrix(lectures.documents, SEEN[name], kept)
    lines = _lines(second, _ask(lectures, second), LEAST[name])
    (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _ask(lectures: Lectures, table: Matrix) -> list[Head]:
    return [question(table) for question in lectures.questions]


def _lines(table: Matrix, heads: Sequence[Head], least: float) -> Iterator[str]:
    names = [name for head in heads for name in head.names]
    assert len(names) <= len(SIGNS)
    yield "\t".join(f"{sign}={name}" for sign, name in zip(SIGNS, names, strict=False))
    yield "\t".join(f"{need:.3f}" for head in heads for need in head.needed)
    for (name, adds), rarity in zip(_rows(table, heads, least), table.rarities, strict=True):
        yield f"{name}\t{rarity:.2f}\t{adds}"


def _rows(table: Matrix, heads: Sequence[Head], least: float) -> Iterator[tuple[str, str]]:
    """Each gram with what it adds, as it is written."""
    learnt = np.vstack([head.weights for head in heads])
    for number, name in enumerate(table.names):
        adds = (
            f"{sign}{round(add * POINTS * SCALE)}"
            for sign, add in zip(SIGNS, learnt[:, number], strict=False)
            if abs(add) >= least
        )
        yield name, "".join(adds)


def source() -> str:
    """What the weights are learnt from, in one line: a hash over stories and families of words."""
    files = [*sorted(STORIES.glob("*.jsonl")), CONCEPTS]
    return hashlib.sha256(b"\n".join(file.read_bytes() for file in files)).hexdigest()


def check(held: Path, files: Iterable[Path]) -> None:
    """Print what one hand's stories give under the weights of the others."""
    others = [lesson for file in files if file != held for lesson in lessons(file)]
    with tempfile.TemporaryDirectory() as folder:
        learn(others, Path(folder))
        read_by(Path(folder))
        judged = evaluation.evaluate(lesson.label for lesson in lessons(held))
    print(f"{held.stem}: {', '.join(evaluation.summary_metrics(judged))}", flush=True)


def read_by(folder: Path) -> None:
    """Have the reader use the weights of a folder."""
    scoring.FOLDER = folder
    scoring.load_model.cache_clear()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, hold out each file")
    parser.add_argument("--only", help="hold out these files alone (their letters)")
    options = parser.parse_args()
    files = sorted(STORIES.glob("*.jsonl"))
    if not options.check:
        learn([lesson for file in files for lesson in lessons(file)], scoring.FOLDER)
        (scoring.FOLDER / SOURCE).write_text(source() + "\n", encoding="utf-8")
        return
    for held in files:
        if not options.only or held.stem in options.only:
            check(held, files)


if __name__ == "__main__":
    main()
