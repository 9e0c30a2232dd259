"""One typed or displayed caller -> kind, canonical key and flags. Pure: no Django.

Nothing is refused and nothing is guessed: the raw string stays, what cannot be read is
``invalid`` with a flag that says why, and no number is ever repaired into another range.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from reports.folding import fold, plain_digits
from reports.indicators import (
    CHAINS,
    MOST_FOUND,
    find_accounts,
    find_links,
    is_money,
    words_before,
)
from reports.numbering import Number, dialled, is_listed, plan, why_not

FLAG_REASONS_VI = {
    "app_call": "Gọi qua ứng dụng nên không thấy số điện thoại.",
    "country_only": "Mới có mã nước, chưa có số.",
    "display_name": "Đây là tên hiện trên máy. Tên hiện không chứng minh ai đã gọi.",
    "email": "Đây là địa chỉ thư điện tử, không phải số điện thoại.",
    "empty": "Chưa ghi số.",
    "extension": "Có số máy lẻ đi kèm; chỉ giữ số chính.",
    "forged_069": "Dạng +84069… từng bị dùng để giả mạng của Bộ Công an. Số thật hiện là +84 69….",
    "from_link": "Số lấy từ một đường link.",
    "hidden": "Người gọi giấu số.",
    "letters_for_digits": "Chữ O, l được đọc là số 0, 1.",
    "like_hotline": "Khác đường dây nóng của công an đúng một chữ số. Không tự sửa.",
    "link": "Đây là đường link, không phải số điện thoại.",
    "local_number": "Số bảy chữ số thiếu mã vùng. Cần hỏi lại.",
    "masked": "Số bị che một phần.",
    "ministry_network": "Mạng riêng của Bộ Công an và Bộ Quốc phòng (069).",
    "no_such_range": "Không có dải số này.",
    "old_area_code": "Mã vùng cũ, nay không còn dùng. Cần hỏi lại.",
    "old_prefix": "Số 11 chữ số cũ, đã đổi sang đầu số mới từ năm 2018.",
    "plus_before_service": "Số 1800, 1900 trong nước bị ghi thêm dấu +.",
    "plus_missing": "Số nước ngoài ghi thiếu dấu +.",
    "reseller_range": "Dải số cố định qua internet, hay được thuê lại.",
    "several": "Có nhiều số trong một ô. Cần tách ra.",
    "short_with_84": "Số ngắn bị ghi thêm mã nước.",
    "too_long": "Thừa chữ số.",
    "too_short": "Thiếu chữ số.",
    "unknown_area": "Mã vùng không có trong danh sách.",
    "unknown_country": "Không có mã nước này. Số hiện ra có thể là giả.",
    "unlisted_range": "Dải số này chưa có trong danh mục quốc tế.",
    "us_premium": "Số thu phí của Mỹ (+1 900), không phải 1900 trong nước.",
    "watched_country": "Đầu số hay gặp trong các cuộc gọi dọa nạt hoặc nháy máy.",
    "words": "Không thấy số nào trong phần đã ghi.",
    "words_around": "Bên cạnh số còn có chữ hoặc chữ số khác.",
    "zero_added": "Thừa số 0 ở đầu.",
    "zero_after_84": "Thừa số 0 sau mã nước 84.",
    "zero_after_plus": "Dấu + đứng trước số 0.",
    "zero_doubled": "Số 0 ở đầu bị gõ hai lần.",
    "zero_for_plus": "Số 0 được gõ thay dấu +.",
    "zero_missing": "Thiếu số 0 ở đầu.",
    "zeros": "Toàn số 0.",
}

_MASKS = re.compile(r"[*•?#]+|_{2,}|\.{3,}|(?<![^\W\d_])[xX]+(?![^\W\d_])")
_RUN = re.compile(r"[0-9][0-9\s._\-–—()·]*")
_JOINED = re.compile(r"[0-9]+")
_BREAKS = re.compile(r"[/,;|&\n]")
_LOOKALIKES = re.compile(r"(?<![^\W_+])[0-9OoIl+]++(?![^\W_])")
_SWAPS = str.maketrans("OoIl", "0011")
_ALONE_O = re.compile(r"(?<![^\W\d_])[Oo](?=[\s.\-]+[0-9])")
_EXTENSION = re.compile(
    r"(?:ext|extension|máy lẻ|may le|nhánh|nhanh|số lẻ|so le|x)[.:]?\s*[0-9]{1,5}\s*$"
)
_CHAT_HOSTS = ("zalo.me/", "wa.me/", "viber.click/", "t.me/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._\-]{1,19}")


@dataclass(frozen=True, slots=True)
class Phone:
    """One caller as written: ``raw`` untouched, ``key`` canonical or "" (E.164 shape)."""

    raw: str
    kind: str
    key: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A number inside free text, at text[start:end]."""

    phone: Phone
    start: int
    end: int


def _clean(raw: str) -> str:
    """Full-width and foreign digits to ASCII, invisible signs out, odd spaces to spaces."""
    text = plain_digits(unicodedata.normalize("NFKC", raw))
    seen = (" " if unicodedata.category(sign) == "Cc" and sign != "\n" else sign for sign in text)
    return "".join(sign for sign in seen if unicodedata.category(sign) != "Cf").strip()


def _letters_to_digits(text: str) -> str:
    return _LOOKALIKES.sub(_swap, _ALONE_O.sub("0", text))


def _swap(match: re.Match[str]) -> str:
    digits = sum(sign.isdecimal() for sign in match[0])
    return match[0].translate(_SWAPS) if digits >= 2 else match[0]


def _plus(text: str, start: int) -> bool:
    """Whether a + stands right before *start*, a bracket or a space between them at most."""
    return "+" in text[max(0, start - 2) : start]


def _of_run(text: str, start: int, end: int) -> Number | None:
    """Read one run of digits and separators; a + just before it counts."""
    run = text[start:end].replace("(0)", "")
    return dialled("".join(_JOINED.findall(run)), plus=_plus(text, start))


def _side_by_side(text: str, start: int, end: int) -> list[Number]:
    """Read a run as several whole numbers that leave no digit over, else nothing."""
    groups = [(start + g.start(), start + g.end()) for g in _JOINED.finditer(text[start:end])]
    numbers: list[Number] = []
    at = 0
    while at < len(groups):
        for last in range(min(at + 7, len(groups) - 1), at - 1, -1):
            number = _of_run(text, groups[at][0], groups[last][1])
            if number and number.key:
                numbers.append(number)
                at = last + 1
                break
        else:
            return []
    return numbers


def _numbers_in(text: str) -> list[Number]:
    """All numbers of a field, in order; the same number in two spellings stays one."""
    found: dict[str, Number] = {}
    for part in _BREAKS.split(text):
        for run in _RUN.finditer(part):
            whole = _of_run(part, *run.span())
            for number in [whole] if whole else _side_by_side(part, *run.span()):
                found.setdefault(number.key, number)
        if len(found) >= MOST_FOUND:
            break
    if not found and _BREAKS.search(text):
        return _numbers_in(_BREAKS.sub(" ", text))  # 0912,345,678
    keyed = [number for number in found.values() if number.key]
    return keyed or list(found.values())


def _is_masked(text: str) -> bool:
    """Signs that stand for digits, with no whole number beside them."""
    pieces = _MASKS.split(text)
    if len(pieces) == 1 or sum(sign.isdecimal() for sign in text) < 3:
        return False
    return not any(number.key for piece in pieces for number in _numbers_in(piece))


def _without_extension(text: str) -> tuple[str, tuple[str, ...]]:
    match = _EXTENSION.search(text.lower())
    if match and len(text) == len(text.lower()) and _numbers_in(text[: match.start()]):
        return text[: match.start()], ("extension",)
    return text, ()


def _invalid(raw: str, flag: str) -> Phone:
    return Phone(raw, "invalid", "", (flag,))


def _from_link(raw: str, text: str) -> Phone | None:
    """A chat link carries the number in its path; any other link or e-mail is no phone."""
    links = find_links(text)
    for link in links:
        if link.link.startswith(_CHAT_HOSTS):
            numbers = _numbers_in(link.link.split("/", 1)[1])
            if len(numbers) == 1 and numbers[0].key:
                return Phone(raw, numbers[0].kind, numbers[0].key, (*numbers[0].flags, "from_link"))
    if links:
        return _invalid(raw, "link")
    return _invalid(raw, "email") if "@" in text else None


def _from_words(raw: str, text: str) -> Phone | None:
    """Hidden callers, calls through an app, display names."""
    folded = fold(text)
    if folded in plan().hidden:
        return Phone(raw, "hidden", "", ("hidden",))
    words = set(folded.split())
    if words & plan().apps and words <= plan().apps | plan().app_words:
        return Phone(raw, "hidden", "", ("app_call",))
    return Phone(raw, "brandname", "", ("display_name",)) if _is_name(text, folded) else None


def _is_name(text: str, folded: str) -> bool:
    letters = sum(sign.isalpha() for sign in text)
    if folded in plan().not_names or letters < 3 or len(text) - letters > letters:
        return False
    known = any(f" {name} " in f" {folded} " for name in plan().names)
    return (known and len(folded) <= 20) or bool(_NAME.fullmatch(text) and text == text.upper())


def _from_digits(raw: str, text: str) -> Phone | None:
    """The number in *text*, however it is dressed; None when there is none or several."""
    spelled = _letters_to_digits(text)
    body, extra = _without_extension(spelled)
    numbers = _numbers_in(body)
    if len(numbers) > 1:
        return _invalid(raw, "several")
    if not numbers:
        return None
    if spelled != text:
        extra += ("letters_for_digits",)
    number = numbers[0]
    if _is_dressed(body.removeprefix("tel:"), number):
        extra += ("words_around",)
    if number.kind == "mobile" and not is_listed(number.key):
        extra += ("unlisted_range",)
    return Phone(raw, number.kind, number.key, (*number.flags, *extra))


def _is_dressed(body: str, number: Number) -> bool:
    spare = 6  # 0084 and the 11th digit of old numbers, with room
    digits = sum(sign.isdecimal() for sign in body)
    return any(map(str.isalpha, body)) or digits > len(number.key.removeprefix("+84")) + spare


def _unread(raw: str, text: str) -> Phone:
    digits = "".join(_JOINED.findall(text))
    return _invalid(raw, why_not(digits, plus="+" in text) if digits else "words")


def read(raw: str) -> Phone:
    """Read one caller as typed. Never raises; reading the key again gives the key."""
    text = _clean(raw)
    if not text:
        return _invalid(raw, "empty")
    if _is_masked(text):
        return _invalid(raw, "masked")
    return (
        _from_link(raw, text)
        or _from_digits(raw, text)
        or _from_words(raw, text)
        or _unread(raw, text)
    )


def read_all(raw: str) -> tuple[Phone, ...]:
    """Every number of a field that may hold several; one ``read`` when it does not."""
    phone = read(raw)
    if "several" not in phone.flags:
        return (phone,)
    numbers = _numbers_in(_letters_to_digits(_clean(raw)))
    return tuple(Phone(raw, number.kind, number.key, number.flags) for number in numbers)


# A number after one of these words is not a caller.
_OTHER_DIGITS = frozenset(
    [
        "cccd",
        "cmnd",
        "otp",
        "pin",
        "mst",
        "cvv",
        "bhyt",
        "bhxh",
        "the",
        "card",
        "passport",
        "stk",
        "tk",
        "account",
        "acc",
    ]
)
_OTHER_PAIRS = frozenset(
    {"can cuoc", "dinh danh", "ma so", "ma xac", "ma otp", "so the", "chung minh"}
)
_CALLER_WORDS = frozenset(["sdt", "dt", "phone", "sim", "goi", "zalo", "hotline", "may"])
_IN_TEXT = frozenset({"mobile", "landline", "tollfree", "premium", "international"})


def _is_other(words: list[str]) -> bool:
    """Whether the words just before some digits say that they are no phone number."""
    for back in range(1, min(len(words), 4) + 1):
        if words[-back] in _CALLER_WORDS:
            return False
        if words[-back] in _OTHER_DIGITS or " ".join(words[-back - 1 :][:2]) in _OTHER_PAIRS:
            return True
    return False


def _spoken(text: str, start: int, end: int) -> Number | None:
    """Read digits in running text, where only the sure shapes count."""
    digits = "".join(_JOINED.findall(text[start:end]))
    plus = _plus(text, start)
    service = digits[:4] in {"1800", "1900"} and not digits.endswith("000")
    if not (plus or service or digits[:1] == "0" or (digits[:2] == "84" and len(digits) >= 11)):
        return None
    number = dialled(digits, plus=plus)
    return number if number and number.kind in _IN_TEXT else None


def _in_chain(text: str, start: int, end: int) -> Iterator[tuple[Number, int, int]]:
    """The numbers in one chain of digit groups, the longest first at each place."""
    groups = [(start + g.start(), start + g.end()) for g in _JOINED.finditer(text[start:end])]
    at = 0
    while at < len(groups):
        for last in range(min(at + 5, len(groups) - 1), at - 1, -1):
            if number := _spoken(text, groups[at][0], groups[last][1]):
                yield number, groups[at][0], groups[last][1]
                at = last
                break
        at += 1


def _found(raw: str) -> Iterator[FoundPhone]:
    text = plain_digits(raw)
    accounts = {found.start for found in find_accounts(raw)}
    links = [link for link in find_links(raw) if not link.link.startswith(_CHAT_HOSTS)]
    floor = 0
    for chain in CHAINS.finditer(text):
        start, end = chain.span()
        other = _is_other(words_before(text, start, floor)) or is_money(text, end)
        floor = end
        if other or start in accounts or any(link.start <= start < link.end for link in links):
            continue
        for number, first, last in _in_chain(text, start, end):
            begin = text.rfind("+", max(0, first - 2), first) if _plus(text, first) else first
            phone = Phone(raw[begin:last], number.kind, number.key, number.flags)
            yield FoundPhone(phone, begin, last)


def find(text: str) -> list[FoundPhone]:
    """The phone numbers in a story, at most ``MOST_FOUND``; money, IDs, cards, OTPs are not."""
    return [found for found, _ in zip(_found(text), range(MOST_FOUND), strict=False)]
