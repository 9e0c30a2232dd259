"""What goes out by mail: text alone, a link to the warning, and the way out."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from alerts.delivery import signed_links
from alerts.models import AlertRevision, PartnerAgency, Subscriber
from core import encryption
from core.province_names import build_page_context

_NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"


class MailError(Exception):
    """The server did not take it, or there is none."""


def mail_is_configured() -> bool:
    """Whether mail goes anywhere at all."""
    return bool(settings.EMAIL_BACKEND != _NO_SERVER)


def partner_mail(partner: PartnerAgency, revision: AlertRevision) -> EmailMessage:
    confirm = signed_links.confirmation_url(partner, revision)
    return _letter(
        "partner", encryption.decrypt_field(partner, "mail"), revision=revision, confirm=confirm
    )


def subscriber_mail(subscriber: Subscriber, revision: AlertRevision) -> EmailMessage:
    leave = signed_links.unsubscribe_url(subscriber)
    letter = _letter("warning", _address(subscriber), revision=revision, leave=leave)
    return _with_way_out(letter, leave)


def confirmation_mail(subscriber: Subscriber) -> EmailMessage:
    """The mail that asks whether the owner of the address wants this; no word of whoever asked."""
    leave = signed_links.unsubscribe_url(subscriber)
    letter = _letter(
        "opt_in", _address(subscriber), join=signed_links.opt_in_url(subscriber), leave=leave
    )
    return _with_way_out(letter, leave)


def stopped_channel_mail(partner: PartnerAgency, ways: list[str]) -> EmailMessage:
    """To those who watch: a partner hears nothing any more."""
    page = reverse("admin:alerts_partneragency_change", args=[partner.pk])
    desk = f"{settings.PORTAL_URL}{page}"
    letter = _letter("channel_stopped", None, partner=partner, ways=ways, desk=desk)
    letter.to = list(settings.ALARM_EMAILS)
    return letter


def send(letter: EmailMessage) -> None:
    """Raises MailError."""
    if not mail_is_configured():
        raise MailError("no_mail_server")
    try:
        letter.send()
    except (OSError, ValueError) as error:  # smtplib's are OSErrors; ValueError: no address
        raise MailError("mail_failed") from error


def _address(subscriber: Subscriber) -> str | None:
    return encryption.decrypt_field(subscriber, "address")


def _letter(name: str, address: str | None, **context: Any) -> EmailMessage:
    context |= build_page_context() | {"portal": settings.PORTAL_URL}
    rendered = render_to_string(f"alerts/mail/{name}.txt", context, using="public")
    subject, _, text = rendered.partition("\n")
    letter = EmailMessage(" ".join(subject.split()), text.strip() + "\n", to=[address or ""])
    letter.extra_headers["Auto-Submitted"] = "auto-generated"
    return letter


def _with_way_out(letter: EmailMessage, leave: str) -> EmailMessage:
    """One click in the mail program (RFC 8058)."""
    letter.extra_headers["List-Unsubscribe"] = f"<{leave}>"
    letter.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return letter
