"""Propose the total loss of a story where it is plain: one paid sum, or a series told as one.

What was returned is taken off. Two payments that no word ties are not added: a person does that.
Pure: no Django.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise

from reports.data.loader import load_words
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import Token, TokenizedText, canonical_spelling
from reports.extraction.language.numerals import token_value
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.loss.sums import WeighedSum, governing_action

_SERIES = load_words("loss_words.json", "series")
_ASKING = load_words("loss_words.json", "asking")
_MORE = load_words("loss_words.json", "more")
_TOTAL = load_words("loss_words.json", "total")
_PARTING = load_words("loss_words.json", "parting")
_PAID_BY = load_words("loss_words.json", "paid_by")
_APART = 14  # words between two payments of a series
_TOTAL_BEFORE = 5  # words before a total that call it so
_MORE_BEFORE = 4
SURE = 3.0  # points from which a sum is paid
LEAD = 1.0  # points by which paid sums lead over all others
_EACH = {"moi", "each"}
_CARDS = {"the", canonical_spelling("thẻ"), "card", "cards"}
_OF_CARDS = {"the", "card", "cards", "cai", "chiec", "tam"}
_TURNS = {"lan", "times"}
_MAX_TIMES = 20
_TEN = {canonical_spelling("mười"): 10}


def propose_total(parsed: ParsedStory, weighed: Sequence[WeighedSum]) -> int | None:
    """Return the sum lost in đồng, None where it is not plain."""
    offered = [each for each in weighed if each.role == "paid"]
    if not offered:
        return None
    surest = max(offered, key=lambda each: each.paid)
    sure = [each for each in offered if each.paid >= SURE or each is surest]
    least = min(each.paid for each in sure)
    for one, two in reversed([*pairwise(offered)]):
        if two in sure and one not in sure and _is_begun(parsed, one.amount, two.amount):
            sure.insert(0, one)
    doubtful = [each.paid for each in offered if each not in sure]
    is_plain = not doubtful or (len(sure) == 1 and least - max(doubtful) >= LEAD)
    total = _find_total(parsed, offered)
    if total is None and is_plain:
        total = _add_up(parsed, [each.amount for each in sure])
    back = sum(each.amount.value for each in weighed if each.role == "returned")
    return total - back if total and back < total else total


def is_demand(parsed: ParsedStory, number: int) -> bool:
    """Return whether a sum was asked for, and the next one is what was paid of it: "bắt tôi chứng minh bằng
    việc chuyển 80 triệu. Tôi chuyển 30 triệu"; not where more was asked or paid in between.
    """
    (amount, *later), names = parsed.sums[number : number + 2], parsed.story.names
    paying = governing_action(parsed, number + 1) if later else None
    if paying is None or paying.state != "done":
        return False
    before = parsed.sums[number - 1].last if number else 0
    start = parsed.story.clause_start(amount.first, before)
    asked_more = names[paying.last : later[0].first]
    paid_more = names[amount.last : later[0].first] + names[later[0].last : later[0].last + 1]
    is_next = not any(amount.last <= each.first < paying.first for each in parsed.outcomes)
    is_further = not _ASKING.isdisjoint(asked_more) or not _MORE.isdisjoint(paid_more)
    return not _ASKING.isdisjoint(names[start : amount.first]) and is_next and not is_further


def _is_begun(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether a surely paid sum goes on from one: "lần đầu chuyển 5 triệu, lần sau …"."""
    naming = governing_action(parsed, parsed.sums.index(one))
    return naming is not None and naming.state != "asked" and _is_series(parsed, one, two)


def _find_total(parsed: ParsedStory, offered: Sequence[WeighedSum]) -> int | None:
    """Return the sum that is called the total of all others."""
    values = [each.amount.value for each in offered if _is_total(parsed, each.amount)]
    most = max(each.amount.value for each in offered)
    return most if values and values[-1] == most else None


def _add_up(parsed: ParsedStory, paid: Sequence[MoneyAmount]) -> int | None:
    told = _drop_repeats(parsed, paid)
    values = [each.value * payment_count(parsed, each) for each in told]
    most = max(values)
    if len(values) > 2 and 2 * most == sum(values) and most in (values[0], values[-1]):
        return most  # the others make it up
    is_plain = len(values) < 2 or all(_is_series(parsed, *pair) for pair in pairwise(told))
    return sum(values) if is_plain else None


def _drop_repeats(parsed: ParsedStory, amounts: Sequence[MoneyAmount]) -> list[MoneyAmount]:
    """Return the sums, one that is told again only where it was paid once more."""
    told: list[MoneyAmount] = []
    for amount in amounts:
        same = next((each for each in told if each.value == amount.value), None)
        if same is None or _is_once_more(parsed, same, amount):
            told.append(amount)
    return told


def _is_once_more(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    words = parsed.story.words
    before = words[max(one.last, two.first - _MORE_BEFORE) : two.first]
    behind = words[two.last : two.last + 1]
    is_listed = two.first - one.last <= 1
    return is_listed or any(word.folded in _MORE for word in (*before, *behind))


def _is_total(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Return whether a sum is called the total: "tổng cộng 15 triệu", "mất cả thảy 15 triệu"."""
    words = parsed.story.words[max(0, amount.first - _TOTAL_BEFORE) : amount.first]
    sentence = parsed.story.words[amount.first].sentence
    return any(word.folded in _TOTAL and word.sentence == sentence for word in words)


def _is_series(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether two payments are told as one series: "10 triệu, rồi thêm 5 triệu nữa"."""
    words = parsed.story.words
    between = [word.folded for word in words[one.last : two.first]]
    around = {*between, *(word.folded for word in words[two.last : two.last + 1])}
    naming = governing_action(parsed, parsed.sums.index(two))
    own = naming.first - one.last if naming and naming.state == "done" else 0
    if len(between) > _APART or not _PARTING.isdisjoint(between[max(0, own) :]):
        return False
    return not _SERIES.isdisjoint(around)


def payment_count(parsed: ParsedStory, amount: MoneyAmount) -> int:
    """Return how often a sum was paid, usually once.

    "Hai lần, mỗi lần 15 triệu" is two, "bảy hộp, 1 triệu mỗi hộp" seven, "5 cái thẻ 500 nghìn"
    five, "600k x 3 lần" three, "ba lần 15 triệu" three where no list of sums follows.
    """
    story, words = parsed.story, parsed.story.words
    before, behind = words[max(0, amount.first - 6) : amount.first], words[amount.last :][:3]
    beside = pairwise([*before[-3:], *behind])
    if things := {thing.folded for each, thing in beside if each.folded in _EACH}:
        here = [word for word in words if word.sentence == words[amount.first].sentence]
        return _count(story, here, things | _PAID_BY) or _count(story, words, things) or 1
    if behind and behind[0].folded == "x" and (count := _count(story, behind, _PAID_BY)):
        return count
    since = max((each.last for each in parsed.sums if each.last <= amount.first), default=0)
    cards = words[max(since, amount.first - 6) : amount.first]
    if any(word.spelled in _CARDS for word in cards):
        return _count(story, cards, _OF_CARDS) or 1
    is_list = any(0 <= each.first - amount.last <= 3 for each in parsed.sums)
    goes_on = bool(behind) and behind[0].folded in _SERIES
    return (not is_list and not goes_on and _count(story, before[-2:], _TURNS)) or 1


def _count(story: TokenizedText, words: Sequence[Token], things: Collection[str]) -> int:
    """Return the first number of times or things: "hai lần", "5 cái"; else 0."""
    numbers = (number for number, thing in pairwise(words) if thing.folded in things)
    counts = (
        int(each.folded)
        if each.folded.isdecimal()
        else _TEN.get(each.spelled) or token_value(story, each, 1) or 0
        for each in numbers
        if len(each.folded) < 3 or not each.folded.isdecimal()
    )
    return next((count for count in counts if 1 < count <= _MAX_TIMES), 0)
