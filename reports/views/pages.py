"""Pages that only tell: home, on the call now."""

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

QUESTIONS = [
    ("threat", "Họ nói bạn dính vụ án, nợ tiền, sắp bị bắt, bị cắt điện, khóa SIM?"),
    ("isolation", "Họ dặn không kể với ai, ra chỗ vắng, không cho cúp máy?"),
    ("money", "Họ bảo chuyển tiền, rút tiền, gửi vào “tài khoản an toàn”?"),
    ("secrets", "Họ hỏi mã OTP (dãy số gửi về máy), mật khẩu, số thẻ, bảo quét khuôn mặt?"),
    ("software", "Họ bảo cài ứng dụng, bấm đường link, quét mã vuông (QR), kết bạn Zalo?"),
]


@require_safe
@cache_control(public=True, max_age=60)
def home(request: HttpRequest) -> HttpResponse:
    """The doors, the warning in force, the promise. Without a database: all but the warning."""
    try:
        return render(request, "reports/home.html", {"with_warning": True}, using="public")
    except DatabaseTrouble:
        return render(request, "reports/home.html", using="public")


@require_safe
@cache_control(public=True, max_age=300)
def now(request: HttpRequest) -> HttpResponse:
    """For somebody who is on the call: needs nothing but this process."""
    return render(request, "reports/now.html", {"questions": QUESTIONS}, using="public")
