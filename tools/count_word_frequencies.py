"""python -m tools.count_word_frequencies FILES…: count how rare words are, over JSON lines with a "text".

Writes reports/data/script_words.json. The stories must be of different calls: a script that is
told twice would count as usual. English stories are few, so their words are counted among them.
The phrases by which any scam is known (concepts.json, cues.json) and what reports of any gang say
(common.json) count as told by some at least, for the stories were written without obvious words.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path

from reports.campaigns.shared_identifiers import stop_list
from reports.campaigns.word_rarity import (
    ScriptToken,
    claimed_names,
    has_marks,
    join_compounds,
    sentences,
)

_DATA = Path(__file__).resolve().parent.parent / "reports" / "data"
_CUES = ("concepts.json", "cues.json")
# Shares of the stories that tell a word and a pair of a cue, and of what any report says.
_IN_CUES, _IN_ANY = (0.01, 0.02), (0.06, 0.04)
_TABLE = _DATA / "script_words.json"
_ABOUT = (
    "In how many of so many invented stories a word, two words side by side, and a word with its"
    " marks occur: how rare a shared word is. Written by python -m tools.count_word_frequencies; not by hand."
)
_ENGLISH = frozenset(["the", "and", "they", "was", "that", "said", "from", "with", "for", "she"])
_MANY_ENGLISH = 3
_COMPOUND_SEEN, _COMPOUND_SHARE = 4, 0.35
_PAIR_SEEN = 2

Story = list[list[ScriptToken]]
Floor = tuple[Sequence[Story], tuple[float, float]]


def main() -> None:
    stories = [list(sentences([text])) for text in _read_texts(sys.argv[1:])]
    cues = [list(sentences([phrase])) for name in _CUES for phrase in _read_phrases(name)]
    usual = [list(sentences([phrase])) for phrase in stop_list()["usual"]]
    table = count_words(stories, [(cues, _IN_CUES), (usual, _IN_ANY)])
    _TABLE.write_text(json.dumps(table, ensure_ascii=False, indent=0, sort_keys=True) + "\n")
    print(f"{_TABLE.name}: {table['stories']} stories, {_TABLE.stat().st_size // 1024} KB")


def _read_texts(files: Sequence[str]) -> Iterator[str]:
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]


def _read_phrases(name: str) -> Iterator[str]:
    """Every text in a table of cues."""
    waiting = [json.loads((_DATA / name).read_text(encoding="utf-8"))]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict | list):
            waiting += each.values() if isinstance(each, dict) else each


def count_words(stories: Sequence[Story], floors: Sequence[Floor] = ()) -> dict[str, object]:
    """The table for these stories, as data/script_words.json holds it. `floors`: phrases, and by
    which share of the stories their words and pairs are told at least.
    """
    compounds = _find_compounds(stories)
    compounded = [[join_compounds(each, compounds) for each in story] for story in stories]
    english = [story for story in compounded if _is_english(story)]
    ours = [story for story in compounded if not _is_english(story)]
    share = len(compounded) / (len(english) + 5)
    marked = [story for story in ours if has_marks(list(chain.from_iterable(story)))]
    words = _merge_counts(
        _count_sets(map(_list_words, ours)), _count_sets(map(_list_words, english)), share
    )
    pairs = _merge_counts(
        _count_sets(map(_list_pairs, ours)), _count_sets(map(_list_pairs, english)), share
    )
    spelled = _count_sets(map(_list_spellings, marked))
    for phrases, (word, pair) in floors:
        joined = [[join_compounds(each, compounds) for each in phrase] for phrase in phrases]
        _raise_to_least(words, _count_sets(map(_list_words, joined)), word * len(compounded))
        _raise_to_least(pairs, _count_sets(map(_list_pairs, joined)), pair * len(compounded))
        _raise_to_least(spelled, _count_sets(map(_list_spellings, joined)), word * len(marked))
    return {
        "about": _ABOUT,
        "stories": len(compounded),
        "marked": len(marked),
        "compounds": sorted(map(" ".join, compounds)),
        "words": words,
        "pairs": {pair: times for pair, times in pairs.items() if times >= _PAIR_SEEN},
        "spelled": spelled,
    }


def _list_words(story: Story) -> set[str]:
    words = {token.folded for each in story for token in each}
    return words | {name.folded for each in story for name in claimed_names(each)}


def _list_spellings(story: Story) -> set[str]:
    return {token.spelled for each in story for token in each}


def _list_pairs(story: Story) -> set[str]:
    return {f"{one.folded} {two.folded}" for each in story for one, two in pairwise(each)}


def _is_english(story: Story) -> bool:
    return len(_list_words(story) & _ENGLISH) >= _MANY_ENGLISH


def _count_sets(sets: Iterable[set[str]]) -> Counter[str]:
    return Counter(chain.from_iterable(sets))


def _merge_counts(ours: Counter[str], english: Counter[str], share: float) -> dict[str, int]:
    scaled = {word: round(times * share) for word, times in english.items()}
    return {word: max(ours[word], scaled.get(word, 0)) for word in ours.keys() | scaled.keys()}


def _raise_to_least(counted: dict[str, int], usual: Iterable[str], least: float) -> None:
    counted |= {word: max(counted.get(word, 0), round(least)) for word in usual}


def _find_compounds(stories: Sequence[Story]) -> frozenset[tuple[str, str]]:
    """Two words that mostly stand together are one."""
    words = _count_sets(map(_list_words, stories))
    pairs = _count_sets(map(_list_pairs, stories))
    split = {pair: pair.split(" ") for pair in pairs}
    return frozenset(
        (one, two)
        for pair, (one, two) in split.items()
        if one.isalpha() and two.isalpha()
        if pairs[pair] >= max(_COMPOUND_SEEN, _COMPOUND_SHARE * min(words[one], words[two]))
    )


if __name__ == "__main__":
    main()
