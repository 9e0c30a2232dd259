"""Sums whose unit goes without saying: "Nó đòi 40. Tôi đưa 15 trước", "em trả một nửa". Pure: no Django.

Only in a story, where a verb of paying or asking stands just before the number and nothing that
could be counted behind it; the form's own field asks for the unit instead (money.py).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from reports.folding import fold
from reports.words.cues import Story, spelling
from reports.words.money import Amount, number_at

_VERBS = (
    "chuyển", "gửi", "nộp", "nạp", "đưa", "đóng", "cọc", "ứng", "trả", "góp", "vay", "mượn", "thêm", "đòi",
    "xin", "cần", "mất", "phạt", "chỉ có", "xoay", "xoay giúp", "lo trước", "ứng trước", "vét", "gom được",
    "gửi tiếp", "nộp tiếp", "send", "sent", "pay", "paid",
)  # fmt: skip
# What speaks of much else.
_BESIDE_A_SUM = ("còn", "vào", "lấy", "rút", "trừ", "một lần", "được", "only", "back")
_BEHIND_A_SUM = (
    "rồi",
    "lần hai",
    "lần 2",
    "lần ba",
    "lần 3",
    "đợt hai",
    "đợt 2",
    "đợt ba",
    "đợt 3",
    "tới",
    "trừ",
)
_NAME = "ten"  # "dùng tên"
_NEAR = 10  # words between a sum and the one that goes on from it: "8 triệu, rồi 14, rồi 30"
_HALVES = (["mot", "nua"], ["nua", "truoc"], ["nua", "dau"])
_BETWEEN = {"truoc", "duoc", "no", "ho"}  # "chuyển trước một nửa"
_HALVERS = {"chuyen", "gui", "nop", "dua", "dong", "tra", "ung"}
_BEHIND = {
    "truoc", "nua", "roi", "luon", "thoi", "cho", "qua", "vao", "sang", "de", "la", "ma", "thi", "nhung", "chieu",
    "mai", "vi", "nen", "ho", "giup", "con", "nghe", "nhe", "em", "toi", "no", "cung", "va", "she", "and", "but",
    "to", "an",
}  # fmt: skip
_JOINS = {"roi", "voi", "va", "cong", "and", "then"}  # "20 với 25 triệu"
_BETWEEN_ITEMS = {
    *_JOINS, "lan", "dot", "dau", "sau", "cuoi", "hai", "ba", "tu", "2", "3", "4", "them", "thu", "nua", "toi", "em",
    "chi", "anh", "me", "bo", "vo", "chong", "ong", "co", "la",
}  # "lần đầu 10, lần hai 40 triệu"  # fmt: skip
_COUNTED_BY = {
    "lan", "dot", "thu", "ngay", "thang", "ky", "so", "nam", "luc", "lop", "thon", "xom", "to", "khu", "duong",
    "doan", "doi", "phuong", "quan",
}  # "ngày 5, 3 triệu"  # fmt: skip
_ITEMS_APART = 4  # words
_LEAST, _MOST = 2, 999
_LEAST_ALONE = 10  # where no sum with its unit is told
_THOUSANDS_FROM = 100  # "nạp 300 ăn 345, nạp 2tr": thousands beside sums under _SMALL
_SMALL = 10**7
_MILLION, _THOUSAND = 10**6, 10**3


def elided(story: Story, named: Sequence[Amount]) -> Iterator[Amount]:
    """The sums without a unit, beside those that are *named*."""
    items = [item for amount in named for item in _items_before(story, amount)]
    yield from items
    known = [*named, *items]
    taken = {place for amount in known for place in range(amount.first, amount.last)}
    at = 1
    while at < len(story.words):
        found = None if at in taken else _half(story, at, known) or _bare(story, at, known)
        if found and not taken & {*range(found.first, found.last + 1)}:
            known.append(found)
            yield found
        at = found.last if found else at + 1


def _items_before(story: Story, amount: Amount) -> Iterator[Amount]:
    """The items of a list whose unit is said at its end: "20 với 20 với 25 triệu"."""
    first = amount.first
    while (at := _item_before(story, first)) is not None:
        figure = int(story.words[at].folded)
        yield Amount(figure * _unit(figure, [amount]), at, at + 1)
        first = at


def _item_before(story: Story, first: int) -> int | None:
    """Where the bare number stands that is listed just before word *first*."""
    words = story.words
    at = first - 1
    while at > max(0, first - _ITEMS_APART) and words[at].folded in _BETWEEN_ITEMS:
        if _is_item(story, at, first):
            return at
        at -= 1
    return at if at > 0 and _is_item(story, at, first) else None


def _is_item(story: Story, at: int, first: int) -> bool:
    """Whether word *at* is a bare number of a list that goes on at word *first*."""
    before, word, behind = story.words[at - 1 : at + 2]
    if not word.folded.isdecimal() or not _LEAST <= int(word.folded) <= _MOST:
        return False
    gap = story.text[word.end : behind.start].strip()
    listed = gap in (",", ";") or (not gap and behind.folded in _JOINS)
    counted = before.folded in _COUNTED_BY or before.folded[0].isdecimal()
    if not listed or (counted and before.clause == word.clause):
        return False
    about = at + 1 == first and story.words[first].folded == str(int(word.folded) + 1)
    return not about and word.sentence == story.words[first].sentence  # "tầm 5, 6 triệu"


def _half(story: Story, at: int, named: Sequence[Amount]) -> Amount | None:
    """Half of the sum named last: "trả một nửa"."""
    words = [word.folded for word in story.words[at : at + 2]]
    before = [amount for amount in named if amount.last <= at]
    verb = story.words[at - 1 - (story.words[at - 1].folded in _BETWEEN)]
    is_told = any(at + 2 <= amount.first <= at + 3 for amount in named)  # "một nửa là 3 triệu"
    if before and words in _HALVES and verb.folded in _HALVERS and not is_told:
        return Amount(before[-1].value // 2, at, at + 2)
    return None


def _bare(story: Story, at: int, named: Sequence[Amount]) -> Amount | None:
    near = any(at - _NEAR <= amount.last <= at for amount in named)
    more = _BESIDE_A_SUM + _BEHIND_A_SUM * near if named else ()
    verbs = _VERBS + more
    read = number_at(story, at) if _is_behind(story, at, verbs) else None
    if read is None or read[0] is None or not _ends(story, read[1]):
        return None
    figure, last, first_word = read[0], read[1], story.words[at].folded
    least = _LEAST if first_word.isdecimal() and named else _LEAST_ALONE
    fits = least <= figure <= _MOST and figure.denominator == 1
    if not fits or first_word == _NAME:
        return None
    return Amount(int(figure) * _unit(int(figure), named), at, last)


def _unit(figure: int, named: Sequence[Amount]) -> int:
    """Millions, but for hundreds beside small sums, or where all that is named is small."""
    most = max((amount.value for amount in named), default=_SMALL)
    small = most < _MILLION or (figure >= _THOUSANDS_FROM and most < _SMALL)
    return _THOUSAND if small else _MILLION


def _is_behind(story: Story, at: int, verbs: tuple[str, ...]) -> bool:
    """Whether one of the verbs ends just before word *at*, in its clause."""
    marked, bare = _spelled(verbs)
    for many in (1, 2):
        before = story.words[max(0, at - many) : at]
        if len(before) < many or before[0].clause != story.words[at].clause:
            return False
        unmarked = not story.marked and all(word.folded == word.spelled for word in before)
        if tuple(word.spelled for word in before) in marked:
            return True
        if unmarked and tuple(word.folded for word in before) in bare:
            return True
    return False


@lru_cache(maxsize=3)
def _spelled(verbs: tuple[str, ...]) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """The verbs with their marks and without them."""
    marked = {tuple(spelling(word) for word in verb.split()) for verb in verbs}
    return marked, {tuple(fold(word) for word in verb.split()) for verb in verbs}


def _ends(story: Story, at: int) -> bool:
    """Whether nothing that is counted stands behind the number: "15", "15 trước", not "15 cái"."""
    if at >= len(story.words):
        return True
    gap = story.text[story.words[at - 1].end : story.words[at].start]
    if gap.strip():
        return gap.strip()[0] in ",;.!?)\"'”\n" or "\n" in gap
    return story.words[at].folded in _BEHIND
