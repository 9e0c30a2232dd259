"""Pages that only tell: home, on the call now, how to tell true from fake, ours from an imitation,
and what becomes of personal data.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core.inline_css import style_source
from reports.public import training_scenarios
from reports.reference import confirmed_statements

QUESTIONS = [
    ("threat", _("Họ nói bạn dính vụ án, nợ tiền, sắp bị bắt, bị cắt điện, khóa SIM?")),
    ("isolation", _("Họ dặn không kể với ai, ra chỗ vắng, không cho cúp máy?")),
    ("money", _("Họ bảo chuyển tiền, rút tiền, gửi vào “tài khoản an toàn”?")),
    ("secrets", _("Họ hỏi mã OTP (dãy số gửi về máy), mật khẩu, số thẻ, bảo quét khuôn mặt?")),
    ("software", _("Họ bảo cài ứng dụng, bấm đường link, quét mã vuông (QR), kết bạn Zalo?")),
]
# A page with confirmed sentences. These are kept for a minute themselves: the desk promises two.
CACHE_SECONDS = 60
# A page that shows a warning is kept as briefly as the warning's own (alerts/responses.py): a minute
# after a cancel nobody may read it as live.
WITH_A_WARNING = cache_control(
    public=True, max_age=30, stale_while_revalidate=20, stale_if_error=86400
)
# Its style stands in it. The empty icon keeps browsers from asking for /favicon.ico.
NOW_POLICY = (
    "default-src 'none'; style-src {style}; img-src data:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'; report-uri /csp/; report-to csp"
)


@require_safe
@WITH_A_WARNING
def home(request: HttpRequest) -> HttpResponse:
    """The doors, the warning in force, the promise. Without a database: all but the warning."""
    try:
        return render(request, "reports/home.html", {"with_warning": True}, using="public")
    except DatabaseTrouble:
        return render(request, "reports/home.html", using="public")


@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
def now(request: HttpRequest) -> HttpResponse:
    """For somebody who is on the call: one request, and it stands without a database."""
    context = {
        "questions": QUESTIONS,
        "said": confirmed_statements.statements(),
        "banks": confirmed_statements.bank_hotlines(),
    }
    response = render(request, "reports/now.html", context, using="public")
    policy = NOW_POLICY.format(style=style_source("reports/now.css"))
    response.headers["Content-Security-Policy"] = policy
    return response


@require_safe
@cache_control(public=True, max_age=300)
def quiz(request: HttpRequest) -> HttpResponse:
    """Invented situations; the style sheet shows an explanation once an answer is chosen."""
    context = {"situations": training_scenarios.SITUATIONS}
    return render(request, "reports/quiz.html", context, using="public")


@require_safe
@cache_control(public=True, max_age=300)
def scam_call(request: HttpRequest) -> HttpResponse:
    """One invented call, each line with what the caller is doing."""
    context = {"lines": training_scenarios.SCAM_CALL}
    return render(request, "reports/scam_call.html", context, using="public")


@require_safe
@cache_control(public=True, max_age=300)
def genuine(request: HttpRequest) -> HttpResponse:
    """How to know that this portal is ours."""
    context = {"host": urlsplit(settings.PORTAL_URL).netloc}
    return render(request, "reports/genuine.html", context, using="public")


@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
def personal_data(request: HttpRequest) -> HttpResponse:
    """What is kept of people, why, how long, and what they may ask for."""
    context = {"periods": _periods("keep_contact", "keep_story"), "mail": _periods("keep_mail")}
    return render(request, "reports/personal_data.html", context, using="public")


def _periods(*codenames: str) -> list[str]:
    """How long things are kept, as far as that is confirmed."""
    said = confirmed_statements.statements()
    told = [said[codename] for codename in codenames if codename in said]
    return [each.text.replace("{days}", str(each.amount)) for each in told]
