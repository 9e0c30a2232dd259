"""A sum in words, as it is said, so that a slip of a nought is heard. Pure: no Django."""

from collections.abc import Iterator

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_THOUSANDS = (("triệu", 10**6), ("nghìn", 10**3), ("", 1))
_BILLION = 10**9
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_POWERS = (
    ("trillion", 10**12), ("billion", 10**9), ("million", 10**6), ("thousand", 10**3), ("", 1),
)  # fmt: skip


def grouped(dong: int) -> str:
    """35500000 as 35.500.000."""
    return f"{dong:,}".replace(",", ".")


def in_vietnamese(dong: int) -> str:
    """35500000 as "ba mươi lăm triệu năm trăm nghìn"; not negative."""
    return " ".join(_vietnamese(dong, follows=False)) or _DIGITS[0]


def _vietnamese(number: int, *, follows: bool) -> Iterator[str]:
    """The words of a number; one that follows a larger unit names its empty places."""
    billions, rest = divmod(number, _BILLION)
    if billions:
        yield from (*_vietnamese(billions, follows=follows), "tỷ")
    follows = follows or bool(billions)
    for unit, worth in _THOUSANDS:
        part, rest = divmod(rest, worth)
        if part:
            yield from (*_hundreds(part, follows=follows), *filter(None, (unit,)))
            follows = True


def _hundreds(number: int, *, follows: bool) -> Iterator[str]:
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    if hundreds or follows:
        yield from (_DIGITS[hundreds], "trăm")
    if tens:
        yield from ("mười",) if tens == 1 else (_DIGITS[tens], "mươi")
    elif ones and (hundreds or follows):
        yield "linh"
    if ones:
        yield _last(tens, ones)


def _last(tens: int, ones: int) -> str:
    if tens and ones == 5:
        return "lăm"
    return "mốt" if tens > 1 and ones == 1 else _DIGITS[ones]


def in_english(dong: int) -> str:
    """35500000 as "thirty-five million five hundred thousand"; not negative."""
    words: list[str] = []
    for unit, worth in _POWERS:
        part, dong = divmod(dong, worth)
        if part:
            words += [*_english(part), *filter(None, (unit,))]
    return " ".join(words) or _SMALL[0]


def _english(number: int) -> Iterator[str]:
    if number >= 1000:
        yield from (*_english(number // 1000), "thousand")
    hundreds, rest = number // 100 % 10, number % 100
    if hundreds:
        yield from (_SMALL[hundreds], "hundred")
    if rest:
        ones = f"-{_SMALL[rest % 10]}" if rest % 10 else ""
        yield _SMALL[rest] if rest < 20 else _TENS[rest // 10] + ones
