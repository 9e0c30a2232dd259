"""The blanks of a canned reply, {so_tin} and its like: a fixed list, nothing is evaluated. Pure."""

import re
from collections.abc import Mapping

# What each is filled with, as the desk explains it.
BLANKS: Mapping[str, str] = {
    "so_tin": "số tin",
    "ngay_bao": "ngày gửi tin, ví dụ 25/11/2026",
    "duong_day_nong": "đường dây nóng của Công an tỉnh, theo bảng số công bố",
    "co_quan": "nơi người gọi tự xưng",
    "don_vi": "đơn vị đã nhận tin",
    "xa": "xã, phường của người báo",
}
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_BLANK = re.compile(r"\{(\w{1,40})\}")


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and is no blank, each once; a lone brace as well."""
    found = [f"{{{name}}}" for name in _IN_BRACES.findall(text) if name not in BLANKS]
    lone = [sign for sign in "{}" if sign in _IN_BRACES.sub("", text)]
    return list(dict.fromkeys(found + lone))


def unfilled_placeholders(text: str) -> list[str]:
    """The blanks that nobody has filled, each once."""
    return list(dict.fromkeys(f"{{{name}}}" for name in _BLANK.findall(text)))


def placeholder_help(text: str) -> list[str]:
    """The same, each with what belongs there."""
    names = [name.strip("{}") for name in unfilled_placeholders(text)]
    return [f"{{{name}}} ({BLANKS[name]})" if name in BLANKS else f"{{{name}}}" for name in names]


def substitute(text: str, values: Mapping[str, str]) -> str:
    """The text with its blanks filled once; one without a value stays, so that it is seen."""
    return _BLANK.sub(lambda blank: values.get(blank[1]) or blank[0], text)
