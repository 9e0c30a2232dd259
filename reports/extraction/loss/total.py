"""Add up the lost sums of a story: sums named in one breath or within others, how often each was paid,
what came back. Pure: no Django.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from core.text import normalize
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import Token, canonical_spelling
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.payment_verbs import PaymentAction
from reports.extraction.loss.amount_context import MORE, is_additional, role_of_sum
from reports.extraction.loss.phrase_rules import (
    PhraseEvidence,
    RuleEvidence,
    governing_action,
    is_demanded,
    is_stated_payment,
)

_BEHIND = 6  # words before a sum that can name it
JOINS = {
    "roi", "va", "nua", "them", "dot", "lan", "cong", "voi", "sau", "cuoi", "tiep", "xong", "and", "then",
}  # fmt: skip
_DAYS = {
    "hom", "qua", "tuan", "truoc", "thang", "ngay", "sang", "chieu", "thu", "nay", "bua", "kia",
}  # fmt: skip
_PAYERS = {
    "me", "bo", "vo", "chong", "chi", "anh", "em", "toi", "con", "ong", "ba", "va",
}  # "mẹ 10 triệu, em 3 triệu"  # fmt: skip
_NEXT, _TURN = {"hom", "nay", "nua", "them", "tiep", "not"}, canonical_spelling("lần")
_SERIES = (JOINS - {"xong"}) | _DAYS | {"not"}  # "lần sau tôi chuyển", "hôm nay tôi chuyển"
_FEES_NAMED = {"phi", "coc"}  # "phí hồ sơ 6 triệu, phí xác minh 15 triệu"
_FEES = {*_FEES_NAMED, "tien"}
_STRETCH = {"them", "cuoi"}
_SPELLED_OUT = 4  # words between two sums of one breath
_PARTS = {
    "doi", "bao", "hua", "con", "muon", "keu", "bat", "phai", "duoc", "tra", "rut", "no", "neu", "tinh", "dinh",
}  # between two sums: the second is another matter  # fmt: skip
_PAID_IN = {"lua", "nap", "nop", "gui", "chuyen", "dua", "dong", "tru", "bay", "mat", "tieu", "coc"}
_LISTED_WITHIN = 8
_WITHIN = {("tinh", "ca"), ("ke", "ca"), ("gom", "ca"), ("bao", "gom"), ("trong", "do")}
_NOT_WITHIN = {"chua", "khong", "ngoai"}  # "chưa kể cả 5 triệu phí"
_WITHIN_REACH = 6  # words before the sum that is within another


def extend_to_coordinated_amounts(
    parsed: ParsedStory, gone: Collection[MoneyAmount]
) -> list[MoneyAmount]:
    """The sums that are gone and those that are told in one breath with them: "10 triệu rồi 5
    triệu nữa".
    """
    groups: list[list[MoneyAmount]] = []
    for amount in parsed.sums:
        if groups and _is_joined(parsed, groups[-1][-1], amount):
            groups[-1].append(amount)
        else:
            groups.append([amount])
    return [amount for group in groups if any(one in gone for one in group) for amount in group]


def drop_partial_amounts(parsed: ParsedStory, gone: Iterable[MoneyAmount]) -> list[MoneyAmount]:
    """The sums that are gone, of one that is part of another the other: "40 triệu, tính cả 2 triệu
    tiền cọc".
    """
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
    """Whether the second sum is said to be within the first, a larger one."""
    words = parsed.story.words
    before = [word.folded for word in words[one.last : two.first]][-_WITHIN_REACH:]
    threes = zip(["", *before], before, before[1:], strict=False)
    within = {(first, second) for ahead, first, second in threes if ahead not in _NOT_WITHIN}
    together = words[one.first].sentence == words[two.first].sentence
    return together and one.value > two.value and not _WITHIN.isdisjoint(within)


def _is_joined(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    words = parsed.story.words
    between_them = [word.folded for word in words[one.last : two.first]]
    together = words[one.first].sentence == words[two.first].sentence
    if _is_answer(parsed, one, two):
        return False
    if (together and not between_them) or _is_listed(parsed, one, two):
        return True
    fees = _is_called_a_fee(parsed, one, two) and _is_fee(parsed, one)
    near = len(between_them) <= _SPELLED_OUT + 2 * (fees or bool(_STRETCH & {*between_them}))
    days_or_payers = {*between_them} <= _DAYS or {*between_them} <= _PAYERS
    joins = fees or days_or_payers or JOINS & {*between_them}
    return together and near and bool(joins) and not _parts(parsed, one, two)


def _is_answer(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether the first sum was asked for and the second is what was paid: "đòi 30 triệu rồi tôi
    chuyển 5 triệu"; not one payment after another: "phải nộp 3 triệu, hôm sau tôi nộp 7 triệu".
    """
    number, follower = parsed.sums.index(one), parsed.sums.index(two)
    if not is_demanded(parsed, number) or is_additional(parsed, follower, MORE):
        return False
    between_them = (deed for deed in parsed.deeds if one.last <= deed.first < two.first)
    paid = any(deed.kind == "pay" and is_stated_payment(parsed, deed) for deed in between_them)
    return paid and not _is_series(parsed, one, two, governing_action(parsed, number))


def _is_series(
    parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount, naming: PaymentAction | None
) -> bool:
    """Whether the teller tells of payments in their order."""
    words = parsed.story.words
    between_them = words[one.last : two.first]
    together = words[one.first].sentence == words[two.first].sentence
    folded = {word.folded for word in between_them}
    if folded & _NEXT or any(word.spelled == _TURN for word in between_them):
        return True
    if naming is None:
        return False
    had_to = "phai" in {word.folded for word in words[max(0, naming.first - 2) : naming.first]}
    return (together and had_to) or (
        naming.state == "bare" and (together or bool(folded & _SERIES))
    )


def _is_called_a_fee(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether the second sum is, in its own clause; of "tiền xe 300 triệu" nothing says who paid it."""
    words = parsed.story.words
    called = {
        each.folded
        for each in words[one.last : two.first]
        if each.clause == words[two.first].clause
    }
    return bool(called & _FEES_NAMED)


def _is_fee(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Whether a sum is called a fee: "phí hồ sơ 6 triệu", "nộp 6 triệu", "6 triệu tiền thẻ"."""
    words = parsed.story.words
    clause = words[amount.first].clause
    before = words[max(0, amount.first - _BEHIND) : amount.first]
    called = {word.folded for word in before if word.clause == clause}
    behind = words[amount.last : amount.last + 1]
    named = any(word.folded in _FEES and word.clause == clause for word in behind)
    return named or bool(called & (_FEES | _PAID_IN))


def _parts(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> set[str]:
    """Words between two sums by which the second is another matter; "con" is a child, not "còn"."""
    words = parsed.story.words[one.last : two.first]
    children = {"con"} if parsed.story.marked else set()
    folded = {word.folded for word in words if word.spelled not in children}
    return _PARTS & folded


def _is_listed(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether two sums are items of one list: "nạp 2tr, nạp 6tr", "nộp 30 triệu … nộp 60 triệu"."""
    words, gap = parsed.story.words, two.first - one.last
    heads = [words[amount.first - 1].folded for amount in (one, two) if amount.first]
    same = len(heads) == 2 and heads[0] == heads[1] in _PAID_IN
    return same and gap <= _LISTED_WITHIN and not _parts(parsed, one, two)


_NEAR = 3
_TURNS = {"lan", "times"}  # "ba lần 12 triệu"
_EACH = {"moi", "each"}
_PAID_BY = {
    "lan", "dot", "chiec", "tam", "nguoi", "nha", "cai", "con", "the", "suat", "bua", "times",
}  # fmt: skip
_NUMBERS = {
    "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8, "chín": 9, "mười": 10, "two": 2,
}  # fmt: skip
_COUNTS = {
    True: {canonical_spelling(word): many for word, many in _NUMBERS.items()},
    False: {
        normalize(word): many for word, many in _NUMBERS.items() if many < 10
    },  # "muoi" is -ty too
}  # by whether marks are used
_NO_ACCOUNT = 50  # a fiftieth
_LEFT = {
    True: {canonical_spelling("còn")},
    False: {canonical_spelling("còn"), "con"},
}  # by whether marks are used
_JUST = {"dung", "co", "moi", "lai", "du", "duoc", "vai"}  # "còn đúng", "còn có"
_BEATEN_DOWN = {"bot", "giam", "xuong", "gia", "thieu", "no", "xin", "doi", "keu"}
_CARDS = {
    True: {canonical_spelling("thẻ"), "card", "cards"},
    False: {"the", "card", "cards"},
}  # by marks
_OF_CARDS = {*_CARDS[False], "cai", "chiec", "tam"}
_BY = "x"
_MAX_TIMES = 20


def total_loss(
    parsed: ParsedStory, evidence: PhraseEvidence, lost: Sequence[tuple[MoneyAmount, RuleEvidence]]
) -> int | None:
    """The total that is named, or the sums added; one told again counts once unless it is another
    one, and one that is the total of the others is the total. None: money is gone, no sum is said.
    """
    largest = max((amount.value for amount, _ in lost), default=0)
    if evidence.total and evidence.total in dict(lost) and evidence.total.value >= largest:
        return evidence.total.value
    if spent := _spent(parsed, evidence):
        return spent
    values = list(_counted(parsed, evidence, [amount for amount, _ in lost]))
    back = _back(parsed, evidence, [amount for amount, _ in lost])
    total, most = sum(values), max(values, default=0)
    is_total = len(values) > 2 and most * 2 == total and most in (values[0], values[-1])
    lost_in_all = most if is_total else total
    return (lost_in_all - back if back < lost_in_all else lost_in_all) or None


def _counted(
    parsed: ParsedStory, evidence: PhraseEvidence, lost: Sequence[MoneyAmount]
) -> Iterator[int]:
    """What each sum adds to the loss, as often as it was paid."""
    values: set[int] = set()
    for amount in lost:
        value = amount.value * payment_count(parsed, amount)
        if value not in values or _is_another(parsed, evidence, amount):
            yield value
        values.add(value)


def _is_another(parsed: ParsedStory, evidence: PhraseEvidence, amount: MoneyAmount) -> bool:
    """Whether a sum that was told before was paid once more: "tôi chuyển thêm 8 triệu"."""
    number = parsed.sums.index(amount)
    naming = governing_action(parsed, number)
    more = naming is not None and naming.state == "done" and is_additional(parsed, number, MORE)
    return more or role_of_sum(parsed, evidence, amount, "again")


def _spent(parsed: ParsedStory, evidence: PhraseEvidence) -> int:
    """What is missing where a balance and its rest are all that is told: "thẻ có 9tr6, giờ còn 200
    nghìn". Zero where phrases say what is gone; a rest of no account is not taken off.
    """
    if evidence.gone or len(parsed.sums) != 2:
        return 0
    for number, rest in enumerate(parsed.sums):
        balance = parsed.sums[1 - number]
        if (
            _is_rest(parsed, rest)
            and rest.value < balance.value
            and not governing_action(parsed, number)
        ):
            small = rest.value * _NO_ACCOUNT < balance.value
            return balance.value - (0 if small else rest.value)
    return 0


def _is_rest(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Whether "còn" stands just before a sum, and nobody beat a price down to it."""
    before = parsed.story.words[max(0, amount.first - 4) : amount.first]
    while before and before[-1].folded in _JUST:
        before = before[:-1]
    if not before or before[-1].spelled not in _LEFT[parsed.story.marked]:
        return False
    return not _BEATEN_DOWN & {word.folded for word in before}


def _back(parsed: ParsedStory, evidence: PhraseEvidence, lost: Collection[MoneyAmount]) -> int:
    """What came back of the sums that are gone, never more than had gone before it: "nạp 5 triệu,
    rút được 6" gives five back.
    """
    paid = [(each.first, each.value * payment_count(parsed, each)) for each in lost]
    back = 0
    for amount in parsed.sums:
        if amount not in lost and role_of_sum(parsed, evidence, amount, "back"):
            before = sum(value for first, value in paid if first < amount.first)
            back += min(amount.value * payment_count(parsed, amount), before - back)
    return back


def payment_count(parsed: ParsedStory, amount: MoneyAmount) -> int:
    """How often a sum was paid: "hai lần, mỗi lần 15 triệu" is two, "bảy hộp, 1 triệu mỗi hộp"
    seven, "5 cái thẻ 500 nghìn" five, "600k x 3 lần" three, "ba lần 15 triệu" three where no list
    of sums follows; else once.
    """
    words, marked = parsed.story.words, parsed.story.marked
    before = words[max(0, amount.first - _NEAR) : amount.first]
    behind = words[amount.last : amount.last + _NEAR]
    things = {thing.folded for each, thing in pairwise([*before, *behind]) if each.folded in _EACH}
    if things:
        here = [word for word in words if word.sentence == words[amount.first].sentence]
        return _count(here, things | _PAID_BY, marked) or _count(words, things, marked) or 1
    if behind and behind[0].folded == _BY and (many := _count(behind[1:], _PAID_BY, marked)):
        return many
    since = max((each.last for each in parsed.sums if each.last <= amount.first), default=0)
    wider = words[max(since, amount.first - 2 * _NEAR) : amount.first]
    is_of_cards = any(word.spelled in _CARDS[marked] for word in wider)
    if is_of_cards and (many := _count(wider, _OF_CARDS, marked)):
        return many
    return (not _begins_list(parsed, amount) and _count(before[-2:], _TURNS, marked)) or 1


def _begins_list(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Whether further sums, or "rồi", follow at once: "ba lần, 5 triệu, 2 triệu"."""
    behind = parsed.story.words[amount.last : amount.last + 1]
    follows = any(0 <= other.first - amount.last <= _NEAR for other in parsed.sums)
    return follows or any(word.folded in JOINS for word in behind)


def _count(words: Sequence[Token], things: Collection[str], marked: bool) -> int:
    """The first number of times or things: "hai lần", "5 cái"; 0 where none is told."""
    counts = [
        int(number.folded)
        if number.folded.isdecimal() and len(number.folded) < 3
        else _COUNTS[marked].get(number.spelled, 0)
        for number, thing in pairwise(words)
        if thing.folded in things
    ]
    return next((count for count in counts if 1 < count <= _MAX_TIMES), 0)
