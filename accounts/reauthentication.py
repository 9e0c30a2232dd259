"""Asking once more who is at the desk, before personal data is shown or leaves it.

Who logged in, or was asked, in the last `REAUTHENTICATION_MINUTES` minutes is not asked. Otherwise the page asks
in the place of the answer and carries along what was posted: with the right password or code the act
goes on as it was meant, and nothing that was typed is lost.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django_otp.models import Device

from accounts.models import EncryptedTOTPDevice, HashedBackupCodes

View = Callable[..., HttpResponseBase]

_WHEN = "confirmed_at"  # in the session: seconds since 1970
_PROOF, _FIRST = "confirm_proof", "confirm_method"
_OURS = {_PROOF, _FIRST, "csrfmiddlewaretoken"}
_PHONES_CODE, _MAX_CODE_LENGTH = (
    6,
    8,
)  # six digits of a phone, eight signs on paper; a password has fourteen or more
_WRONG = "Chưa đúng. Mã trên điện thoại đổi 30 giây một lần, mỗi mã chỉ dùng được một lần."


def reauthentication_required(view: View, permission: str) -> View:
    """The view, which asks first. Who lacks the permission is left to the view, which refuses.

    Put it outside of what looks at the method: `must_be_confirmed(require_safe(view), EXPORT)`.
    """

    @wraps(view)
    @sensitive_post_parameters(_PROOF)
    def guarded(request: HttpRequest, *args: Any, **given: Any) -> HttpResponseBase:
        if not _may(request, permission):
            return view(request, *args, **given)
        proof = request.POST.get(_PROOF)
        if not is_recently_authenticated(request):
            if proof is None or not _proves(request, proof):
                return _ask(request, is_wrong=proof is not None)
            request.session[_WHEN] = timezone.now().timestamp()
        if proof is not None and request.POST.get(_FIRST) == "GET":
            return _see(request.get_full_path())
        return view(request, *args, **given)

    return guarded


def is_recently_authenticated(request: HttpRequest) -> bool:
    """Whether password or code was given here lately."""
    age = timezone.now().timestamp() - request.session.get(_WHEN, 0)
    return bool(0 <= age < settings.REAUTHENTICATION_MINUTES * 60)


def require_reauthentication(request: HttpRequest) -> None:
    """As if nothing had been given here yet: somebody else vouched for who it is."""
    request.session.pop(_WHEN, None)


def connect_signals() -> None:
    """Logging in is the first confirmation. Called once, when the desk starts."""
    user_logged_in.connect(_logged_in, dispatch_uid="reauth")


def _logged_in(request: HttpRequest, **_: Any) -> None:
    request.session[_WHEN] = timezone.now().timestamp()


def _may(request: HttpRequest, permission: str) -> bool:
    return isinstance(request.user, User) and request.user.has_perm(permission)


def _proves(request: HttpRequest, typed: str) -> bool:
    """A code is checked by its device, which slows guesses; a password by the log-in's own door,
    which counts them.
    """
    code = "".join(typed.split()).lower()
    if len(code) <= _MAX_CODE_LENGTH:
        return bool(code) and verify_code(request.user, code) is not None
    name = request.user.get_username()
    return authenticate(request, username=name, password=typed) == request.user


def verify_code(user: Any, code: str) -> Device | None:
    """The device that takes this code, if one does; a wrong one slows the next."""
    with transaction.atomic():
        device = lock_device_for(user, code)
        return device if device and device.verify_token(code) else None


def lock_device_for(user: Any, code: str) -> Device | None:
    """The device that a code is for, nobody else's until COMMIT: six digits are the phone's, anything
    else is one of the codes on paper.
    """
    kind = (
        EncryptedTOTPDevice if code.isdecimal() and len(code) == _PHONES_CODE else HashedBackupCodes
    )
    device: Device | None = (
        kind.objects.filter(user=user, confirmed=True).select_for_update().first()
    )
    return device


def _ask(request: HttpRequest, *, is_wrong: bool) -> TemplateResponse:
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _OURS
        for value in values
    ]
    context = {
        **admin.site.each_context(request),
        "title": "Xác nhận lại",
        "kept": kept,
        "first": request.POST.get(_FIRST) or request.method,
        "wrong": _WRONG if is_wrong else "",
    }
    return TemplateResponse(
        request, "admin/reauthenticate.html", context, status=422 if is_wrong else 200
    )


def _see(address: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response
