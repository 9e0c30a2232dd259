"""Find what puts somebody in danger in a story, by the patterns of data/danger.json. Pure: no Django.

A reason's rule is its code and a sentence as an officer would say it: "fresh_loss: vừa chuyển 90
triệu lúc 12:45". Whether it counts is decided with the facts (priority.py).
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.text import normalize
from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import (
    TokenizedText,
    WordSet,
    canonical_spelling,
    word_set,
)
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.scoring import Explanation, Feature, explanation_at

DANGER = "danger"  # the fact
_GAP = r",?(?: [^ .]+){0,4}? "
_WORD = re.compile(r"[^\W_]+")
_BEFORE = 2  # words that refuse what follows
_TIME = re.compile(r"\b(?:lúc|hồi) ?([01]?\d|2[0-3]) ?(?:h|:|giờ|g) ?([0-5]\d)?\b", re.IGNORECASE)
_VERBS = {
    "rut": "rút", "chuyen": "chuyển", "nop": "nộp", "gui": "gửi", "dong": "đóng", "nap": "nạp",
    "dua": "đưa", "mat": "mất", "vay": "vay", "tra": "trả", "quet": "quét", "coc": "cọc",
}  # fmt: skip
_NEAR = 8  # words behind a verb that tell its sum


@dataclass(frozen=True, slots=True)
class _Rule:
    row: Mapping[str, Any]
    pattern: re.Pattern[str]


def danger_rows() -> dict[str, dict[str, Any]]:
    """Return the rows of dangers that words tell, by code."""
    return {row["code"]: row for row in load_json("danger.json")["codes"]}


@lru_cache(maxsize=2)
def _rules(marked: bool) -> dict[str, list[_Rule]]:
    """Return the patterns by their first words, spelled as a story with or without marks is."""
    spell = canonical_spelling if marked else _fold
    rules: dict[str, list[_Rule]] = {}
    for row in danger_rows().values():
        for text in [*row["patterns"], *(row["marked"] if marked else ())]:
            rule = _Rule(row, _compile(text, spell))
            for word in _first_words(text):
                rules.setdefault(spell(word), []).append(rule)
    return rules


def _fold(word: str) -> str:
    return normalize(canonical_spelling(word))


def _compile(text: str, spell: Callable[[str], str]) -> re.Pattern[str]:
    spelled = _WORD.sub(lambda word: spell(word[0]), text)
    spelled = spelled.replace("(", "(?:").replace("$", r"\$")
    return re.compile(spelled.replace(" … ", _GAP) + "(?=[ ,])")


def _first_words(text: str) -> set[str]:
    heads = text[1 : text.index(")")].split("|") if text[0] == "(" else [text]
    return {head.split()[0] for head in heads}


def find_dangers(parsed: ParsedStory) -> Iterator[Explanation]:
    """Yield the first words of each danger that a story tells and does not deny."""
    text, starts = _line_up(parsed.story, parsed.words)
    rules, found = _rules(parsed.story.marked), set[str]()
    for at, start in enumerate(starts):
        for rule in rules.get(text[start : text.index(" ", start)].rstrip(","), ()):
            code = rule.row["code"]
            if code in found or not (match := rule.pattern.match(text, start)):
                continue
            first = parsed.words[at].first
            last = parsed.words[bisect_left(starts, match.end()) - 1].last
            least = rule.row.get("sum_at_least", 0)
            is_large = not least or any(
                first <= each.first < last and each.value >= least for each in parsed.sums
            )
            if is_large and not _is_denied(parsed.story, first, _word_set(rule.row["denied_by"])):
                found.add(code)
                rule_text = f"{code}: {_say(parsed, rule.row, first, last)}"
                yield explanation_at(parsed.story, DANGER, rule_text, (first, last), 0)


def _line_up(story: TokenizedText, words: list[Feature]) -> tuple[str, list[int]]:
    """Return the words in a line, clauses and sentences apart, and where each begins."""
    starts: list[int] = []
    line, sentence, clause = "", 0, 0
    for name, first, _ in words:
        word = story.words[first]
        if word.sentence != sentence:
            line += ". "
        elif word.clause != clause:
            line = line[:-1] + ", "
        sentence, clause = word.sentence, word.clause
        starts.append(len(line))
        line += (name if name in "$#" else story.surface_form(word)) + " "
    return line, starts


@lru_cache(maxsize=8)
def _word_set(words: str) -> WordSet:
    return word_set(words)


def _is_denied(story: TokenizedText, first: int, denials: WordSet) -> bool:
    words = story.words
    before = words[max(0, first - _BEFORE) : first]
    return any(denials.has(story, word) and word.clause == words[first].clause for word in before)


def _say(parsed: ParsedStory, row: Mapping[str, Any], first: int, last: int) -> str:
    """Return a danger as a sentence: "sắp rút 250 triệu", with its verb, sum and hour if told."""
    if row["code"] not in {"about_to_pay", "fresh_loss", "large_told"}:
        return str(row["say"])
    words = parsed.story.words
    verbs = [_VERBS[word.folded] for word in words[first:last] if word.folded in _VERBS]
    sentence = words[first].sentence
    sums = [each for each in parsed.sums if first <= each.first < last + _NEAR]
    told = next((each for each in sums if words[each.first].sentence == sentence), None)
    amount = parsed.story.quote(told.first, told.last)[0] if told else "tiền"
    return f"{row['say']} {verbs[0] if verbs else 'chuyển'} {amount}{_say_hour(parsed, first)}"


def _say_hour(parsed: ParsedStory, first: int) -> str:
    start = parsed.story.quote(first, first + 1)[1]
    hour = _TIME.search(parsed.story.typed, max(0, start - 60), start + 80)
    return f" lúc {hour[1]}:{hour[2] or '00'}" if hour else ""
