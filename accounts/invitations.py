"""Invitations: signed links by which officers set their password and second factor.

An invitation is an unconfirmed device. Enrolling confirms it, so a link is valid once; a newer
invitation, or closing the account, deletes it. Whoever has the link has the account: it is handed over in person.
"""

from datetime import timedelta

from axes.utils import reset
from django import forms
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import officer_accounts, roles
from accounts.models import EncryptedTOTPDevice, HashedBackupCodes
from core.audit import events
from core.audit.proposals import bypass_four_eyes
from core.qr_codes import draw_qr_code

VALID = timedelta(hours=48)
PAPER_CODES = 10
_SALT = "portal.invitation"


class EnrolForm(SetPasswordForm):  # type: ignore[type-arg]  # not generic at run time
    full_name = forms.CharField(
        label="Họ tên, để in trên phiếu chuyển tin",
        max_length=150,
        required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    otp_token = forms.CharField(
        label="Mã 6 chữ số đang hiện trên điện thoại",
        max_length=12,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, device: EncryptedTOTPDevice, data: dict[str, str] | None = None) -> None:
        super().__init__(device.user, data)
        self.device = device
        self.initial["full_name"] = device.user.get_full_name()
        self.order_fields(["full_name"])
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"

    def clean_otp_token(self) -> str:
        token = "".join(self.cleaned_data["otp_token"].split())
        if not self.device.verify_is_allowed()[0] or not self.device.verify_token(token):
            raise forms.ValidationError("Mã chưa đúng. Chờ mã mới hiện rồi gõ lại.")
        return token

    def save(self, commit: bool = True) -> User:
        if name := self.cleaned_data["full_name"]:
            self.user.first_name, self.user.last_name = name, ""
        user: User = super().save(commit)
        return user


def create_invitation(name: str, role: str) -> str:
    """Create or restore an officer; return the path of the invitation.

    An existing officer keeps password and devices until the link is used. Raises KeyError for an
    unknown role, AccountError where no lead would be left.
    """
    group = roles.group_of(role)
    with bypass_four_eyes():
        user, new = User.objects.select_for_update().get_or_create(
            username=name, defaults={"is_active": False, "is_staff": True}
        )
        if new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        officer_accounts.assign_group(user, group)
        EncryptedTOTPDevice.objects.filter(user=user, confirmed=False).delete()
        device = EncryptedTOTPDevice.issue(user, confirmed=False)
        events.log_event("user", user.pk, "invited", role=role)
    token = signing.TimestampSigner(salt=_SALT).sign(device.pk)
    return reverse("invitation", args=[token])


def pending_device_for(token: str) -> EncryptedTOTPDevice | None:
    """Return the unconfirmed device of a link, locked; None when used, replaced, late or forged.

    Without the lock, a second request that checks a code would save the device whole and undo the
    confirmation by the first.
    """
    try:
        key = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=VALID)
    except signing.BadSignature:
        return None
    devices = EncryptedTOTPDevice.objects.select_for_update(of=("self",)).select_related("user")
    device: EncryptedTOTPDevice | None = devices.filter(pk=int(key), confirmed=False).first()
    return device


# The link is the secret that a forger lacks; there is no session cookie here.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@transaction.atomic
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Render the QR code of a link, and enrol with a password and a first code."""
    device = pending_device_for(token)
    if device is None:
        return render(request, "admin/invitation_ended.html", status=410, using="public")
    form = EnrolForm(device, request.POST.dict() if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        context = {"user": device.user, "codes": complete_enrolment(form)}
        return render(request, "admin/enrolled.html", context, using="public")
    qr_code = draw_qr_code(device.config_url, error="m", border=4)
    context = {"form": form, "user": device.user, "qr_code": qr_code}
    context |= _describe_secret(device)
    status = 422 if form.is_bound else 200
    return render(request, "admin/invitation.html", context, status=status, using="public")


@transaction.atomic
def complete_enrolment(form: EnrolForm) -> list[str]:
    """Replace password and devices by the new ones; return new backup codes."""
    user, device = form.user, form.device
    EncryptedTOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    EncryptedTOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
    form.save()
    officer_accounts.on_enrolment(user)
    HashedBackupCodes.objects.filter(user=user).delete()
    codes = HashedBackupCodes.issue(user, PAPER_CODES)
    reset(username=user.get_username())
    events.log_event("user", user.pk, "enrolled", by=user)
    return codes


def _describe_secret(device: EncryptedTOTPDevice) -> dict[str, str]:
    """Return the secret in groups of four, for typing, and the issuer."""
    secret = device.config_url.split("secret=")[1].split("&")[0]
    groups = (secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"secret": " ".join(groups), "issuer": settings.OTP_TOTP_ISSUER}
