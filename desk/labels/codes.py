"""What the desk calls things: codes and figures in, Vietnamese words out."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from core.province import province
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.scoring import DENIED, is_remainder
from reports.facts import abuse_flags
from reports.facts.choices import OFFICES
from reports.facts.choices import demand_label as label_of
from reports.facts.followup_facts import ADDED
from reports.models import Case, Report

UNTRIAGED = "máy chưa đọc"


@dataclass(frozen=True)
class PriorityLabel:
    """A priority in words; the figure stands beside them."""

    word: str
    css: str


_URGENCIES = (
    (80, PriorityLabel("Rất khẩn", "urgent-5")),
    (60, PriorityLabel("Khẩn", "urgent-4")),
    (40, PriorityLabel("Vừa", "urgent-3")),
    (20, PriorityLabel("Thấp", "urgent-2")),
    (0, PriorityLabel("Sau cùng", "urgent-1")),
)
_UNREAD = PriorityLabel(UNTRIAGED, "urgent-0")

EVENTS = {
    "taken": "Nhận xử lý",
    "assigned": "Phân công",
    "unit_assigned": "Giao đơn vị xử lý",
    "slip_issued": "Lập phiếu chuyển tin",
    "slip_given": "In phiếu chuyển tin",
    "published_proposed": "Đề nghị đổi số công bố",
    "published_confirmed": "Xác nhận đổi số công bố",
    "published_refused": "Giữ nguyên số công bố",
    "routed": "Chuyển theo quy tắc",
    "rule_saved": "Ghi quy tắc chuyển tin",
    "rule_removed": "Bỏ quy tắc chuyển tin",
    "unit_recalled": f"Thu về {province.office}",
    "noted": "Ghi chú",
    "asked": "Hỏi thêm người báo",
    "messaged": "Nhắn người báo",
    "resumed": "Xử lý tiếp",
    "actioned": "Phân loại là tin báo về tội phạm",
    "extended": "Gia hạn xác minh tin báo",
    "clock_soon": "Nhắc sắp đến hạn",
    "clock_overdue": "Báo quá hạn",
    "filed": "Nhập tin thay người báo",
    "handed_over": "Chuyển đơn vị",
    "closed": "Kết thúc xử lý",
    "junked": "Đánh dấu tin rác",
    "withdrawn": "Ghi nhận người báo rút tin",
    "reopened": "Mở lại",
    "revealed": "Xem dữ liệu cá nhân",
    "refused": "Bị từ chối vì không có quyền",
    "erased": "Xóa dữ liệu cá nhân",
    "contact_erased": "Xóa số, câu hẹn, bản gốc lời kể",
    "files_erased": "Xóa tài liệu kèm theo",
    "messages_erased": "Xóa tin nhắn với người báo",
    "additions_erased": "Xóa lời báo thêm",
    "wish_granted": "Đồng ý xóa theo đề nghị của người báo",
    "wish_refused": "Trả lời người báo: chưa xóa được",
    "wish_taken_up": "Đưa đề nghị xóa ra xem lại",
    "breach_opened": "Ghi một sự cố lộ dữ liệu",
    "breach_changed": "Ghi việc đã làm với sự cố lộ dữ liệu",
    "code_released": "Cho lấy mã mới",
    "code_replaced": "Người báo đã lấy mã mới, mã cũ hết hiệu lực",
    "reread": "Cho máy đọc lại",
    "corrected": "Sửa gợi ý của máy",
    "uncorrected": "Lấy lại chỗ đã sửa gợi ý của máy",
    "retriage_started": "Bắt đầu một lượt đọc lại tin",
    "retriage_resumed": "Cho lượt đọc lại tin làm tiếp",
    "invited": "Gửi lời mời vào trực ban",
    "enrolled": "Đặt mật khẩu và mã xác nhận",
    "account_closed": "Khóa tài khoản",
    "account_reopened": "Mở lại tài khoản",
    "account_warned": "Báo trước tài khoản sắp khóa",
    "account_linked": "Nối tài khoản ngành",
    "account_unlinked": "Gỡ tài khoản ngành",
    "role_changed": "Đổi vai trò",
    "lock_lifted": "Mở khóa đăng nhập",
    "sessions_ended": "Thoát ở mọi nơi khác",
    "provider_left": "Hệ thống tài khoản ngành báo đã thoát",
    "password_changed": "Đổi mật khẩu",  # nosec B105
    "number_proposed": "Đề nghị ghi nhận một số",
    "number_confirmed": "Xác nhận một số",
    "number_withdrawn": "Gỡ ghi nhận một số",
    "dispute_answered": "Trả lời đề nghị xem lại số",
    "dispute_proposed": "Đề nghị gỡ số theo đề nghị xem lại",
    "office_saved": "Ghi lời về cơ quan",
    "office_number_saved": "Ghi số công bố của cơ quan",
    "office_number_removed": "Bỏ số công bố của cơ quan",
    "alert_submitted": "Gửi cảnh báo đi duyệt",
    "alert_sent_back": "Trả lại cảnh báo để sửa",
    "alert_deployed": "Cơ quan xác nhận đã triển khai",
    "delivery_resent": "Gửi lại cảnh báo cho cơ quan",
    "partner_added": "Ghi cơ quan nhận cảnh báo",
    "partner_changed": "Sửa cơ quan nhận cảnh báo",
    "partner_key_made": "Làm khóa webhook",
    "partner_reopened": "Mở lại kênh gửi cảnh báo",
    "partner_stopped": "Kênh gửi cảnh báo tự ngừng",
    "alert_issued": "Phát cảnh báo",
    "alert_updated": "Cập nhật cảnh báo",
    "alert_cancelled": "Hủy cảnh báo",
    "unit_saved": "Ghi đơn vị nhận tin",
    "member_joined": "Đưa cán bộ vào đơn vị",
    "member_left": "Đưa cán bộ ra khỏi đơn vị",
    "statement_shown": "Cho hiện câu trên trang",
    "statement_hidden": "Thôi hiện câu trên trang",
    "statement_changed": "Sửa câu chưa hiện",
    "tour_seen": "Đọc xong phần làm quen",
    "bulk_done": "Làm một việc với nhiều tin",
    "reply_saved": "Ghi câu mẫu",
    "bank_saved": "Ghi số ngân hàng",
    "bank_removed": "Bỏ số ngân hàng",
    "name_judged": "Xem tên miền giống tên của trang",
    "day_added": "Ghi ngày nghỉ, ngày làm bù",
    "day_removed": "Bỏ ngày nghỉ, ngày làm bù",
    "search_saved": "Lưu một tìm kiếm",
    "search_removed": "Xóa một tìm kiếm",
    "campaign_merged": "Gộp đợt khác vào đợt này",
    "campaign_merged_away": "Gộp đợt này vào đợt khác",
    "campaign_split": "Tách một số tin thành đợt mới",
    "campaign_split_away": "Mở đợt này từ tin của đợt khác",
    "campaign_attached": "Gắn tin vào đợt",
    "campaign_detached": "Tách tin khỏi đợt",
    "campaign_kept_two": "Không gộp: hai đợt khác nhau",
    "campaign_taken_back": "Lấy lại một việc đã làm",
    "campaign_taken_back_away": "Lấy lại một việc đã làm",
    "hold_placed": "Giữ nguyên tin theo yêu cầu",
    "hold_lifted": "Thôi giữ tin",
    "destruction_proposed": "Đề nghị hủy",
    "destruction_withdrawn": "Bỏ đề nghị hủy",
    "destroyed": "Hủy, hai người đồng ý",
    "exported": "Xuất danh sách tin",
    "case_exported": "Xuất hồ sơ một tin",
    "detail_erased": "Xóa lời ghi trong một dòng nhật ký",
    "record_restored": "Ghi nhận nhật ký đã khôi phục từ bản sao lưu",
}
FACTS = {
    "scenario": "Kiểu lừa",
    "actions": "Họ đòi",
    "money_lost_vnd": "Thiệt hại",
    "ongoing": "Đang bị ép",
    "just_now": "Vừa xảy ra",
    "third_person": "Người bị lừa",
    "office": "Họ xưng",
    "stages": "Bước kịch bản",
}
SUBJECTS = {
    "report": "tin",
    "alert": "cảnh báo",
    "user": "cán bộ",
    "retriage": "lượt đọc lại",
    "number": "số",
    "dispute": "đề nghị xem lại số",
    "office": "cơ quan",
    "unit": "đơn vị",
    "published": "số công bố",
    "rule": "quy tắc chuyển tin",
    "statement": "câu cần xác nhận",
    "bulk": "việc với nhiều tin",
    "reply": "câu mẫu",
    "bank": "số ngân hàng",
    "campaign": "đợt",
    "search": "tìm kiếm",
    "lookalike": "tên miền",
    "day": "ngày nghỉ",
    "event": "dòng nhật ký",
    "log_out": "hệ thống tài khoản ngành",
    "breach": "sự cố lộ dữ liệu",
    "export": "lượt xuất",
    "page": "trang",
}
OUTCOMES: dict[str, str] = {str(value): str(label) for value, label in Case.Outcome.choices}
PERSONAL = {
    "contact": "Số người báo",
    "phrase": "Câu hẹn",
    "story": "Bản gốc lời kể",
    "reason": "Bản gốc lý do",
    "file": "Bản gốc tài liệu kèm theo",
    "copy": "Ảnh kèm theo, bản đã xóa dữ liệu ẩn",
    "message": "Bản gốc tin nhắn của người báo",
    "addition": "Bản gốc lời báo thêm",
    "text": "Toàn bộ lời đã che số, tải về",
    "slip": "Số người báo, lời kể gốc trên phiếu chuyển",
}
STATUS_TAGS: dict[str, str] = {
    Case.Status.NEW: "tag-amber",
    Case.Status.IN_REVIEW: "tag-green",
    Case.Status.WAITING: "tag-violet",
    Case.Status.ACTIONED: "tag-red",
    Case.Status.HANDED_OVER: "tag-quiet",
    Case.Status.CLOSED: "tag-quiet",
    Case.Status.JUNK: "tag-quiet",
    Case.Status.WITHDRAWN: "tag-quiet",
}
OFFICES_OF_FORM = dict(OFFICES)
_FLAGS = {
    "masked_card": "Lời kể có dãy số giống số thẻ, đã che.",
    "masked_id": "Lời kể có dãy số giống số căn cước, đã che.",
    "masked_contact": "Lời kể có số của người báo, đã che.",
    "commune_unknown": "Chưa tìm thấy xã, phường như đã ghi.",
    "commune_ambiguous": "Tên xã, phường này có mấy nơi.",
    "contact_doubtful": "Số để gọi lại không phải một số thuê bao trong nước.",
    "contact_is_caller": "Số để gọi lại trùng với số gọi đến.",
    "contact_unread": "Số để gọi lại không giống số điện thoại.",
    "date_in_future": "Ngày gọi ghi trên tin chưa tới.",
    "date_unread": "Chưa đọc được ngày gọi như đã ghi.",
    "list_cut": "Có chỗ dài quá một ô; phần còn lại nằm trong lời kể.",
    "demand_unknown": "Có ô chọn mà cổng không biết.",
    "money_unread": "Chưa đọc được số tiền như đã ghi.",
    "signs_replaced": "Có ký tự hỏng, đã thay bằng dấu khác.",
    abuse_flags.ADDRESS_BUSY: "Một địa chỉ mạng gửi nhiều tin trong mười phút. Xếp dưới đến khi có người nhận.",
    abuse_flags.FLOOD: "Gửi lúc tin về dồn dập.",
    abuse_flags.NETWORK_BUSY: "Một mạng gửi rất nhiều tin trong mười phút. Xếp dưới đến khi có người nhận.",
    abuse_flags.NUMBER_BUSY: "Rất nhiều tin nêu số này trong mười phút. Xếp dưới đến khi có người nhận.",
    abuse_flags.SAME_NETWORK: "Mạng gửi tin này đã từng báo số này. Chỉ riêng tin này thì chưa tính thêm một người.",
    abuse_flags.SAME_WORDS: "Trong một giờ nhiều tin dùng đúng lời này. Xếp dưới đến khi có người nhận.",
    "too_fast": "Gửi rất nhanh sau khi mở trang, có thể do máy gửi.",
    "trap_filled": "Đã điền ô ẩn mà người thường không thấy, có thể do máy gửi.",
}
_RULES = {
    "always urgent": "Kiểu lừa luôn phải xem ngay",
    "clamped to 0": "Điểm thấp nhất là 0",
    "clamped to 100": "Điểm cao nhất là 100",
    "junk": "Có vẻ là tin rác, cán bộ quyết định",
    "money lost: sum not said": "Đã mất tiền, chưa rõ bao nhiêu",
    "money moved within hours": "Tiền mới chuyển trong vài giờ",
    "office named on the form": "Người báo nêu nơi bị giả danh",
    "office of state": "Giả danh cơ quan nhà nước",
    "ongoing": "Đang bị ép",
    "ongoing by its words": "Có thể còn đang bị ép",
    "ongoing: declared": "Người báo chọn: họ vẫn đang ép",
    "third party: child": "Có trẻ em",
    "third party: elder": "Có người già",
    "third party: other": "Báo thay người khác",
    "third party: declared": "Báo thay người khác",
}
_OF_CODE = {"scenario": "Kiểu lừa", "demand": "Họ đòi", "top demand": "Việc nguy nhất"}
_OF_NUMBER = {
    "campaign of": "Cùng đợt có {} tin",
    "further demands:": "Còn đòi thêm {} việc",
    "money lost:": "Thiệt hại từ {}",
}
_MANY = re.compile(r"(campaign of|further demands:|money lost:) (\d+)")


def priority_label(priority: int | None) -> PriorityLabel:
    """A priority's word; None is a report that the machine has not read."""
    if priority is None:
        return _UNREAD
    return next(urgency for least, urgency in _URGENCIES if priority >= least)


def priority_floor(step: str) -> int | None:
    """The least priority of a step: "5" is the gravest, "0" what the machine has not read."""
    return (int(step) - 1) * 20 if step in {"1", "2", "3", "4", "5"} else None


def code_label(code: str) -> str:
    """A scenario or an action of the taxonomy; an unknown code stands for itself."""
    row = code_rows().get(code)
    return row["label_vi"] if row else code


def short_label(code: str) -> str:
    """The label up to its first comma: enough for a row."""
    return code_label(code).partition(",")[0]


def demand_label(code: str) -> str:
    """What the reporter ticked: a box of the form, or an action."""
    boxed = label_of(code)
    return code_label(code) if boxed == code else boxed


def office_label(code: str) -> str:
    """Whom the caller claimed to be, as the form offers it."""
    return str(OFFICES_OF_FORM.get(code, code))


def channel_label(code: str) -> str:
    """By what they called; a channel that the form does not offer stands for itself."""
    return str(dict(Report.Channel.choices).get(code, code))


def flag_label(code: str) -> str:
    """An oddity that intake marked."""
    return _FLAGS.get(code, code)


def rule_label(text: str) -> str:
    """The ground of a priority in an officer's words."""
    if text in _RULES:
        return _RULES[text]
    head, _, code = text.partition(": ")
    if head in _OF_CODE:
        return f"{_OF_CODE[head]}: {code_label(code)}"
    if found := _MANY.match(text):
        amount = format_loss(int(found[2])) if found[1] == "money lost:" else found[2]
        return _OF_NUMBER[found[1]].format(amount)
    return _RULES.get(head, text)


def source_label(text: str) -> str:
    """The ground of a fact: where it was read, when not in the story itself."""
    if text.startswith("declared: "):
        return "Người báo cho biết"
    said = text.removesuffix(ADDED)
    notes = ["Trong lời báo thêm"] if said != text else []
    if said.endswith(DENIED):
        notes.insert(0, "Có nói, nhưng chưa làm theo")
    if is_remainder(said):
        notes.insert(0, "Các chữ còn lại của lời kể")
    return "; ".join(notes)


def lower_initial(text: str) -> str:
    """A label as it stands inside a sentence: names in it keep their capitals."""
    return text[:1].lower() + text[1:]


def format_loss(dong: int | None) -> str:
    """A loss: 120 triệu, 35,5 triệu, 1,2 tỷ; none and unknown in words."""
    if dong is None:
        return "Chưa rõ"
    if dong == 0:
        return "Không"
    for size, word in ((10**9, "tỷ"), (10**6, "triệu"), (10**3, "nghìn")):
        if round(dong / size, 4) >= 1:  # 999.999 is a million, not 1000 nghìn
            return f"{dong / size:.1f}".removesuffix(".0").replace(".", ",") + f" {word}"
    return f"{dong} đồng"


def format_count(amount: int) -> str:
    """A count as people write it: 1.234.567."""
    return f"{amount:,}".replace(",", ".")


def format_age(since: datetime, now: datetime) -> str:
    """How long a report has been here."""
    minutes = (now - since) // timedelta(minutes=1)
    for length, word in ((24 * 60, "ngày"), (60, "giờ"), (1, "phút")):
        if minutes >= length:
            return f"{minutes // length} {word} trước"
    return "vừa xong"


def format_phone(key: str) -> str:
    """A canonical number as people write it: 0550 000 123."""
    if not key.startswith("+84"):
        return key
    digits = "0" + key.removeprefix("+84")
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}" if len(digits) in {10, 11} else digits


def officer_name(user: User | None) -> str:
    """An officer's name, or the login where none was entered."""
    if user is None:
        return "chưa phân công"
    return user.get_full_name() or user.get_username()


def format_time(at: datetime) -> str:
    """An hour of the day as the desk writes it, in the desk's own time zone."""
    return f"{timezone.localtime(at):%H:%M}"
