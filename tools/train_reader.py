"""python -m tools.train_reader: learn the reader's weights from the labelled stories of
tools/data/training and write reports/data/weights. With --check nothing is written: each hand is
read in turn by weights that were learnt from all the others, which shows what strangers' stories
would give.

What is learnt is in tools/classifiers.py; here, what it is learnt from.
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import reports
from reports.data.loader import load_json
from reports.extraction import evaluation
from reports.extraction.danger import ANY, DANGER, danger_features
from reports.extraction.language import scoring
from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.language.scoring import Feature
from reports.extraction.loss.classifier import STATES, loss_features, payment_count
from reports.extraction.loss.sums import (
    CLAUSE_KINDS,
    Clause,
    ClauseVerdict,
    WeighedSum,
    classify_clauses,
    list_sum_features,
    split_clauses,
    weigh_sums,
)
from reports.extraction.story_reader import read_facts
from tools.classifiers import (
    Classifier,
    Matrix,
    format_lines,
    format_rows,
    make_matrix,
    train_binary,
    train_softmax,
)

STORIES = Path(__file__).parent / "data" / "training"
CONCEPTS = Path(reports.__file__).parent / "data" / "concepts.json"
SOURCE = "learnt-from.sha256"
# Of a line; "money_because" are the places of the words that tell of money.
COLUMNS = ("hand", "scenario", "actions", "money_lost_vnd", "ongoing", "money_because", "text")
# Of a margin; a smaller weight is left out, for the 2 MB.
LEAST = {"danger": 0.6, ANY: 0.17, "facts": 0.245, "clauses": 0.38, "sums": 0.24, "loss": 0.22}
# A gram of fewer documents teaches nothing.
SEEN = {"danger": 3, "facts": 8, "clauses": 12, "sums": 8, "loss": 8}
# Points; what --check was best with.
EARLY = {"danger": -1.2, "demand": 1.5, "ongoing": 1.5, "paid": 2.0, "back": 0.0}
_PLAIN = {"clauses", "sums"}  # tables whose features are added up as they are
_PARTS = 3  # of the stories, each read by what the others taught
_MOST_SUMS = 8  # of one story, whose subsets are tried
_MOST_BACK = 2  # sums that came back

Label = Mapping[str, Any]


@dataclass(frozen=True)
class TrainingExample:
    """A labelled story of a hand and its look; what its clauses and sums say and its facts, once weighed."""

    hand: str
    label: Label
    parsed: ParsedStory
    verdicts: Sequence[ClauseVerdict] = ()
    weighed: Sequence[WeighedSum] = ()
    facts: Sequence[str] = ()


@dataclass(frozen=True)
class TrainingSet:
    """What a table is learnt from: documents, by the names of their grams, and the questions that are
    asked of them.
    """

    documents: Sequence[Sequence[str]]
    questions: Sequence[Callable[[Matrix], Classifier]]


def read_labels(file: Path) -> list[Label]:
    """The labelled stories of a set: rows of COLUMNS, or labels as officers' words give them."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [
        _name_columns(row) if isinstance(row, list) else {"hand": file.stem, **row} for row in rows
    ]


def _name_columns(row: Sequence[Any]) -> Label:
    label = dict(zip(COLUMNS, row, strict=True))
    quotes = [label["text"][start:end] for start, end in label["money_because"]]
    return label | {"ongoing": bool(label["ongoing"]), "money_because": quotes}


def load_examples() -> list[TrainingExample]:
    """Every story of every set."""
    labels = [label for file in sorted(STORIES.glob("*.jsonl")) for label in read_labels(file)]
    return [TrainingExample(each["hand"], each, parse_story(each["text"])) for each in labels]


def facts_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Which scenario, which demands, whether it goes on."""
    labels = [lesson.label for lesson in taught]
    demands = [
        train_binary(
            [code in label["actions"] if "actions" in label else None for label in labels],
            code, EARLY["demand"],
        )
        for code in action_codes()
    ]  # fmt: skip
    ongoing = train_binary([label.get("ongoing") for label in labels], "ongoing", EARLY["ongoing"])
    documents = [_list_names(lesson.parsed.grams) for lesson in taught]
    kinds = train_softmax([label.get("scenario") for label in labels], scenario_codes())
    return TrainingSet(documents, [kinds, *demands, ongoing])


def _list_names(grams: Sequence[Feature]) -> list[str]:
    return [gram.name for gram in grams]


def clause_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Which pieces tell that money is gone, which that it is not."""
    documents: list[list[str]] = []
    tells: list[str] = []
    for lesson in taught:
        quotes = lesson.label.get("money_because", [])
        if not quotes and evaluation.loss_state(lesson.label) != "not_said":
            continue  # nobody marked it
        marked = _find_marked(lesson.parsed, quotes)
        for piece in split_clauses(lesson.parsed):
            documents.append(piece.names)
            tells.append(_get_clause_role(lesson, piece, marked))
    questions = [
        train_binary([each == kind for each in tells], kind, 0.0, freedom=0.4)
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


def loss_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Whether money is gone."""
    documents = [
        _list_names(loss_features(lesson.parsed, lesson.verdicts, lesson.weighed))
        for lesson in taught
    ]
    states = [evaluation.loss_state(lesson.label) for lesson in taught]
    question = train_softmax(states, STATES, 0.3, apart=0.5, class_weight="balanced")
    return TrainingSet(documents, [question])


def sum_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Which sums are paid, which came back; what nothing tells is not asked."""
    documents: list[list[str]] = []
    roles: list[str | None] = []
    for lesson in taught:
        documents += list_sum_features(lesson.parsed, lesson.verdicts)
        roles += _list_roles(lesson)
    asked = [row for row, role in enumerate(roles) if role is not None]
    questions = [
        train_binary([roles[row] == role for row in asked], role, EARLY[role], freedom=0.4)
        for role in ("paid", "back")
    ]
    return TrainingSet([documents[row] for row in asked], questions)


def _list_roles(lesson: TrainingExample) -> list[str | None]:
    """Return paid, back or "" for each sum, None where the label does not tell."""
    values = [each.value * payment_count(lesson.parsed, each) for each in lesson.parsed.sums]
    loss, state = lesson.label["money_lost_vnd"], evaluation.loss_state(lesson.label)
    if state != "some":
        return [""] * len(values)
    parts = solve_loss_subset(lesson, values)
    if parts is None:
        return [None] * len(values)
    roles: list[str | None] = [None if value == loss else "" for value in values]
    for number in parts.lost:
        roles[number] = "paid"
    for number in parts.back:
        roles[number] = "back"
    return roles


class LossSubset(NamedTuple):
    """The numbers of the sums that are a loss: what was lost, less what came back."""

    lost: tuple[int, ...]
    back: tuple[int, ...]


def solve_loss_subset(lesson: TrainingExample, values: Sequence[int]) -> LossSubset | None:
    """Return which sums make up the loss: those that are marked, then as few as do; None for none."""
    loss = lesson.label["money_lost_vnd"]
    if not loss or not 0 < len(values) <= _MOST_SUMS:
        return None
    marked = _find_marked(lesson.parsed, lesson.label.get("money_because", []))
    is_marked = [each.first in marked for each in lesson.parsed.sums]

    def worth(subset: LossSubset) -> tuple[float, int]:
        parts = (*subset.lost, *subset.back)
        return sum(is_marked[one] for one in parts) / len(parts), -len(parts)

    return max(_list_subsets(values, loss), key=worth, default=None)


def _list_subsets(values: Sequence[int], loss: int) -> Iterator[LossSubset]:
    numbers = range(len(values))
    for many in range(1, len(values) + 1):
        for few in range(min(many, _MOST_BACK + 1)):
            for lost in combinations(numbers, many - few):
                over = sum(values[one] for one in lost) - loss
                later = [one for one in numbers if one not in lost and one > lost[0]]
                for back in combinations(later, few):
                    if sum(values[one] for one in back) == over:
                        yield LossSubset(lost, back)


def danger_training_set(taught: Sequence[TrainingExample]) -> TrainingSet:
    """Whether anybody is in danger, and by what; of a large loss the sum tells (priority.py)."""
    told = [lesson.label["danger"] for lesson in taught]
    named = {code for each in told for code in each} - {"large_loss"}
    codes = [code for code in load_json("danger.json") if code in named]
    early, free = EARLY["danger"], 4.0  # one word may say a danger, hardly that there is none
    questions = [
        train_binary([bool(each) for each in told], ANY, early),
        *(train_binary([code in each for each in told], code, early, free) for code in codes),
    ]
    documents = [_list_names(danger_features(each.parsed, each.facts)) for each in taught]
    return TrainingSet(documents, questions)


TABLES: Mapping[str, Callable[[Sequence[TrainingExample]], TrainingSet]] = {
    "danger": danger_training_set,
    "facts": facts_training_set,
    "clauses": clause_training_set,
    "sums": sum_training_set,
    "loss": loss_training_set,
}


def train_facts(taught: Sequence[TrainingExample], folder: Path) -> None:
    _train("facts", [lesson for lesson in taught if DANGER not in lesson.label], folder)


def train_loss(taught: Sequence[TrainingExample], folder: Path) -> None:
    """Write the tables of a loss; sums hear what clauses say, the state what both do."""
    original = scoring.FOLDER
    own = [lesson for lesson in taught if DANGER not in lesson.label]
    _train("clauses", own, folder)
    heard = _weigh_by_others("clauses", own, _hear_clauses)
    _train("sums", heard, folder)
    heard = _weigh_by_others("sums", heard, _hear_sums)
    _train("loss", heard, folder)
    use_weights(original)


def train_danger(taught: Sequence[TrainingExample], folder: Path) -> None:
    """Write the table of dangers; its stories taught the facts that it hears nothing."""
    original = scoring.FOLDER
    use_weights(folder)
    own = [lesson for lesson in taught if DANGER in lesson.label]
    _train(
        "danger", [replace(each, facts=read_facts(each.parsed).fact_words) for each in own], folder
    )
    use_weights(original)


# In this order: each hears those before it.
PARTS = {"facts": train_facts, "loss": train_loss, "danger": train_danger}


def _hear_clauses(lesson: TrainingExample) -> TrainingExample:
    return replace(lesson, verdicts=classify_clauses(lesson.parsed))


def _hear_sums(lesson: TrainingExample) -> TrainingExample:
    return replace(lesson, weighed=weigh_sums(lesson.parsed, lesson.verdicts))


def _weigh_by_others(
    name: str,
    taught: Sequence[TrainingExample],
    hear: Callable[[TrainingExample], TrainingExample],
) -> list[TrainingExample]:
    """Return the lessons with what a table says of them that was learnt from other hands: what was
    learnt from a story is surer of it than of any to come.
    """
    part_of = {hand: at % _PARTS for at, hand in enumerate(sorted({each.hand for each in taught}))}
    heard = list(taught)
    for part in range(_PARTS):
        with tempfile.TemporaryDirectory() as folder:
            others = [each for each in taught if part_of[each.hand] != part]
            _train(name, others, Path(folder), is_final=False)
            use_weights(Path(folder))
            for number, lesson in enumerate(taught):
                if part_of[lesson.hand] == part:
                    heard[number] = hear(lesson)
    return heard


def _train(
    name: str, taught: Sequence[TrainingExample], folder: Path, *, is_final: bool = True
) -> None:
    """Write a table. What says little is left out, and the rest is learnt once more, so that the
    reader weighs with the very grams with which the machine did.
    """
    lectures, is_plain = TABLES[name](taught), name in _PLAIN
    table = make_matrix(lectures.documents, SEEN[name], is_plain=is_plain)
    heads = _train_classifiers(lectures, table)
    least = [LEAST.get(label, LEAST[name]) for head in heads for label in head.names]
    if is_final:
        grams = {gram for gram, adds in format_rows(table, heads, least) if adds}
        table = make_matrix(lectures.documents, SEEN[name], grams, is_plain=is_plain)
        heads = _train_classifiers(lectures, table)
    lines = format_lines(table, heads, least)
    (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _train_classifiers(lectures: TrainingSet, table: Matrix) -> list[Classifier]:
    return [question(table) for question in lectures.questions]


def hash_sources() -> str:
    """What the weights are learnt from, in one line: a hash over stories and families of words."""
    files = [*sorted(STORIES.glob("*.jsonl")), CONCEPTS]
    return hashlib.sha256(b"\n".join(file.read_bytes() for file in files)).hexdigest()


def cross_validate(held_out: Collection[str], taught: Sequence[TrainingExample]) -> None:
    """Print what the stories of some hands give under the weights of the others."""
    with tempfile.TemporaryDirectory() as folder:
        others = [lesson for lesson in taught if lesson.hand not in held_out]
        for train in PARTS.values():
            train(others, Path(folder))
        use_weights(Path(folder))
        judged = evaluation.evaluate(each.label for each in taught if each.hand in held_out)
    print(f"{' '.join(held_out)}: {', '.join(evaluation.summary_metrics(judged))}", flush=True)


def use_weights(folder: Path) -> None:
    """Have the reader use the weights of a folder."""
    scoring.FOLDER = folder
    scoring.forget_weights()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tools.train_reader", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, hold out each hand")
    parser.add_argument("--only", nargs="+", help="hold out these hands together")
    parser.add_argument("--table", choices=PARTS, help="learn this alone")
    options, taught = parser.parse_args(), load_examples()
    if not options.check:
        for train in [PARTS[options.table]] if options.table else PARTS.values():
            train(taught, scoring.FOLDER)
        (scoring.FOLDER / SOURCE).write_text(hash_sources() + "\n", encoding="utf-8")
        return
    every = [[one] for one in sorted({each.hand for each in taught})]
    for held_out in [options.only] if options.only else every:
        cross_validate(held_out, taught)


if __name__ == "__main__":
    main()
