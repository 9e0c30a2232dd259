"""What the desk says of decisions: titles and answers of each verb, its key, and what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.province import province
from reports.cases import blockers

GIVE_BACK_REASONS = (
    "Hết ca, chưa ai nhận tiếp", "Việc khác gấp hơn", "Cần người có chuyên môn khác",
    "Có liên quan đến người tôi quen", "Nhận nhầm",
)  # fmt: skip
_NEVER = "Không hỏi mã, không hỏi số thẻ, không gửi đường link."


@dataclass(frozen=True)
class ActionLabel:
    """The texts of a verb; `asks` is the label of the reason, "" without one."""

    title: str
    done: str
    asks: str = ""
    hint: str = ""
    css: str = ""


ACTION_LABELS: Mapping[str, ActionLabel] = {
    "contact": ActionLabel("Ghi kết quả liên hệ", "Đã ghi kết quả liên hệ."),
    "receive": ActionLabel("Đã nhận", "Đã xác nhận. Nơi chuyển thấy ngay.", css="primary"),
    "receive_on_paper": ActionLabel("Đã nhận bằng giấy", "Đã ghi đơn vị nhận bằng giấy."),
    "answer": ActionLabel("Báo kết quả", "Đã báo kết quả.", "Đã làm gì, kết quả ra sao"),
    "decline": ActionLabel("Không nhận tin này", "Đã trả về nơi chuyển.", "Vì sao không nhận"),
    "take_back": ActionLabel("Lấy lại tin", "Đã lấy lại, hạn chạy tiếp.", "Vì sao lấy lại"),
    "take": ActionLabel("Nhận xử lý", "Đã nhận xử lý.", css="primary"),
    "resume": ActionLabel(
        "Xử lý tiếp, không chờ nữa", "Đã chuyển sang đang xác minh.", css="primary"
    ),
    "note": ActionLabel("Ghi chú nội bộ", "Đã ghi chú.", "Ghi chú"),
    "assign": ActionLabel(
        "Chuyển cho đồng nghiệp, phân công",
        "Đã chuyển. Người nhận thấy ở trang chủ cho đến khi mở tin.",
        "Vì sao chuyển, dặn gì",
    ),
    "give_back": ActionLabel(
        "Trả về tin chờ xử lý",
        "Đã trả về tin chờ xử lý. Các hạn vẫn chạy như cũ.",
        "Vì sao trả lại",
    ),
    "assign_unit": ActionLabel("Giao đơn vị xử lý", "Đã giao đơn vị."),
    "recall": ActionLabel(
        f"Thu tin về {province.office}", f"Đã thu về {province.office}.", "Vì sao thu về"
    ),
    "ask": ActionLabel(
        "Hỏi thêm người báo",
        "Đã chuyển sang chờ người báo.",
        "Cần hỏi điều gì",
        f"Người báo đọc nguyên văn câu này khi mở tin bằng mã. {_NEVER}",
    ),
    "message": ActionLabel(
        "Nhắn người báo",
        "Đã nhắn. Người báo đọc được khi mở tin bằng mã.",
        "Lời nhắn",
        f"Người báo đọc nguyên văn, không thấy tên cán bộ. Trạng thái giữ nguyên. {_NEVER}",
    ),
    "hand_over": ActionLabel(
        "Lập phiếu chuyển đơn vị", "Đã chuyển. Chờ đơn vị xác nhận.", "Lý do chuyển"
    ),
    "close": ActionLabel("Kết thúc xử lý", "Đã kết thúc xử lý.", "Lý do"),
    "junk": ActionLabel("Tin rác", "Đã đánh dấu tin rác.", "Vì sao là tin rác"),
    "withdraw": ActionLabel("Người báo đề nghị rút", "Đã ghi nhận.", "Người báo nói gì"),
    "second": ActionLabel(
        "Đồng ý xóa khi hết hạn giữ", "Đã ghi hai người đồng ý. Hết hạn giữ thì tin được xóa."
    ),
    "reopen": ActionLabel("Mở lại", "Đã mở lại.", "Vì sao mở lại"),
    "act": ActionLabel(
        "Xác định là tin báo về tội phạm",
        "Đã phân loại là tin báo về tội phạm.",
        "Dấu hiệu gì, gửi cơ quan nào",
        "Ghi rõ tên cơ quan tiếp nhận.",
        css="danger",
    ),
    "extend": ActionLabel(
        "Gia hạn xác minh tin báo",
        "Đã gia hạn. Hạn mới ghi ở đầu trang.",
        "Ai quyết định, theo văn bản nào",
        "Gia hạn được nhiều nhất hai lần. Hạn mới tính từ ngày phân loại.",
    ),
}
# The shortcut that presses the button, or opens its form.
SHORTCUT_KEYS: Mapping[str, str] = {
    "contact": "b", "take": "n", "resume": "t", "note": "g", "assign": "p", "give_back": "q", "assign_unit": "v", "recall": "l",
    "ask": "h", "message": "m", "hand_over": "c", "close": "x", "junk": "r", "withdraw": "u",
    "second": "y", "reopen": "o", "act": "d", "extend": "e",
}  # fmt: skip
MISSING = {
    "reason": "Chưa ghi lý do.",
    "unit": "Chưa ghi đơn vị nhận.",
    "outcome": "Chưa chọn kết quả.",
    "contact": "Chưa chọn kết quả liên hệ.",
    "officer": "Chưa chọn cán bộ.",
    "result": "Chưa chọn kết quả.",
    "receiver": "Chưa ghi người nhận.",
    "received_on": "Ghi ngày nhận, từ ngày chuyển đến hôm nay.",
    "uncalled_reason": "Người báo đang gặp nguy, chưa ai gọi được. Gọi rồi ghi kết quả liên hệ, hoặc ghi vì"
    " sao chuyển khi chưa gọi.",
}
NOT_RELEASED = {
    "reason": "Chưa cho lấy mã. Chưa ghi lý do.",
    "phrase": "Chưa cho lấy mã. Hiện câu hẹn, nghe người gọi đọc đúng câu ấy, rồi bấm lại trong"
    " vòng 15 phút. Lời đã gõ còn nguyên.",
}
PENDING = {
    blockers.ONGOING: "còn đang bị ép",
    blockers.UNCALLED: "chưa ai gọi được",
    blockers.WRITTEN: "có lời chưa ai trả lời",
    blockers.OPEN_REQUEST: "có đề nghị chưa trả lời",
    blockers.MONEY_GONE: "mất tiền mà chưa báo ngân hàng nào",
}
# What an officer says where a decision is asked for once more.
ALL_THE_SAME = {
    "close": "vẫn kết thúc", "hand_over": "vẫn chuyển, hạn gọi còn nguyên",
    "junk": "vẫn đánh dấu tin rác", "withdraw": "vẫn ghi nhận rút tin",
}  # fmt: skip
NOT_SAVED = "Chưa lưu. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên."
NO_VALUE = "Chưa chọn giá trị đúng."
NO_UNIT = "Chưa có đơn vị này trong bảng đơn vị. Chọn một tên trong danh sách, ví dụ: Công an xã Yên Định."
NO_LINKS = "Trang đã hứa với người báo là không gửi đường link. Bỏ đường link đi rồi gửi."

BANK_ERRORS = {
    "same": "Đã có công văn về tài khoản và số tiền này, ngân hàng chưa trả lời.",
    "answered": "Công văn này đã có trả lời.",
    "amount": "Số tiền giữ lại lớn hơn số tiền đã đề nghị.",
}
FORBIDDEN = {
    "secret": "Trang đã hứa là không cán bộ nào hỏi mã OTP, mật khẩu, số thẻ. Lời này dễ hiểu thành"  # nosec B105
    " hỏi những thứ ấy; nói cách khác, ví dụ: Bác có lỡ để lộ mã nào không?",
    "number": "Chỉ ghi được số công bố của cơ quan. Bỏ số điện thoại khác đi; số người báo đã nêu"
    " thì viết “số bạn đã báo”.",
    "blank": "Còn chỗ trống trong ngoặc nhọn, như {so_tin}, chưa điền. Điền hoặc bỏ đi rồi gửi.",
    "unit": "Người báo đọc nguyên văn tên đơn vị. Chỉ ghi tên, không ghi số điện thoại, đường link.",
}
