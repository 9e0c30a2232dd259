"""Labels of audit events, their subjects, and revealed personal data."""

from django.apps import apps

from core.models import AuditEvent
from core.province import province
from desk.labels import codes, deadlines, highlighting
from desk.labels.formatting import format_count
from reports.cases import checklists

MAX_WORDS_CHARS = 4000  # of one detail, as of a reason
_NUMBERED = {"slip": "phiếu", "letter": "công văn"}

EVENTS = {
    "taken": "Nhận xử lý",
    "contacted": "Liên hệ với người báo",
    "assigned": "Phân công",
    "given_back": "Trả về tin chờ xử lý",
    "checked": "Đánh dấu đã làm",
    "unchecked": "Bỏ dấu đã làm",
    "unit_assigned": "Giao đơn vị xử lý",
    "transfer_slip_printed": "In phiếu chuyển tin",
    "bank_letter_issued": "Lập công văn gửi ngân hàng",
    "bank_letter_printed": "In công văn gửi ngân hàng",
    "bank_letter_answered": "Ghi ngân hàng trả lời",
    "act_proposed": "Đề nghị, chờ người khác xác nhận",
    "act_confirmed": "Xác nhận việc người khác đề nghị",
    "act_refused": "Không nhận việc được đề nghị",
    "number_taken_down": "Gỡ số khỏi các trang",
    "routed": "Chuyển theo quy tắc",
    "rule_saved": "Ghi quy tắc chuyển tin",
    "rule_removed": "Bỏ quy tắc chuyển tin",
    "unit_recalled": f"Thu về {province.office}",
    "noted": "Ghi chú",
    "asked": "Hỏi thêm người báo",
    "messaged": "Nhắn người báo",
    "resumed": "Xử lý tiếp",
    "classified_as_crime": "Phân loại là tin báo về tội phạm",
    "extended": "Gia hạn xác minh tin báo",
    "deadline_begun": "Báo đơn vị có tin chuyển đến",
    "deadline_soon": "Nhắc sắp đến hạn",
    "deadline_overdue": "Báo quá hạn",
    "filed": "Nhập tin thay người báo",
    "handed_over": "Chuyển đơn vị",
    "handover_received": "Đơn vị đã nhận tin chuyển đến",
    "handover_answered": "Đơn vị báo kết quả",
    "handover_declined": "Đơn vị không nhận",
    "handover_taken_back": "Lấy lại tin đã chuyển",
    "closed": "Kết thúc xử lý",
    "junked": "Đánh dấu tin rác",
    "withdrawn": "Ghi nhận người báo rút tin",
    "ending_seconded": "Đồng ý xóa khi hết hạn giữ",
    "reopened": "Mở lại",
    "revealed": "Xem dữ liệu cá nhân",
    "contact_searched": "Tìm theo số gọi lại của người báo",
    "refused": "Bị từ chối vì không có quyền",
    "erased": "Xóa dữ liệu cá nhân",
    "contact_erased": "Xóa số, câu hẹn, bản gốc lời kể",
    "files_erased": "Xóa tài liệu kèm theo",
    "file_taken_back": "Người báo rút lại một tài liệu",
    "messages_erased": "Xóa tin nhắn với người báo",
    "followups_erased": "Xóa lời báo thêm",
    "erasure_granted": "Đồng ý xóa theo đề nghị của người báo",
    "erasure_refused": "Trả lời người báo: chưa xóa được",
    "erasure_request_reopened": "Đưa đề nghị xóa ra xem lại",
    "breach_opened": "Ghi một sự cố lộ dữ liệu",
    "breach_changed": "Ghi việc đã làm với sự cố lộ dữ liệu",
    "one_time_word_issued": "Cho lấy mã mới",
    "code_replaced": "Người báo đã lấy mã mới, mã cũ hết hiệu lực",
    "reprocessed": "Cho máy đọc lại",
    "corrected": "Sửa gợi ý của máy",
    "correction_reverted": "Lấy lại lời đã ghi về gợi ý của máy",
    "fact_confirmed": "Xác nhận gợi ý của máy",
    "reprocessing_started": "Bắt đầu một lượt đọc lại tin",
    "reprocessing_resumed": "Cho lượt đọc lại tin làm tiếp",
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
    "provider_logged_out": "Hệ thống tài khoản ngành báo đã thoát",
    "password_changed": "Đổi mật khẩu",  # nosec B105
    "number_proposed": "Đề nghị ghi nhận một số, tài khoản, link",
    "number_confirmed": "Xác nhận một số, tài khoản, link",
    "number_withdrawn": "Gỡ ghi nhận một số, tài khoản, link",
    "dispute_answered": "Trả lời đề nghị xem lại",
    "dispute_proposed": "Đề nghị gỡ theo đề nghị xem lại",
    "alert_submitted": "Gửi cảnh báo đi duyệt",
    "alert_sent_back": "Trả lại cảnh báo để sửa",
    "alert_deployed": "Cơ quan xác nhận đã triển khai",
    "delivery_resent": "Gửi lại cảnh báo cho cơ quan",
    "partner_added": "Ghi cơ quan nhận cảnh báo",
    "partner_changed": "Sửa cơ quan nhận cảnh báo",
    "partner_secret_created": "Làm khóa webhook",
    "partner_reopened": "Mở lại kênh gửi cảnh báo",
    "partner_stopped": "Kênh gửi cảnh báo tự ngừng",
    "alert_issued": "Phát cảnh báo",
    "alert_updated": "Cập nhật cảnh báo",
    "alert_cancelled": "Hủy cảnh báo",
    "unit_saved": "Ghi đơn vị nhận tin",
    "member_joined": "Đưa cán bộ vào đơn vị",
    "member_left": "Đưa cán bộ ra khỏi đơn vị",
    "tour_seen": "Đọc xong phần làm quen",
    "bulk_action_done": "Làm một việc với nhiều tin",
    "reply_saved": "Ghi câu mẫu",
    "lookalike_reviewed": "Xem tên miền giống tên của trang",
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
    "merge_proposal_rejected": "Không gộp: hai đợt khác nhau",
    "campaign_action_undone": "Lấy lại một việc đã làm",
    "campaign_action_undone_away": "Lấy lại một việc đã làm ở đợt khác",
    "hold_placed": "Giữ nguyên tin theo yêu cầu",
    "hold_lifted": "Thôi giữ tin",
    "destruction_proposed": "Đề nghị hủy",
    "destruction_withdrawn": "Bỏ đề nghị hủy",
    "destroyed": "Hủy, hai người đồng ý",
    "exported": "Xuất danh sách tin",
    "case_exported": "Xuất hồ sơ một tin",
    "labels_exported": "Xuất lời kể có nhãn của cán bộ",
    "figures_exported": "Tải báo cáo số liệu cho lãnh đạo",
    "detail_erased": "Xóa lời ghi trong một dòng nhật ký",
    "record_restored": "Ghi nhận nhật ký đã khôi phục từ bản sao lưu",
}
SUBJECTS = {
    "report": "tin",
    "alert": "cảnh báo",
    "user": "cán bộ",
    "reprocessing_run": "lượt đọc lại",
    "number": "ghi nhận",
    "dispute": "đề nghị xem lại",
    "office": "cơ quan",
    "office_number": "số công bố của cơ quan",
    "bank_hotline": "số gọi gấp của ngân hàng",
    "unit": "đơn vị",
    "proposal": "đề nghị cần người thứ hai",
    "rule": "quy tắc chuyển tin",
    "bulk": "việc với nhiều tin",
    "reply": "câu mẫu",
    "campaign": "đợt",
    "search": "tìm kiếm",
    "lookalike": "tên miền",
    "day": "ngày nghỉ",
    "event": "dòng nhật ký",
    "log_out": "hệ thống tài khoản ngành",
    "breach": "sự cố lộ dữ liệu",
    "export": "lượt xuất",
    "page": "trang",
    "partner": "cơ quan nhận cảnh báo",
    "delivery": "lượt gửi cảnh báo",
}
# What was tried on a page that refused it; a verb of the workflow has its label elsewhere.
VERBS = {
    "add": "thêm",
    "change": "mở, sửa",
    "changelist": "mở danh sách",
    "delete": "xóa",
    "export": "xuất danh sách",
    "file": "nhập tin",
    "issue": "phát",
    "merge": "gộp",
    "merged": "đã gộp",
    "submit": "gửi duyệt",
}
PERSONAL = {
    "contact": "Số người báo",
    "phrase": "Câu hẹn",
    "story": "Bản gốc lời kể",
    "reason": "Bản gốc lý do",
    "file": "Bản gốc tài liệu kèm theo",
    "copy": "Ảnh kèm theo, bản đã xóa dữ liệu ẩn",
    "message": "Bản gốc tin nhắn của người báo",
    "followup": "Bản gốc lời báo thêm",
    "text": "Toàn bộ lời đã che số, tải về",
    "slip": "Số người báo, lời kể gốc trên phiếu chuyển",
}


def event_line(event: AuditEvent, names: dict[int, str], corrections: dict[int, str]) -> str:
    detail, text = event.detail, EVENTS.get(event.kind, event.kind)
    extras = [
        PERSONAL.get(detail.get("field", "")) or checklists.get_text(detail.get("item", "")),
        f"số {detail['number']}" if "number" in detail else "",
        names.get(detail.get("officer", 0), "") if event.kind == "assigned" else "",
        *(codes.OUTCOMES.get(detail.get(key, ""), "") for key in ("outcome", "contact", "result")),
        deadlines.KINDS.get(detail.get("deadline", ""), ""),
        detail.get("unit", ""),
        *(f"{word} {detail[key]}" for key, word in _NUMBERED.items() if key in detail),
        f"giữ lại {format_count(detail['frozen'])} đồng" if "frozen" in detail else "",
        *(detail.get(key, "") for key in ("uncalled_reason", "receiver", "received_on", "reason")),
        corrections.get(detail.get("correction", 0), ""),
    ]
    details = "; ".join(highlighting.plain_line(each, MAX_WORDS_CHARS) for each in extras if each)
    return f"{text}: {details}" if details else text


def subject_label(name: str) -> str:
    """Return what a subject's type, or the name of a page (`app_model_verb`), is called."""
    if name in SUBJECTS:
        return SUBJECTS[name]
    app, _, rest = name.partition("_")
    every = [each._meta for each in apps.get_models()]  # noqa: SLF001
    for opts in every:
        if (opts.app_label, opts.model_name) == (app, rest.partition("_")[0]):
            return f"trang {opts.verbose_name_plural}"
    return next((str(opts.verbose_name) for opts in every if opts.model_name == name), name)
