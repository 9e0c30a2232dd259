"""The public figures in words, in the language of the page; and as lines of a file."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from django.utils.translation import get_language, gettext, ngettext

from reports.extraction.language.cue_matcher import code_rows
from reports.public.statistics import PublicStatistics
from reports.reference import gazetteer

Line = tuple[str, str, int | str]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def number(amount: int) -> str:
    """A count with its thousands apart: 1.234 in Vietnamese, 1,234 in English."""
    grouped = f"{amount:,}"
    return grouped if get_language() == "en" else grouped.replace(",", ".")


def money(dong: int) -> str:
    """A rounded sum in its largest unit: 1,9 tỷ đồng."""
    for worth, unit in (
        (10**9, gettext("%s tỷ đồng")),
        (10**6, gettext("%s triệu đồng")),
        (10**3, gettext("%s nghìn đồng")),
    ):
        if dong >= worth:
            figure = f"{dong / worth:,.1f}".removesuffix(".0")
            return unit % (figure if get_language() == "en" else _with_comma(figure))
    return gettext("%s đồng") % dong


def _with_comma(figure: str) -> str:
    return figure.replace(",", " ").replace(".", ",").replace(" ", ".")


def format_duration(seconds: int) -> str:
    """A length of time in its one or two largest units."""
    if seconds < _MINUTE:
        return gettext("dưới 1 phút")
    days, hours, minutes = seconds // _DAY, seconds % _DAY // _HOUR, seconds % _HOUR // _MINUTE
    parts = [
        (days, ngettext("%s ngày", "%s ngày", days)),
        (hours, ngettext("%s giờ", "%s giờ", hours)),
        (minutes, ngettext("%s phút", "%s phút", minutes)),
    ]
    said = [unit % amount for amount, unit in (parts[:2] if days else parts[1:]) if amount]
    return " ".join(said)


def scenario(code: str) -> str:
    """A kind of scam; a code that is no longer in the taxonomy stands for itself."""
    row = code_rows().get(code)
    return row["label_en" if get_language() == "en" else "label_vi"] if row else code


def communes() -> Mapping[str, str]:
    """Codename -> name; "" is for reports without one."""
    names = {place.codename: place.name for place in gazetteer.communes()}
    return names | {"": gettext("Không rõ xã, phường")}


def csv_rows(told: PublicStatistics) -> Iterator[Line]:
    """What a file says: table, cell, count. What is hidden is said to be hidden."""
    yield gettext("Bảng"), gettext("Mục"), gettext("Số")
    if told.total is None:
        return
    whole = gettext("Chung")
    yield whole, gettext("Tin báo"), told.total
    yield whole, gettext("Tin có mất tiền, theo lời kể"), _or_hidden(told.lost)
    yield whole, gettext("Tiền mất, đồng, theo lời kể, đã làm tròn"), _or_hidden(told.lost_vnd)
    looked = None if told.first_look_s is None else round(told.first_look_s / _MINUTE)
    yield (
        whole,
        gettext("Một nửa số tin trong 4 tuần cuối có người đọc sau, phút"),
        _or_hidden(looked),
    )
    names = communes()
    for day, count in told.weeks.items():
        yield gettext("Tuần từ"), f"{date.fromisoformat(day):%d/%m/%Y}", _or_hidden(count)
    for code, count in told.scenarios.items():
        yield gettext("Kiểu lừa"), scenario(code), _or_hidden(count)
    for codename, count in told.communes.items():
        yield gettext("Xã, phường"), names.get(codename, codename), _or_hidden(count)


def _or_hidden(count: int | None) -> int | str:
    return gettext("không nêu") if count is None else count


def as_csv(rows: Iterable[Line]) -> str:
    """A file that Excel reads as UTF-8, and in which no cell is taken for a formula."""
    file = io.StringIO()
    csv.writer(file).writerows([_plain(cell) for cell in row] for row in rows)
    return "\ufeff" + file.getvalue()


def _plain(cell: int | str) -> int | str:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
