"""What a reporter is told of what was just added: what came in, and what could not be read."""

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from reports import places
from reports.later import Kept, Later

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
    sentences = {
        "date_in_future": gettext("Ngày “%(typed)s” chưa tới. Xem lại ngày họ gọi, rồi ghi lại."),
        "date_unread": gettext("Trang chưa hiểu ngày “%(typed)s”. Ghi ngày, tháng, ví dụ 3, 11."),
        "money_unread": gettext(
            "Trang chưa hiểu “%(typed)s”. Ghi áng chừng, ví dụ 20 triệu. Chưa rõ thì để trống."
        ),
        places.UNKNOWN: gettext("Chưa tìm thấy “%(typed)s”. Gõ tên xã mới hoặc tên huyện cũ."),
        places.AMBIGUOUS: gettext("Có mấy nơi tên “%(typed)s”. Ghi lại, thêm tên huyện cũ."),
        "contact_unread": gettext(
            "Số của bạn “%(typed)s” chưa đủ chữ số. Số di động có 10 chữ số, bắt đầu bằng 0."
        ),
        "list_cut": gettext("Có chỗ dài quá một ô. Phần còn lại trang giữ trong lời kể."),
        "signs_replaced": gettext("Có ký tự hỏng, trang đã thay bằng dấu khác."),
    }
    typed = _typed(said)
    for flag, sentence in sentences.items():
        if flag in flags:
            yield sentence % {"typed": typed.get(flag, "")[:_LONGEST]}
    if {"masked_card", "masked_id"} & set(flags):
        yield gettext("Trong lời kể có dãy số giống số thẻ, số căn cước. Trang đã che đi.")


def _typed(said: Later) -> dict[str, str]:
    """What each complaint speaks of, as it was typed."""
    return {
        "date_in_future": said.called_raw,
        "date_unread": said.called_raw,
        "money_unread": said.money_lost_raw,
        places.UNKNOWN: said.commune_raw,
        places.AMBIGUOUS: said.commune_raw,
        "contact_unread": said.contact,
    }
