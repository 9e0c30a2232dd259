"""What came of a try, for an officer who rings the agency about it."""

_WORDS = {
    "ok": "đã nhận",
    "address": "địa chỉ không đọc được",
    "scheme": "địa chỉ không phải https",
    "host": "địa chỉ không phải tên miền",
    "unknown_host": "không tìm thấy tên miền",
    "not_public": "tên miền dẫn vào mạng nội bộ, không gửi",
    "unreachable": "máy kia không mở cổng",
    "slow": "quá 5 giây không trả lời",
    "tls": "chứng thư https không đúng",
    "not_http": "máy kia trả lời không phải HTTP",
    "no_answer": "máy kia ngắt, không trả lời",
    "too_large": "câu trả lời quá lớn",
    "no_key": "không mở được địa chỉ hoặc khóa",
    "mail_failed": "máy chủ thư không nhận",
    "no_mail_server": "cổng chưa có máy chủ thư",
    "lost": "máy của cổng dừng giữa chừng",
}


def attempt_label(code: str, status: int | None = None) -> str:
    """A code of a try in words; an unknown one stands for itself."""
    if code == "refused":
        return f"máy kia trả lời mã {status}"
    return _WORDS.get(code, code)
