"""Further questions of the report form: closed choices that officers read and the machine does not.

A row here is a question on the form, at the desk and in the reporter's own copy. An answer is one of its codes and
never free text, so it says nothing personal and an erasure leaves it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Question:
    """A question: name of its form field, its words, and its choices by code."""

    code: str
    label: "str | _StrPromise"
    choices: "Mapping[str, str | _StrPromise]"


QUESTIONS: tuple[Question, ...] = ()


def parse_answers(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the answers among the last values of posted fields; an unknown choice counts as not said."""
    given = {question.code: fields.get(question.code, "") for question in QUESTIONS}
    return {
        question.code: given[question.code]
        for question in QUESTIONS
        if given[question.code] in question.choices
    }


def list_answers(answers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each question that was answered with its answer, both in words; a code without words stands for itself."""
    for question in QUESTIONS:
        if code := answers.get(question.code):
            yield str(question.label), str(question.choices.get(code, code))
