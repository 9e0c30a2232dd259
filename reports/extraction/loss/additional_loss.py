"""Whether a sum that is told later is lost beside what was told before ("thêm 5 triệu nữa"), or is
told in its place. Pure: no Django.
"""

from collections.abc import Iterable

from core.text import normalize
from reports.extraction.language.amounts import find_amounts
from reports.extraction.language.cue_matcher import Token, canonical_spelling, tokenize
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.loss.classifier import collect_loss_evidence, lost_amounts

_EITHER = ("nữa", "more", "again")
_BEFORE = ("thêm", "tiếp", "another", "extra", *_EITHER)  # "thêm 5 triệu", "lần nữa 5 triệu"
_OTHERWISE = {"truc", "ke", "noi", "bao", "viet", "ghi", "hoi"}  # "chuyển trực tiếp", "kể thêm"
_IN_ALL = {"tong", "total", "altogether"}
_REACH, _BEHIND = 6, 3  # words before the sum of a story and behind it
_MAX_LENGTH = 400  # signs of the form's field


def is_additional_field(raw: str) -> bool:
    """Whether the form's field names a further sum: "thêm 5tr", "20 triệu nữa"; no total is one."""
    story = tokenize(raw[:_MAX_LENGTH])
    words, found = story.words, next(find_amounts(story), None)
    if found is None or any(word.folded in _IN_ALL for word in words):
        return False
    before, behind = words[: found.first], words[found.last :]
    return _says(before, _BEFORE, story.marked) or _says(behind, _BEFORE, story.marked)


def is_additional_loss(text: str) -> bool:
    """Whether the loss of a story is a further one. A story whose first sum is not called so tells
    all of it anew: "mất 10 triệu, rồi thêm 20 triệu nữa"; one that is but asked for is none.
    """
    look = parse_story(text)
    said = collect_loss_evidence(look)
    lost = sorted((amount for amount, _ in lost_amounts(look, said)), key=lambda each: each.first)
    if not lost or said.total or (said.is_asked and not said.gone):
        return False
    words, marked, first = look.story.words, look.story.marked, lost[0]
    follower = next((each.first for each in look.sums if each.first >= first.last), len(words))
    reach = 1 if follower < len(words) else _BEHIND
    before = words[max(0, first.first - _REACH) : first.first]
    behind = words[first.last : first.last + reach]
    clause = words[first.first].clause
    return _says((word for word in before if word.clause == clause), _BEFORE, marked) or _says(
        (word for word in behind if word.clause == clause), _EITHER, marked
    )


def _says(words: Iterable[Token], which: tuple[str, ...], marked: bool) -> bool:
    """Whether one of these words is there, without marks where the text has none."""
    known = {canonical_spelling(word) if marked else normalize(word) for word in which}
    last = ""
    for word in words:
        if (word.spelled if marked else word.folded) in known and last not in _OTHERWISE:
            return True
        last = word.folded
    return False
