"""Why a log-in by way of the provider is refused."""

from core.errors import CodedError

# The sentence of the page, and its status.
REFUSED_LOGINS = {
    "down": ("Chưa hỏi được hệ thống tài khoản ngành. Thử lại sau ít phút.", 503),
    "often": ("Thử quá nhiều lần từ nơi này. Chờ mười phút rồi thử lại.", 429),
    "cancelled": ("Hệ thống tài khoản ngành không xác nhận lần đăng nhập này.", 403),
    "late": ("Lần đăng nhập này đã quá lâu hoặc không bắt đầu từ máy này. Bấm lại từ đầu.", 403),
    "untrue": ("Lời xác nhận của hệ thống tài khoản ngành không hợp lệ. Báo kỹ thuật.", 403),
    "unknown": ("Tài khoản ngành này chưa nối với cán bộ nào ở trực ban. Báo chỉ huy trực.", 403),
    "closed": ("Tài khoản trực ban đã khóa hoặc đang tạm khóa đăng nhập. Báo chỉ huy trực.", 403),
    "device": ("Chưa có thiết bị cho mã xác nhận. Xin chỉ huy trực một lời mời.", 403),
}


class LoginRefusedError(CodedError):
    """A log-in was refused: `code` is a key of `REFUSED_LOGINS`, `subject` the unknown one."""

    def __init__(self, code: str, subject: str = "") -> None:
        super().__init__(code)
        self.subject = subject
