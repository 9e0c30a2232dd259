"""Linear support-vector machines over grams: what they learn is a plain sum of weights, which the
reader adds up by itself without any of the libraries used here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from reports.extraction.language.scoring import LABEL_LETTERS, MIN_LENGTH, SCALE

POINTS = 10.0  # a margin of the machine is ten points


@dataclass(frozen=True)
class Matrix:
    """Documents x grams, each row of length one, with the grams' names and rarities."""

    names: list[str]
    rarities: list[float]
    rows: Any


@dataclass(frozen=True)
class Classifier:
    """A question: its answers, what was learnt (answers x grams), what each answer needs."""

    names: tuple[str, ...]
    weights: Any
    needed: tuple[float, ...]  # points


def make_matrix(
    documents: Sequence[Sequence[str]],
    least: int,
    labelled: Collection[str] | None = None,
    *,
    is_plain: bool = False,
) -> Matrix:
    """Weigh documents as grams.weigh will, by all grams that stand in so many of them, or by those
    that are known.
    """
    known = None if labelled is None else sorted(labelled)
    counter = CountVectorizer(
        analyzer=list,
        lowercase=False,
        min_df=1 if known else least,
        vocabulary=known,
        dtype=np.float64,
    )
    rows = counter.fit_transform(documents).tocsr()
    seen = np.asarray((rows > 0).sum(axis=0)).ravel()
    rarities = np.log((1 + len(documents)) / (1 + seen)) + 1
    if not is_plain:
        rows.data = 1 + np.log(rows.data)
    rows = rows.multiply(rarities).tocsr()
    norms = np.sqrt(rows.multiply(rows).sum(axis=1)) * (not is_plain)
    lengths = np.maximum(MIN_LENGTH, norms)
    names = list(map(str, counter.get_feature_names_out()))
    return Matrix(names, rarities.tolist(), csr_matrix(rows.multiply(1 / lengths)))


def train_softmax(
    answers: Sequence[str | None],
    names: Sequence[str],
    freedom: float = 0.5,
    apart: float = 0.0,
    **options: Any,
) -> Callable[[Matrix], Classifier]:
    """A question with one answer of several, or none where a story is too short to teach it; no
    answer is favoured before a word is read. *apart*: how much a gram counts more the more
    differently it stands in the stories of an answer and in the others.
    """
    labelled = [row for row, answer in enumerate(answers) if answer]
    labels = np.array([answers[row] for row in labelled])

    def ask(table: Matrix) -> Classifier:
        rows = table.rows[labelled]
        learnt = [_train_answer(rows, labels == name, freedom, apart, options) for name in names]
        return Classifier(tuple(names), np.vstack(learnt), (0.0,) * len(names))

    return ask


def _train_answer(
    rows: Any, is_it: Any, freedom: float, apart: float, options: Mapping[str, Any]
) -> Any:
    """The weights of one answer against all others."""
    scale = _find_scale(rows, is_it, apart)
    machine = LinearSVC(C=freedom, dual=True, tol=1e-2, fit_intercept=False, **options)
    return machine.fit(rows.multiply(scale).tocsr(), is_it).coef_[0] * scale


def _find_scale(rows: Any, is_it: Any, apart: float) -> Any:
    """How much each gram counts: that of Wang and Manning, Baselines and Bigrams (ACL 2012), to the
    power of *apart*; on the whole as much as without.
    """
    scale = _difference_of_means(rows, is_it) ** apart
    return scale / np.sqrt((scale**2).mean())


def _difference_of_means(rows: Any, is_it: Any) -> Any:
    """For each gram the absolute logarithm of its share here against its share elsewhere."""
    here, elsewhere = (
        1 + np.asarray((rows[these] > 0).sum(axis=0)).ravel() for these in (is_it, ~is_it)
    )
    return np.abs(np.log((here / here.sum()) / (elsewhere / elsewhere.sum())))


def train_binary(
    answers: Sequence[bool | None], name: str, early: float, freedom: float = 1.0
) -> Callable[[Matrix], Classifier]:
    """A question of yes or no; yes is believed so many points before the machine would."""
    labelled = [row for row, answer in enumerate(answers) if answer is not None]
    labels = np.array([answers[row] for row in labelled])

    def ask(table: Matrix) -> Classifier:
        machine = LinearSVC(C=freedom, dual=True, tol=1e-2).fit(table.rows[labelled], labels)
        needed = -POINTS * float(machine.intercept_[0]) - early
        return Classifier((name,), machine.coef_, (needed,))

    return ask


def format_lines(
    table: Matrix, heads: Sequence[Classifier], least: Sequence[float]
) -> Iterator[str]:
    """The lines of a table of weights; what adds less than the `least` of its label is left out."""
    labels = [label for head in heads for label in head.names]
    assert len(labels) <= len(LABEL_LETTERS)
    yield "\t".join(f"{letter}={name}" for letter, name in zip(LABEL_LETTERS, labels, strict=False))
    yield "\t".join(f"{need:.3f}" for head in heads for need in head.needed)
    for (name, adds), rarity in zip(format_rows(table, heads, least), table.rarities, strict=True):
        yield f"{name}\t{rarity:.2f}\t{adds}"


def format_rows(
    table: Matrix, heads: Sequence[Classifier], least: Sequence[float]
) -> Iterator[tuple[str, str]]:
    """Each gram with what it adds, as it is written."""
    learnt = np.vstack([head.weights for head in heads])
    for number, name in enumerate(table.names):
        adds = (
            f"{letter}{round(add * POINTS * SCALE)}"
            for letter, add, needed in zip(LABEL_LETTERS, learnt[:, number], least, strict=False)
            if abs(add) >= needed
        )
        yield name, "".join(adds)
