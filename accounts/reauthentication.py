"""Repeated authentication before personal data is shown or exported.

Unless the officer authenticated in the last `REAUTHENTICATION_MINUTES` and has opened few reports since,
a page asks for password or code and carries the posted fields along, so that the request goes on
afterwards: nobody is shut out, however many look for help at once.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django_otp.models import Device

from accounts.models import EncryptedTOTPDevice, HashedBackupCodes
from core.audit import events
from core.responses import HttpResponseSeeOther

View = Callable[..., HttpResponseBase]

_WHEN = "confirmed_at"  # in the session: seconds since 1970
_PROOF, _FIRST = "confirm_proof", "confirm_method"
_OWN_FIELDS = {_PROOF, _FIRST, "csrfmiddlewaretoken"}
# Six digits of a phone, eight characters on paper; a password has fourteen or more.
_TOTP_LENGTH, _MAX_CODE_LENGTH = 6, 8
WRONG_CODE = "Chưa đúng. Mã trên điện thoại đổi 30 giây một lần, mỗi mã chỉ dùng được một lần."


def reauthentication_required(view: View, permission: str, each: str = "") -> View:
    """Return the view with authentication first; the view itself refuses who lacks the permission.

    A post with the field `each` asks whenever it comes: it opens many reports at once.
    Wrap outside a method check: `reauthentication_required(require_safe(view), EXPORT)`.
    """

    @wraps(view)
    @sensitive_post_parameters(_PROOF)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not (isinstance(user, User) and user.has_perm(permission)):
            return view(request, *args, **kwargs)
        proof = request.POST.get(_PROOF)
        is_often = events.has_revealed_often(user, _last_authenticated(request))
        if is_often or each in request.POST or not is_recently_authenticated(request):
            if proof is None or not _is_proof(request, proof):
                return _ask(request, is_wrong=proof is not None, is_often=is_often)
            request.session[_WHEN] = timezone.now().timestamp()
        if proof is not None and request.POST.get(_FIRST) == "GET":
            return HttpResponseSeeOther(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def is_recently_authenticated(request: HttpRequest) -> bool:
    """Return whether the session authenticated in the last REAUTHENTICATION_MINUTES."""
    age = timezone.now() - _last_authenticated(request)
    return timedelta(0) <= age < timedelta(minutes=settings.REAUTHENTICATION_MINUTES)


def _last_authenticated(request: HttpRequest) -> datetime:
    return datetime.fromtimestamp(request.session.get(_WHEN, 0), UTC)


def require_reauthentication(request: HttpRequest) -> None:
    """Make the session authenticate before personal data, after a log-in checked elsewhere."""
    request.session.pop(_WHEN, None)


def connect_signals() -> None:
    """Count a log-in as authentication. Call once, when the app is ready."""
    user_logged_in.connect(_note_login, dispatch_uid="reauth")


def _note_login(request: HttpRequest, **_: Any) -> None:
    request.session[_WHEN] = timezone.now().timestamp()


def _is_proof(request: HttpRequest, typed: str) -> bool:
    """Return whether it is a code or the password; the device throttles guesses, axes counts them."""
    code = "".join(typed.split()).lower()
    if len(code) <= _MAX_CODE_LENGTH:
        return bool(code) and verify_code(request.user, code) is not None
    name = request.user.get_username()
    return authenticate(request, username=name, password=typed) == request.user


def verify_code(user: Any, code: str) -> Device | None:
    """Return the device that accepts this code, or None; a wrong code throttles the next."""
    with transaction.atomic():
        device = lock_device_for(user, code)
        return device if device and device.verify_token(code) else None


def lock_device_for(user: Any, code: str) -> Device | None:
    """Return the device a code is for, locked until COMMIT: the phone for six digits, else paper."""
    is_totp = code.isdecimal() and len(code) == _TOTP_LENGTH
    model = EncryptedTOTPDevice if is_totp else HashedBackupCodes
    devices = model.objects.filter(user=user, confirmed=True).select_for_update()
    device: Device | None = devices.first()
    return device


def _ask(request: HttpRequest, *, is_wrong: bool, is_often: bool) -> TemplateResponse:
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _OWN_FIELDS
        for value in values
    ]
    context = {
        **admin.site.each_context(request),
        "title": "Xác nhận lại",
        "fields": fields,
        "first": request.POST.get(_FIRST) or request.method,
        "wrong": WRONG_CODE if is_wrong else "",
        "often": is_often,
    }
    return TemplateResponse(
        request, "admin/reauthenticate.html", context, status=422 if is_wrong else 200
    )
