"""What a story says was lost: nothing, something, a sum, or not a word of it. Pure: no Django.

First whether money is gone at all, by the whole story, how it ends, the words around each sum and
what phrases (lost.py) say; then, where it is, which of the sums, by the words around each.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.words.cues import Hit, Word, between, spelling
from reports.words.grams import Gram, Weighing, weigh, weights
from reports.words.grounds import Fact, Reason, grounds, spot
from reports.words.look import Look
from reports.words.lost import SETTLED, TOLD, Because, Said, naming_deed, settling_deed
from reports.words.money import Amount

KINDS = ("none", "unknown", "sum")
_LOUD = 3  # what a phrase says is heard as if it stood there so many times
# What a phrase is worth to a sum, beside the words around it.
PHRASE_SETTLED = 12.0
PHRASE_OF_SUM = 5.0
_BEFORE, _BEHIND = 8, 6  # words around a sum that can speak of it
_NEAR = 3
_TIMES = {"lan", "luot", "dot", "bua", "nua", "times"}
_JOINS = {
    "roi", "va", "nua", "them", "dot", "lan", "cong", "voi", "sau", "cuoi", "tiep", "xong", "and", "then",
}  # fmt: skip
_DAYS = {
    "hom", "qua", "tuan", "truoc", "thang", "ngay", "sang", "chieu", "thu", "nay", "bua", "kia",
}  # fmt: skip
_PAYERS = {
    "me", "bo", "vo", "chong", "chi", "anh", "em", "toi", "con", "ong", "ba", "va",
}  # "mẹ 10 triệu, em 3 triệu"  # fmt: skip
_MORE = {"them", "nua", "more", "another"}  # a second sum as large as the first is another one
_FURTHER = {*_MORE, "tiep", "not", "lai", "again"}
_FEES_NAMED = {"phi", "coc"}  # "phí hồ sơ 6 triệu, phí xác minh 15 triệu"
_FEES = {*_FEES_NAMED, "tien"}
_STRETCH = {"them", "cuoi"}
_SPELLED_OUT = 4  # words between two sums of one breath
_PARTS = {
    "doi", "bao", "hua", "con", "muon", "keu", "bat", "phai", "duoc", "tra", "rut", "no", "neu", "tinh", "dinh",
}  # between two sums: the second is another matter  # fmt: skip
_PAID_IN = {"nap", "nop", "gui", "chuyen", "dua", "dong", "tru", "bay", "mat", "tieu", "coc"}
_LISTED_WITHIN = 8
_TURNS = {"lan", "times"}  # "ba lần 12 triệu"
_EACH = {"moi", "each"}
_PAID_BY = {
    "lan", "dot", "chiec", "tam", "nguoi", "nha", "cai", "con", "the", "suat", "bua", "times",
}  # fmt: skip
_COUNTS = {"hai": 2, "ba": 3, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "two": 2}
_NO_ACCOUNT = 50  # a fiftieth
_LEFT = {True: {spelling("còn")}, False: {spelling("còn"), "con"}}  # by whether marks are used
_JUST = {"dung", "co", "moi", "lai", "du", "duoc", "vai"}  # "còn đúng", "còn có"
_BEATEN_DOWN = {"bot", "giam", "xuong", "gia", "thieu", "no", "xin", "doi", "keu"}
_BACK_REACH = 5  # words between "trả lại" and its sum
_CARDS = {"the", "card", "cards"}
_BY = "x"
_MOST_TIMES = 20
_WITHIN = {("tinh", "ca"), ("ke", "ca"), ("gom", "ca"), ("bao", "gom"), ("trong", "do")}
_NOT_WITHIN = {"chua", "khong", "ngoai"}  # "chưa kể cả 5 triệu phí"
_WITHIN_REACH = 6  # words before the sum that is within another
_MOST_REASONS = 8
_FACT = "money_lost_vnd"


@dataclass(frozen=True, slots=True)
class Loss:
    """The sum lost in đồng (0 none, None not said) with its reasons."""

    value: int | None
    reasons: tuple[Reason, ...] = ()


def told(look: Look, said: Said) -> list[Gram]:
    """All that says whether money is gone: the story and how it ends, what stands around its sums,
    what phrases say.
    """
    sums = [gram for number in range(len(look.sums)) for gram in around(look, number, said)]
    phrases = [gram for gram in _of_phrases(look, said) for _ in range(_LOUD)]
    return [*look.endings, *sums, *phrases]


def _of_phrases(look: Look, said: Said) -> Iterator[Gram]:
    """What the phrases say, each as a sign of its own."""
    rules = {because.rule for _, because in said.gone}
    if said.gone:
        yield Gram("?gone", *said.gone[0][1][1:])
    if SETTLED in rules:
        yield Gram("?settled", *said.gone[0][1][1:])
    if said.none:
        yield Gram("?none", *said.none[1:])
    if said.is_asked:
        yield Gram("?asked", *look.sums[0][1:])
    if not look.sums and look.words:
        yield Gram("?no sum", 0, 1)


def read_loss(look: Look, said: Said, state: Weighing, is_junk: bool = False) -> Loss:
    """What the story says was lost, with the words that say so. Junk says nothing of money, unless
    a phrase says that a sum is gone: who curses may have lost it.
    """
    kind = max(KINDS, key=lambda each: state.scores[each])
    if kind == "unknown" or (is_junk and not said.gone):
        return Loss(None)
    if kind == "none":
        return Loss(0, _because(look, [said.none] if said.none else [], state, "none"))
    lost = lost_sums(look, said)
    return Loss(
        _total(look, said, lost), _because(look, [because for _, because in lost], state, "sum")
    )


def lost_sums(look: Look, said: Said) -> list[tuple[Amount, Because]]:
    """The sums that are gone; where money is gone and none is said to be, the likeliest."""
    why = dict(said.gone)
    scored = [
        (_points(look, number, said) + _worth(look, number, why), amount)
        for number, amount in enumerate(look.sums)
    ]
    needed = weights("sums").needed["lost"]
    gone = [amount for points, amount in scored if points >= needed]
    if not gone and scored:
        gone = [max(scored, key=lambda each: each[0])[1]]
    gone = _without_parts(look, _with_joined(look, gone))
    return [
        (amount, why.get(amount, Because("gone, by the words around", amount.first, amount.last)))
        for amount in gone
    ]


def _worth(look: Look, number: int, why: Mapping[Amount, Because]) -> float:
    """What phrases add to a sum: that it is gone, surely gone, or that nobody paid it."""
    if is_returned(look, number):
        return -PHRASE_SETTLED
    because = why.get(look.sums[number])
    if because:
        return PHRASE_SETTLED if because.rule == SETTLED else PHRASE_OF_SUM
    return -PHRASE_OF_SUM if _is_refused(look, number) else 0.0


def _is_refused(look: Look, number: int) -> bool:
    """Whether the next deed behind a sum that was asked for is that nobody paid it."""
    naming, settling = naming_deed(look, number), settling_deed(look, number)
    asked = naming is None or naming.state != "done"
    return asked and settling is not None and settling.state != "done"


def _with_joined(look: Look, gone: Collection[Amount]) -> list[Amount]:
    """The sums that are gone and those that are told in one breath with them: "10 triệu rồi 5
    triệu nữa".
    """
    groups: list[list[Amount]] = []
    for amount in look.sums:
        if groups and _is_joined(look, groups[-1][-1], amount):
            groups[-1].append(amount)
        else:
            groups.append([amount])
    return [amount for group in groups if any(one in gone for one in group) for amount in group]


def _without_parts(look: Look, gone: Iterable[Amount]) -> list[Amount]:
    """The sums that are gone, of one that is part of another the other: "40 triệu, tính cả 2 triệu
    tiền cọc".
    """
    gone, holders = list(gone), dict[Amount, Amount]()
    for number, (one, two) in enumerate(pairwise(look.sums)):
        naming = naming_deed(look, number)
        is_gone = one in gone or (naming is not None and naming.state == "done")
        if is_gone and _is_part(look, one, two):
            holders[two] = one
        elif one in holders and _is_joined(look, one, two):
            holders[two] = holders[one]
    return list(dict.fromkeys(holders.get(amount, amount) for amount in gone))


def _is_part(look: Look, one: Amount, two: Amount) -> bool:
    """Whether the second sum is said to be within the first, a larger one."""
    words = look.story.words
    before = [word.folded for word in words[one.last : two.first]][-_WITHIN_REACH:]
    threes = zip(["", *before], before, before[1:], strict=False)
    within = {(first, second) for ahead, first, second in threes if ahead not in _NOT_WITHIN}
    together = words[one.first].sentence == words[two.first].sentence
    return together and one.value > two.value and not _WITHIN.isdisjoint(within)


def _is_joined(look: Look, one: Amount, two: Amount) -> bool:
    words = look.story.words
    between_them = [word.folded for word in words[one.last : two.first]]
    together = words[one.first].sentence == words[two.first].sentence
    if (together and not between_them) or _is_listed(look, one, two):
        return True
    fees = _is_called_a_fee(look, one, two) and _is_fee(look, one)
    near = len(between_them) <= _SPELLED_OUT + 2 * (fees or bool(_STRETCH & {*between_them}))
    days_or_payers = {*between_them} <= _DAYS or {*between_them} <= _PAYERS
    joins = fees or days_or_payers or _JOINS & {*between_them}
    return together and near and bool(joins) and not _parts(look, one, two)


def _is_called_a_fee(look: Look, one: Amount, two: Amount) -> bool:
    """Whether the second sum is, in its own clause; of "tiền xe 300 triệu" nothing says who paid it."""
    words = look.story.words
    called = {
        each.folded
        for each in words[one.last : two.first]
        if each.clause == words[two.first].clause
    }
    return bool(called & _FEES_NAMED)


def _is_fee(look: Look, amount: Amount) -> bool:
    """Whether a sum is called a fee: "phí hồ sơ 6 triệu", "nộp 6 triệu", "6 triệu tiền thẻ"."""
    words = look.story.words
    clause = words[amount.first].clause
    before = words[max(0, amount.first - _BEHIND) : amount.first]
    called = {word.folded for word in before if word.clause == clause}
    behind = words[amount.last : amount.last + 1]
    named = any(word.folded in _FEES and word.clause == clause for word in behind)
    return named or bool(called & (_FEES | _PAID_IN))


def _parts(look: Look, one: Amount, two: Amount) -> set[str]:
    """Words between two sums by which the second is another matter; "con" is a child, not "còn"."""
    words = look.story.words[one.last : two.first]
    children = {"con"} if look.story.marked else set()
    said = {word.folded for word in words if word.spelled not in children}
    return _PARTS & said


def _is_listed(look: Look, one: Amount, two: Amount) -> bool:
    """Whether two sums are items of one list: "nạp 2tr, nạp 6tr", "nộp 30 triệu … nộp 60 triệu"."""
    words, gap = look.story.words, two.first - one.last
    heads = [words[amount.first - 1].folded for amount in (one, two) if amount.first]
    same = len(heads) == 2 and heads[0] == heads[1] in _PAID_IN
    return same and gap <= _LISTED_WITHIN and not _parts(look, one, two)


def _points(look: Look, number: int, said: Said) -> float:
    return weigh(weights("sums"), around(look, number, said)).scores["lost"]


def _total(look: Look, said: Said, lost: Sequence[tuple[Amount, Because]]) -> int | None:
    """The total that is named, or the sums added; one told twice counts once unless there were
    several times, and one that is the total of the others is the total. None: money is gone, no
    sum is said.
    """
    largest = max((amount.value for amount, _ in lost), default=0)
    if said.total and said.total in dict(lost) and said.total.value >= largest:
        return said.total.value
    if spent := _spent(look, said):
        return spent
    values = [amount.value * times(look, amount) for amount, _ in lost]
    back = _back(look, [amount for amount, _ in lost])
    listed = any(one.last == two.first for one, two in pairwise(look.sums))
    further = any(_is_further(look, look.sums.index(amount), _MORE) for amount, _ in lost[1:])
    if not listed and not further and not any(word.folded in _TIMES for word in look.story.words):
        values = list(dict.fromkeys(values))
    total = sum(values)
    most = max(values, default=0)
    lost_in_all = most if len(values) > 2 and most * 2 == total else total
    return (lost_in_all - back if back < lost_in_all else lost_in_all) or None


def _spent(look: Look, said: Said) -> int:
    """What is missing where a balance and its rest are all that is told: "thẻ có 9tr6, giờ còn 200
    nghìn". Zero where phrases say what is gone; a rest of no account is not taken off.
    """
    if said.gone or len(look.sums) != 2:
        return 0
    for number, rest in enumerate(look.sums):
        balance = look.sums[1 - number]
        if _is_rest(look, rest) and rest.value < balance.value and not naming_deed(look, number):
            small = rest.value * _NO_ACCOUNT < balance.value
            return balance.value - (0 if small else rest.value)
    return 0


def _is_rest(look: Look, amount: Amount) -> bool:
    """Whether "còn" stands just before a sum, and nobody beat a price down to it."""
    before = look.story.words[max(0, amount.first - 4) : amount.first]
    while before and before[-1].folded in _JUST:
        before = before[:-1]
    if not before or before[-1].spelled not in _LEFT[look.story.marked]:
        return False
    return not _BEATEN_DOWN & {word.folded for word in before}


def is_returned(look: Look, number: int) -> bool:
    """Whether a sum came back, whole or in part: "trả lại 30 triệu", "rút ra được 2 triệu"."""
    amount, words = look.sums[number], look.story.words
    near = between(look.hits, amount.first - _BACK_REACH, amount.first)
    back = [hit for hit in near if hit.cue.family == "money" and hit.cue.code == "returned"]
    if not number or not back or words[back[-1].first].clause != words[amount.first].clause:
        return False
    low = max(look.sums[number - 1].last, back[-1].first - _BACK_REACH)
    spoilt = between(look.hits, low, back[-1].first)
    codes = {"asks"} if "duoc" in back[-1].cue.words else {"asks", "self"}
    return not any(hit.cue.family == "negation" or hit.cue.code in codes for hit in spoilt)


def _back(look: Look, lost: Collection[Amount]) -> int:
    """What came back of the sums that are gone, never more than had gone before it: "nạp 5 triệu,
    rút được 6" gives five back.
    """
    back = 0
    for number, amount in enumerate(look.sums):
        if amount not in lost and is_returned(look, number):
            before = sum(each.value for each in lost if each.first < amount.first)
            back += min(amount.value, before - back)
    return back


def times(look: Look, amount: Amount) -> int:
    """How often a sum was paid: "hai lần, mỗi lần 15 triệu" is two, "bảy hộp, 1 triệu mỗi hộp"
    seven, "5 cái thẻ 500 nghìn" five, "600k x 3 lần" three, "ba lần 15 triệu" three where no list
    of sums follows; else once.
    """
    words = look.story.words
    before = words[max(0, amount.first - _NEAR) : amount.first]
    behind = words[amount.last : amount.last + _NEAR]
    things = {thing.folded for each, thing in pairwise([*before, *behind]) if each.folded in _EACH}
    if things:
        here = [word for word in words if word.sentence == words[amount.first].sentence]
        return _count(here, things | _PAID_BY) or _count(words, things) or 1
    if any(word.folded in _CARDS for word in before):
        return _count(words[max(0, amount.first - 2 * _NEAR) : amount.first], _PAID_BY) or 1
    if behind and behind[0].folded == _BY:
        return _count(behind[1:], _PAID_BY) or 1
    return (not _begins_list(look, amount) and _count(before[-2:], _TURNS)) or 1


def _begins_list(look: Look, amount: Amount) -> bool:
    """Whether further sums, or "rồi", follow at once: "ba lần, 5 triệu, 2 triệu"."""
    behind = look.story.words[amount.last : amount.last + 1]
    follows = any(0 <= other.first - amount.last <= _NEAR for other in look.sums)
    return follows or any(word.folded in _JOINS for word in behind)


def _count(words: Sequence[Word], things: Collection[str]) -> int:
    """The first number of times or things: "hai lần", "5 cái"; 0 where none is told."""
    counts = [
        _COUNTS.get(number.folded, 0) or int(number.folded if number.folded.isdecimal() else 0)
        for number, thing in pairwise(words)
        if thing.folded in things
    ]
    return next((count for count in counts if 1 < count <= _MOST_TIMES), 0)


def _because(
    look: Look, phrases: Sequence[Because], state: Weighing, kind: str
) -> tuple[Reason, ...]:
    reasons = [spot(look.story, _FACT, each.rule, each[1:], 1) for each in phrases[:_MOST_REASONS]]
    words = grounds(look.story, Fact(_FACT, kind, 0), (), state.parts(kind))
    return (*reasons, *words)


def around(look: Look, number: int, said: Said) -> list[Gram]:
    """What stands around a sum: words and families before and behind it, near or far, in its
    sentence or not; its place among the sums; what phrases say of it.
    """
    amount = look.sums[number]
    return [
        *_side(look, amount, "<"),
        *_side(look, amount, ">"),
        *(Gram(name, amount.first, amount.last) for name in _of_sum(look, number, said)),
    ]


def _side(look: Look, amount: Amount, sign: str) -> Iterator[Gram]:
    """The grams on one side of a sum."""
    low, high = (
        (amount.first - _BEFORE, amount.first)
        if sign == "<"
        else (amount.last, amount.last + _BEHIND)
    )
    near = [gram for gram in look.words if low <= gram.first and gram.last <= high]
    for name, first, last in near:
        away = amount.first - last if sign == "<" else first - amount.last
        yield Gram(f"{_mark(look, amount, first, sign)}{int(away >= _NEAR)} {name}", first, last)
    for one, two in pairwise(near):
        yield Gram(
            f"{_mark(look, amount, one.first, sign)} {one.name} {two.name}", one.first, two.last
        )
    for hit in between(look.hits, low, high):
        if hit.cue.family in _SPEAK_OF_MONEY:
            yield Gram(
                f"{_mark(look, amount, hit.first, sign)}={_family(hit)}", hit.first, hit.last
            )


_SPEAK_OF_MONEY = {"concepts", "money", "negation", "actions"}


def _family(hit: Hit) -> str:
    return hit.cue.code if hit.cue.family == "concepts" else f"{hit.cue.family}.{hit.cue.code}"


def _mark(look: Look, amount: Amount, place: int, sign: str) -> str:
    """The side, doubled where another sentence lies between."""
    words = look.story.words
    return sign * (1 + (words[place].sentence != words[amount.first].sentence))


def _of_sum(look: Look, number: int, said: Said) -> Iterator[str]:
    amount, many = look.sums[number], len(look.sums)
    place = (
        "only" if many == 1 else "first" if not number else "last" if number == many - 1 else "amid"
    )
    yield f"~{place} of {min(many, 3)}"
    yield "~gone" if amount in dict(said.gone) else "~none" if said.none else "~not said"
    if amount.last >= len(look.story.words) - _NEAR:
        yield "~at the end"
    values = [each.value for each in look.sums]
    yield "~largest" if amount.value == max(values) else "~not largest"
    if values.count(amount.value) > 1:
        yield "~told again"
    if is_returned(look, number):
        yield "~returned"
    yield from _more(look, number)
    yield from _deeds_around(look, number)


def _more(look: Look, number: int) -> Iterator[str]:
    """Whether a sum is a further one, and whether the next one is: "5 triệu … thêm 3 triệu"."""
    follower = number + 1
    if number and _is_further(look, number):
        yield "~further"
    if follower < len(look.sums) and _is_further(look, follower):
        yield "~further follows"


def _is_further(look: Look, number: int, called: Collection[str] = _FURTHER) -> bool:
    amount, words = look.sums[number], look.story.words
    beside = (
        *words[max(0, amount.first - _NEAR) : amount.first],
        *words[amount.last : amount.last + 1],
    )
    return any(word.folded in called for word in beside)


def _deeds_around(look: Look, number: int) -> Iterator[str]:
    """What was done with a sum: the deed that names it, the next one behind it ("nộp 5 triệu. Tôi
    nộp."), and the last of the story.
    """
    naming, settling = naming_deed(look, number), settling_deed(look, number)
    yield f"~in {naming.state}" if naming else "~in none"
    yield f"~then {settling.state}" if settling else "~then none"
    told = [deed for deed in look.deeds if deed.kind == "pay" and deed.state in TOLD]
    behind = [deed for deed in told if deed.first >= look.sums[number].last]
    yield f"~later {behind[-1].state}" if behind else "~later none"
