"""python -m tools.count_word_frequencies FILES…: count how rare words are, over JSON lines with a
"text" and a "scenario".

Writes reports/data/script_words.json. The stories must be of different calls: a script that is
told twice would count as usual. English stories are few, so they are a kind of their own.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path

from reports.campaigns.word_rarity import (
    ScriptToken,
    claimed_names,
    has_marks,
    join_compounds,
    sentences,
)

_TABLE = Path(__file__).resolve().parent.parent / "reports" / "data" / "script_words.json"
_ABOUT = (
    "Of ten thousand stories of the kind of scam that tells it most, how many tell a word, two words side by"
    " side, a word with its marks: how rare a shared word is. By python -m tools.count_word_frequencies."
)
_ENGLISH = frozenset(["the", "and", "they", "was", "that", "said", "from", "with", "for", "she"])
_MANY_ENGLISH = 3
_COMPOUND_SEEN, _COMPOUND_SHARE = 8, 0.25
_WORD_SEEN, _PAIR_SEEN = 3, 5  # in stories of one kind
_PARTS = 10_000

Story = list[list[ScriptToken]]
Told = tuple[str, Story]  # a kind of scam, and a story of it


def main() -> None:
    lines = [line for file in sys.argv[1:] for line in Path(file).read_text("utf-8").splitlines()]
    rows = list(map(json.loads, lines))
    table = count_words([(row["scenario"], list(sentences(row["text"]))) for row in rows])
    _TABLE.write_text(json.dumps(table, ensure_ascii=False, indent=0, sort_keys=True) + "\n")
    print(f"{_TABLE.name}: {len(rows)} stories, {_TABLE.stat().st_size // 1024} KB")


def count_words(told: Sequence[Told]) -> dict[str, object]:
    """The table for these stories, as data/script_words.json holds it."""
    compounds = _find_compounds([story for _, story in told])
    joined = [(kind, [join_compounds(each, compounds) for each in story]) for kind, story in told]
    sorted_out = [("english" if _is_english(story) else kind, story) for kind, story in joined]
    marked = [(kind, story) for kind, story in sorted_out if has_marks([*chain(*story)])]
    return {
        "about": _ABOUT,
        "compounds": sorted(map(" ".join, compounds)),
        "words": _count_shares(sorted_out, _list_words, _WORD_SEEN),
        "pairs": _count_shares(sorted_out, _list_pairs, _PAIR_SEEN),
        "spelled": _count_shares(marked, _list_spellings, _WORD_SEEN),
    }


def _count_shares(
    told: Iterable[Told], list_terms: Callable[[Story], set[str]], seen: int
) -> dict[str, int]:
    """The largest share that a kind's stories have of each term, of terms told so often."""
    stories: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, story in told:
        stories[kind] += 1
        counts[kind].update(list_terms(story))
    shares: dict[str, int] = {}
    for kind, counted in counts.items():
        for term, times in counted.items():
            if times >= seen:
                share = round(times * _PARTS / stories[kind])
                shares[term] = max(share, shares.get(term, 0))
    return shares


def _list_words(story: Story) -> set[str]:
    words = {token.folded for each in story for token in each}
    return words | {name.folded for each in story for name in claimed_names(each)}


def _list_spellings(story: Story) -> set[str]:
    return {token.spelled for each in story for token in each}


def _list_pairs(story: Story) -> set[str]:
    return {f"{one.folded} {two.folded}" for each in story for one, two in pairwise(each)}


def _is_english(story: Story) -> bool:
    return len(_list_words(story) & _ENGLISH) >= _MANY_ENGLISH


def _find_compounds(stories: Sequence[Story]) -> frozenset[tuple[str, str]]:
    """Two words that mostly stand together are one."""
    words, pairs = (
        Counter(chain.from_iterable(map(list_terms, stories)))
        for list_terms in (_list_words, _list_pairs)
    )
    split: Iterator[tuple[str, list[str]]] = ((pair, pair.split(" ")) for pair in pairs)
    return frozenset(
        (one, two)
        for pair, (one, two) in split
        if one.isalpha() and two.isalpha()
        if pairs[pair] >= max(_COMPOUND_SEEN, _COMPOUND_SHARE * min(words[one], words[two]))
    )


if __name__ == "__main__":
    main()
