"""Add up the lost sums of a story: lists, parts, repeated payments, refunds. Pure: no Django."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from core.text import normalize
from reports.data.loader import load_words
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import Token, canonical_spelling
from reports.extraction.language.parsed_story import ParsedStory, PaymentAction
from reports.extraction.loss.features import MORE, has_role, is_additional
from reports.extraction.loss.phrase_rules import (
    PhraseEvidence,
    RuleEvidence,
    governing_action,
    is_demanded,
    is_stated_payment,
)

_NAMED_WITHIN = 6  # words before a sum that can name it
_JOINS = load_words("loss_words.json", "joins")
_DAYS = load_words("loss_words.json", "days")
_PAYERS = load_words("loss_words.json", "payers")  # "mẹ 10 triệu, em 3 triệu"
_NEXT, _TURN = {"hom", "nay", "nua", "them", "tiep", "not"}, canonical_spelling("lần")
_SERIES = (_JOINS - {"xong"}) | _DAYS | {"not"}  # "lần sau tôi chuyển", "hôm nay tôi chuyển"
_FEES_NAMED = {"phi", "coc"}  # "phí hồ sơ 6 triệu, phí xác minh 15 triệu"
_FEES = {*_FEES_NAMED, "tien"}
_STRETCH = {"them", "cuoi"}
_SPELLED_OUT = 4  # words between two coordinated sums
_PARTS = load_words("loss_words.json", "parting")  # between two sums: the second is another matter
_PAID_IN = load_words("loss_words.json", "paid_in")
_LISTED_WITHIN = 8
_WITHIN = {("tinh", "ca"), ("ke", "ca"), ("gom", "ca"), ("bao", "gom"), ("trong", "do")}
_NOT_WITHIN = {"chua", "khong", "ngoai"}  # "chưa kể cả 5 triệu phí"
_WITHIN_REACH = 6  # words before the sum that is within another


def extend_to_coordinated_amounts(
    parsed: ParsedStory, gone: Collection[MoneyAmount]
) -> list[MoneyAmount]:
    """Return the lost sums and those coordinated with them: "10 triệu rồi 5 triệu nữa"."""
    groups: list[list[MoneyAmount]] = []
    for amount in parsed.sums:
        if groups and _is_joined(parsed, groups[-1][-1], amount):
            groups[-1].append(amount)
        else:
            groups.append([amount])
    return [amount for group in groups if any(one in gone for one in group) for amount in group]


def drop_partial_amounts(parsed: ParsedStory, gone: Iterable[MoneyAmount]) -> list[MoneyAmount]:
    """Return the lost sums, wholes for their parts: "40 triệu, tính cả 2 triệu tiền cọc"."""
    gone, holders = list(gone), dict[MoneyAmount, MoneyAmount]()
    for number, (one, two) in enumerate(pairwise(parsed.sums)):
        naming = governing_action(parsed, number)
        is_gone = one in gone or (naming is not None and naming.state == "done")
        if is_gone and _is_part(parsed, one, two):
            holders[two] = one
        elif one in holders and _is_joined(parsed, one, two):
            holders[two] = holders[one]
    return list(dict.fromkeys(holders.get(amount, amount) for amount in gone))


def _is_part(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether the second sum is said to be part of the first, larger one."""
    words = parsed.story.words
    before = [word.folded for word in words[one.last : two.first]][-_WITHIN_REACH:]
    threes = zip(["", *before], before, before[1:], strict=False)
    within = {(first, second) for ahead, first, second in threes if ahead not in _NOT_WITHIN}
    together = words[one.first].sentence == words[two.first].sentence
    return together and one.value > two.value and not _WITHIN.isdisjoint(within)


def _is_joined(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    words = parsed.story.words
    if _is_answer(parsed, one, two):
        return False
    between = {word.folded for word in words[one.last : two.first]}
    together = words[one.first].sentence == words[two.first].sentence
    if (together and not between) or _is_listed(parsed, one, two):
        return True
    fees = _is_named_fee(parsed, one, two) and _is_fee(parsed, one)
    near = two.first - one.last <= _SPELLED_OUT + 2 * (fees or bool(_STRETCH & between))
    is_joined = fees or between <= _DAYS or between <= _PAYERS or bool(_JOINS & between)
    return together and near and is_joined and not _has_parting_word(parsed, one, two)


def _is_answer(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether one was demanded and two paid: "đòi 30 triệu rồi tôi chuyển 5 triệu"."""
    number, follower = parsed.sums.index(one), parsed.sums.index(two)
    if not is_demanded(parsed, number) or is_additional(parsed, follower, MORE):
        return False
    between = (each for each in parsed.actions if one.last <= each.first < two.first)
    is_paid = any(each.kind == "pay" and is_stated_payment(parsed, each) for each in between)
    return is_paid and not _is_series(parsed, one, two, governing_action(parsed, number))


def _is_series(
    parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount, naming: PaymentAction | None
) -> bool:
    """Return whether the teller lists payments in order."""
    words = parsed.story.words
    between = words[one.last : two.first]
    together = words[one.first].sentence == words[two.first].sentence
    folded = {word.folded for word in between}
    if folded & _NEXT or any(word.spelled == _TURN for word in between):
        return True
    if naming is None:
        return False
    had_to = "phai" in {word.folded for word in words[max(0, naming.first - 2) : naming.first]}
    return (together and had_to) or (
        naming.state == "bare" and (together or bool(folded & _SERIES))
    )


def _is_named_fee(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether the second sum is called a fee; "tiền xe 300 triệu" may be unpaid."""
    words = parsed.story.words
    clause = words[two.first].clause
    return any(
        word.folded in _FEES_NAMED and word.clause == clause for word in words[one.last : two.first]
    )


def _is_fee(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Return whether a sum is called a fee: "phí hồ sơ 6 triệu", "6 triệu tiền thẻ"."""
    words = parsed.story.words
    clause = words[amount.first].clause
    before = words[max(0, amount.first - _NAMED_WITHIN) : amount.first]
    behind = words[amount.last : amount.last + 1]
    names = _FEES | _PAID_IN
    return any(word.folded in _FEES and word.clause == clause for word in behind) or any(
        word.folded in names and word.clause == clause for word in before
    )


def _has_parting_word(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether a word separates the second sum; with marks "con" is a child, not "còn"."""
    words = parsed.story.words[one.last : two.first]
    children = {"con"} if parsed.story.marked else set()
    return any(word.folded in _PARTS and word.spelled not in children for word in words)


def _is_listed(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether two sums are items of one list: "nạp 2tr, nạp 6tr"."""
    words, gap = parsed.story.words, two.first - one.last
    heads = [words[amount.first - 1].folded for amount in (one, two) if amount.first]
    same = len(heads) == 2 and heads[0] == heads[1] in _PAID_IN
    return same and gap <= _LISTED_WITHIN and not _has_parting_word(parsed, one, two)


_NEAR = 3
_TURNS = {"lan", "times"}  # "ba lần 12 triệu"
_EACH = {"moi", "each"}
_PAID_BY = load_words("loss_words.json", "paid_by")
_NUMBERS = {
    "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10, "two": 2,
}  # fmt: skip
# By whether marks are used; without them "muoi" is -ty too.
_COUNTS = {
    True: {canonical_spelling(word): count for word, count in _NUMBERS.items()},
    False: {normalize(word): count for word, count in _NUMBERS.items() if count < 10},
}
_NO_ACCOUNT = 50  # a fiftieth
_LEFT = {True: {canonical_spelling("còn")}, False: {canonical_spelling("còn"), "con"}}  # by marks
_JUST = {"dung", "co", "moi", "lai", "du", "duoc", "vai"}  # "còn đúng", "còn có"
_BEATEN_DOWN = {"bot", "giam", "xuong", "gia", "thieu", "no", "xin", "doi", "keu"}
_CARD_WORDS = {"card", "cards"}
_CARDS = {True: {canonical_spelling("thẻ"), *_CARD_WORDS}, False: {"the", *_CARD_WORDS}}  # by marks
_OF_CARDS = {*_CARDS[False], "cai", "chiec", "tam"}
_BY = "x"
_MAX_TIMES = 20


def total_loss(
    parsed: ParsedStory, evidence: PhraseEvidence, lost: Sequence[tuple[MoneyAmount, RuleEvidence]]
) -> int | None:
    """Return the total that is named, or the sum of the lost sums; None where no sum is said.

    A repeated sum counts once unless it is another one; a sum that equals all others is their
    total.
    """
    largest = max((amount.value for amount, _ in lost), default=0)
    if evidence.total and evidence.total in dict(lost) and evidence.total.value >= largest:
        return evidence.total.value
    if spent := _find_spent(parsed, evidence):
        return spent
    amounts = [amount for amount, _ in lost]
    values = list(_list_losses(parsed, evidence, amounts))
    back = _sum_refunds(parsed, evidence, amounts)
    total, most = sum(values), max(values, default=0)
    if len(values) > 2 and most * 2 == total and most in (values[0], values[-1]):
        total = most
    return (total - back if back < total else total) or None


def _list_losses(
    parsed: ParsedStory, evidence: PhraseEvidence, lost: Sequence[MoneyAmount]
) -> Iterator[int]:
    """Yield what each sum adds to the loss, as often as it was paid."""
    values: set[int] = set()
    for amount in lost:
        value = amount.value * payment_count(parsed, amount)
        if value not in values or _is_another(parsed, evidence, amount):
            yield value
        values.add(value)


def _is_another(parsed: ParsedStory, evidence: PhraseEvidence, amount: MoneyAmount) -> bool:
    """Return whether a repeated sum was paid once more: "tôi chuyển thêm 8 triệu"."""
    number = parsed.sums.index(amount)
    naming = governing_action(parsed, number)
    more = naming is not None and naming.state == "done" and is_additional(parsed, number, MORE)
    return more or has_role(parsed, evidence, amount, "again")


def _find_spent(parsed: ParsedStory, evidence: PhraseEvidence) -> int:
    """Return what is missing from a balance: "có 9tr6, giờ còn 200 nghìn"; else 0."""
    if evidence.gone or len(parsed.sums) != 2:
        return 0
    for number, rest in enumerate(parsed.sums):
        balance = parsed.sums[1 - number]
        if (
            _is_rest(parsed, rest)
            and rest.value < balance.value
            and not governing_action(parsed, number)
        ):
            is_no_account = rest.value * _NO_ACCOUNT < balance.value
            return balance.value - (0 if is_no_account else rest.value)
    return 0


def _is_rest(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Return whether "còn" stands just before a sum that is no price beaten down."""
    before = parsed.story.words[max(0, amount.first - 4) : amount.first]
    while before and before[-1].folded in _JUST:
        before = before[:-1]
    if not before or before[-1].spelled not in _LEFT[parsed.story.marked]:
        return False
    return not _BEATEN_DOWN & {word.folded for word in before}


def _sum_refunds(
    parsed: ParsedStory, evidence: PhraseEvidence, lost: Collection[MoneyAmount]
) -> int:
    """Return the refunds, never more than was paid before: "nạp 5 triệu, rút được 6" is five."""
    paid = [(each.first, each.value * payment_count(parsed, each)) for each in lost]
    back = 0
    for amount in parsed.sums:
        if amount not in lost and has_role(parsed, evidence, amount, "back"):
            before = sum(value for first, value in paid if first < amount.first)
            back += min(amount.value * payment_count(parsed, amount), before - back)
    return back


def payment_count(parsed: ParsedStory, amount: MoneyAmount) -> int:
    """Return how often a sum was paid, usually once.

    "Hai lần, mỗi lần 15 triệu" is two, "bảy hộp, 1 triệu mỗi hộp" seven, "5 cái thẻ 500 nghìn"
    five, "600k x 3 lần" three, "ba lần 15 triệu" three where no list of sums follows.
    """
    words, marked = parsed.story.words, parsed.story.marked
    before = words[max(0, amount.first - _NEAR) : amount.first]
    behind = words[amount.last : amount.last + _NEAR]
    things = {thing.folded for each, thing in pairwise([*before, *behind]) if each.folded in _EACH}
    if things:
        here = [word for word in words if word.sentence == words[amount.first].sentence]
        return _count(here, things | _PAID_BY, marked) or _count(words, things, marked) or 1
    if behind and behind[0].folded == _BY and (count := _count(behind[1:], _PAID_BY, marked)):
        return count
    since = max((each.last for each in parsed.sums if each.last <= amount.first), default=0)
    wider = words[max(since, amount.first - 2 * _NEAR) : amount.first]
    is_of_cards = any(word.spelled in _CARDS[marked] for word in wider)
    if is_of_cards and (count := _count(wider, _OF_CARDS, marked)):
        return count
    return (not _begins_list(parsed, amount) and _count(before[-2:], _TURNS, marked)) or 1


def _begins_list(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Return whether further sums, or "rồi", follow: "ba lần, 5 triệu, 2 triệu"."""
    behind = parsed.story.words[amount.last : amount.last + 1]
    follows = any(0 <= other.first - amount.last <= _NEAR for other in parsed.sums)
    return follows or any(word.folded in _JOINS for word in behind)


def _count(words: Sequence[Token], things: Collection[str], marked: bool) -> int:
    """Return the first number of times or things: "hai lần", "5 cái"; else 0."""
    counts = [
        int(number.folded)
        if number.folded.isdecimal() and len(number.folded) < 3
        else _COUNTS[marked].get(number.spelled, 0)
        for number, thing in pairwise(words)
        if thing.folded in things
    ]
    return next((count for count in counts if 1 < count <= _MAX_TIMES), 0)
