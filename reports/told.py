"""What a reporter is told of what was just added: what came in, and what could not be read."""

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from reports.claimable import OFFICES
from reports.later import Kept, Later
from reports.models import Report
from reports.whole import Leg

_LONGEST = 40  # signs of what was typed that are said back


def added(said: Later, kept: Kept) -> list[str]:
    """Sentences for the page, the first of them what was added."""
    if not kept.is_new:
        return [gettext("Trang đã ghi những điều này từ trước, giữ một bản.")]
    what = ", ".join(_parts(said))
    return [gettext("Đã ghi thêm: %(what)s.") % {"what": what}, *_odd(said, kept.addition.flags)]


def _parts(said: Later) -> Iterator[str]:
    if said.story.strip():
        yield gettext("lời kể")
    if legs := len(said.legs):
        yield ngettext("%(count)d người gọi", "%(count)d người gọi", legs) % {"count": legs}
    if many := len(said.accounts):
        yield ngettext("%(count)d tài khoản", "%(count)d tài khoản", many) % {"count": many}
    if many := len(said.links):
        yield ngettext("%(count)d đường link", "%(count)d đường link", many) % {"count": many}
    if said.called_day or said.called_raw:
        yield gettext("lúc họ gọi")
    if said.money_lost_raw.strip():
        yield gettext("số tiền")
    if said.commune_raw.strip():
        yield gettext("nơi bạn ở")
    if said.contact.strip():
        yield gettext("số của bạn")
    if said.phrase.strip():
        yield gettext("câu hẹn")


def _odd(said: Later, flags: list[str]) -> Iterator[str]:
    """What the page asks back in a form of its own (asking.py) is left out here."""
    sentences = {
        "date_in_future": gettext("Ngày “%(typed)s” chưa tới. Xem lại ngày họ gọi, rồi ghi lại."),
        "date_unread": gettext("Trang chưa hiểu ngày “%(typed)s”. Ghi ngày và tháng, ví dụ 3/11."),
        "list_cut": gettext("Có chỗ dài quá một ô. Phần còn lại trang giữ trong lời kể."),
        "signs_replaced": gettext("Có ký tự hỏng, trang đã thay bằng dấu khác."),
        "masked_id": gettext("Có dãy số giống số căn cước trong lời kể. Trang đã che đi."),
        "masked_card": gettext("Có dãy số giống số thẻ trong lời kể. Trang đã che đi."),
    }
    for flag, sentence in sentences.items():
        if flag in flags:
            yield sentence % {"typed": said.called_raw[:_LONGEST]}


def caller(leg: Leg) -> str:
    """One caller in a line: number, name, what they claimed to be, how they rang."""
    channel = str(dict(Report.Channel.choices).get(leg.channel, ""))
    parts = (leg.number, leg.name, office(leg.office), channel)
    return ", ".join(part.strip() for part in parts if part.strip())


def office(code: str) -> str:
    """What a caller claimed to be, as the form offers it; other words stand for themselves."""
    return str(dict(OFFICES).get(code, code))
