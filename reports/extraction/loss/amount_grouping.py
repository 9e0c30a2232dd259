"""Sums that are told in one breath, and sums that are part of others. Pure: no Django."""

from collections.abc import Collection, Iterable
from itertools import pairwise

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import canonical_spelling
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.payment_verbs import PaymentAction
from reports.extraction.loss.amount_context import MORE, is_additional
from reports.extraction.loss.phrase_rules import governing_action, is_demanded, is_stated_payment

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
    look: ParsedStory, gone: Collection[MoneyAmount]
) -> list[MoneyAmount]:
    """The sums that are gone and those that are told in one breath with them: "10 triệu rồi 5
    triệu nữa".
    """
    groups: list[list[MoneyAmount]] = []
    for amount in look.sums:
        if groups and _is_joined(look, groups[-1][-1], amount):
            groups[-1].append(amount)
        else:
            groups.append([amount])
    return [amount for group in groups if any(one in gone for one in group) for amount in group]


def drop_partial_amounts(look: ParsedStory, gone: Iterable[MoneyAmount]) -> list[MoneyAmount]:
    """The sums that are gone, of one that is part of another the other: "40 triệu, tính cả 2 triệu
    tiền cọc".
    """
    gone, holders = list(gone), dict[MoneyAmount, MoneyAmount]()
    for number, (one, two) in enumerate(pairwise(look.sums)):
        naming = governing_action(look, number)
        is_gone = one in gone or (naming is not None and naming.state == "done")
        if is_gone and _is_part(look, one, two):
            holders[two] = one
        elif one in holders and _is_joined(look, one, two):
            holders[two] = holders[one]
    return list(dict.fromkeys(holders.get(amount, amount) for amount in gone))


def _is_part(look: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether the second sum is said to be within the first, a larger one."""
    words = look.story.words
    before = [word.folded for word in words[one.last : two.first]][-_WITHIN_REACH:]
    threes = zip(["", *before], before, before[1:], strict=False)
    within = {(first, second) for ahead, first, second in threes if ahead not in _NOT_WITHIN}
    together = words[one.first].sentence == words[two.first].sentence
    return together and one.value > two.value and not _WITHIN.isdisjoint(within)


def _is_joined(look: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    words = look.story.words
    between_them = [word.folded for word in words[one.last : two.first]]
    together = words[one.first].sentence == words[two.first].sentence
    if _is_answer(look, one, two):
        return False
    if (together and not between_them) or _is_listed(look, one, two):
        return True
    fees = _is_called_a_fee(look, one, two) and _is_fee(look, one)
    near = len(between_them) <= _SPELLED_OUT + 2 * (fees or bool(_STRETCH & {*between_them}))
    days_or_payers = {*between_them} <= _DAYS or {*between_them} <= _PAYERS
    joins = fees or days_or_payers or JOINS & {*between_them}
    return together and near and bool(joins) and not _parts(look, one, two)


def _is_answer(look: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether the first sum was asked for and the second is what was paid: "đòi 30 triệu rồi tôi
    chuyển 5 triệu"; not one payment after another: "phải nộp 3 triệu, hôm sau tôi nộp 7 triệu".
    """
    number, follower = look.sums.index(one), look.sums.index(two)
    if not is_demanded(look, number) or is_additional(look, follower, MORE):
        return False
    between_them = (deed for deed in look.deeds if one.last <= deed.first < two.first)
    paid = any(deed.kind == "pay" and is_stated_payment(look, deed) for deed in between_them)
    return paid and not _is_series(look, one, two, governing_action(look, number))


def _is_series(
    look: ParsedStory, one: MoneyAmount, two: MoneyAmount, naming: PaymentAction | None
) -> bool:
    """Whether the teller tells of payments in their order."""
    words = look.story.words
    between_them = words[one.last : two.first]
    together = words[one.first].sentence == words[two.first].sentence
    said = {word.folded for word in between_them}
    if said & _NEXT or any(word.spelled == _TURN for word in between_them):
        return True
    if naming is None:
        return False
    had_to = "phai" in {word.folded for word in words[max(0, naming.first - 2) : naming.first]}
    return (together and had_to) or (naming.state == "bare" and (together or bool(said & _SERIES)))


def _is_called_a_fee(look: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether the second sum is, in its own clause; of "tiền xe 300 triệu" nothing says who paid it."""
    words = look.story.words
    called = {
        each.folded
        for each in words[one.last : two.first]
        if each.clause == words[two.first].clause
    }
    return bool(called & _FEES_NAMED)


def _is_fee(look: ParsedStory, amount: MoneyAmount) -> bool:
    """Whether a sum is called a fee: "phí hồ sơ 6 triệu", "nộp 6 triệu", "6 triệu tiền thẻ"."""
    words = look.story.words
    clause = words[amount.first].clause
    before = words[max(0, amount.first - _BEHIND) : amount.first]
    called = {word.folded for word in before if word.clause == clause}
    behind = words[amount.last : amount.last + 1]
    named = any(word.folded in _FEES and word.clause == clause for word in behind)
    return named or bool(called & (_FEES | _PAID_IN))


def _parts(look: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> set[str]:
    """Words between two sums by which the second is another matter; "con" is a child, not "còn"."""
    words = look.story.words[one.last : two.first]
    children = {"con"} if look.story.marked else set()
    said = {word.folded for word in words if word.spelled not in children}
    return _PARTS & said


def _is_listed(look: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Whether two sums are items of one list: "nạp 2tr, nạp 6tr", "nộp 30 triệu … nộp 60 triệu"."""
    words, gap = look.story.words, two.first - one.last
    heads = [words[amount.first - 1].folded for amount in (one, two) if amount.first]
    same = len(heads) == 2 and heads[0] == heads[1] in _PAID_IN
    return same and gap <= _LISTED_WITHIN and not _parts(look, one, two)
