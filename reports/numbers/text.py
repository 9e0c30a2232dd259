"""What the public pages say of how a number is written or shown; the desk has phones.FLAG_REASONS_VI."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What is odd about the number itself.
ODD: dict[str, Promise] = {
    "app_call": _("Gọi qua ứng dụng thì không có số. Tên và ảnh trong ứng dụng ai cũng đặt được."),
    "country_only": _("Mới có mã nước, chưa có số."),
    "display_name": _("Đây là tên hiện trên máy. Tên hiện không chứng minh ai đã gọi."),
    "email": _("Đây là địa chỉ thư điện tử, không phải số điện thoại."),
    "forged_069": _(
        "Số bắt đầu bằng +84069 từng được dùng để giả mạng của Bộ Công an. Số thật hiện là +84 69…."
    ),
    "hidden": _("Người gọi giấu số. Giấu số thì không tra được."),
    "link": _("Đây là đường link, không phải số điện thoại. Đừng bấm vào đường link ấy."),
    "local_number": _("Số bảy chữ số, thiếu mã vùng."),
    "masked": _("Số bị che một phần nên không tra được. Ghi đủ các chữ số."),
    "no_such_range": _("Không có số điện thoại nào bắt đầu như vậy. Số hiện ra có thể bị giả."),
    "old_area_code": _("Mã vùng cũ, nay không còn dùng."),
    "plus_before_service": _("Số 1800, 1900 thật không có dấu + ở trước."),
    "short_with_84": _("Số ngắn thật không có mã nước ở trước. Số hiện ra có thể bị giả."),
    "too_long": _("Thừa chữ số so với một số điện thoại."),
    "too_short": _("Thiếu chữ số so với một số điện thoại."),
    "unknown_country": _("Không có mã nước này. Số hiện ra có thể bị giả."),
    "us_premium": _("Số thu phí của Mỹ (+1 900), không phải 1900 trong nước. Đừng gọi lại."),
    "watched_country": _("Đầu số hay gặp trong các cuộc gọi dọa nạt hoặc nháy máy. Đừng gọi lại."),
    "words": _("Không thấy số nào trong phần đã ghi."),
    "zero_after_plus": _("Dấu + đứng trước số 0: số thật không hiện như vậy."),
    "zeros": _("Toàn số 0: số hiện ra có thể bị giả."),
}
# How the page came to the number that it looked for.
READ: dict[str, Promise] = {
    "extension": _("Có số máy lẻ đi kèm; trang chỉ tra số chính."),
    "from_link": _("Số lấy từ một đường link. Đừng bấm vào đường link ấy."),
    "letters_for_digits": _("Chữ O, l được đọc là số 0, 1."),
    "ministry_network": _("Mạng riêng của Bộ Công an và Bộ Quốc phòng (069). Số này hay bị giả."),
    "old_prefix": _("Số 11 chữ số cũ, đã đổi sang đầu số mới từ năm 2018."),
    "plus_missing": _("Số nước ngoài ghi thiếu dấu +."),
    "reseller_range": _("Dải số cố định qua internet, hay được thuê lại."),
    "unknown_area": _("Mã vùng này không có trong danh sách."),
    "words_around": _("Bên cạnh số còn có chữ hoặc chữ số khác."),
    "zero_added": _("Thừa số 0 ở đầu."),
    "zero_doubled": _("Số 0 ở đầu bị gõ hai lần."),
}


@dataclass(frozen=True)
class Service:
    """A short number that everybody may dial: what it is, and whether in an emergency."""

    name: Promise
    is_emergency: bool = True


SERVICES: dict[str, Service] = {
    "112": Service(_("Số gọi tìm kiếm cứu nạn 112")),
    "113": Service(_("Số khẩn cấp 113 của công an")),
    "114": Service(_("Số gọi chữa cháy 114")),
    "115": Service(_("Số gọi cấp cứu 115")),
    "156": Service(_("Số 156 nhận báo cuộc gọi rác, lừa đảo"), is_emergency=False),
    "5656": Service(_("Số 5656 nhận báo tin nhắn, cuộc gọi rác, lừa đảo"), is_emergency=False),
}
# Either says nothing to who asks, or the page has a place of its own for it.
UNSAID = frozenset({
    "empty", "like_hotline", "several", "unlisted_range", "zero_after_84", "zero_for_plus",
    "zero_missing",
})  # fmt: skip


def flag_sentences(flags: tuple[str, ...]) -> "list[Promise]":
    """The sentences for these flags, what is odd first."""
    told = ODD | READ
    return [told[flag] for flag in sorted(flags, key=lambda flag: flag not in ODD) if flag in told]
