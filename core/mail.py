"""Mails of the portal: text alone, marked as automatic, the first line of their template the subject.

One that a person asked for is ended by one click in the mail program (RFC 8058).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from structlog.typing import FilteringBoundLogger

from core.keys import FieldKey

_NO_SERVER = "django.core.mail.backends.dummy.EmailBackend"
_DOTLESS = {"gmail.com", "googlemail.com"}  # a mailbox is the same with and without dots


class MailError(Exception):
    """The server did not take a mail, or there is none."""


def mail_is_configured() -> bool:
    return bool(settings.EMAIL_BACKEND != _NO_SERVER)


def render_mail(template: str, to: Sequence[str], context: Mapping[str, Any]) -> EmailMessage:
    rendered = render_to_string(template, dict(context), using="public")
    subject, _, text = rendered.partition("\n")
    headers = {"Auto-Submitted": "auto-generated"}
    return EmailMessage(" ".join(subject.split()), text.strip() + "\n", to=to, headers=headers)


def send_or_log(mail: EmailMessage, log: FilteringBoundLogger, event: str, **details: Any) -> bool:
    """Return whether the server took a mail; if not, log why as this event."""
    try:
        mail.send()
    except (OSError, ValueError) as error:  # smtplib's are OSErrors; ValueError: no address
        log.warning(event, error=type(error).__name__, **details)
        return False
    return True


def send(mail: EmailMessage) -> None:
    """Send a mail. Raises MailError unless the server takes it."""
    if not mail_is_configured():
        raise MailError("no_mail_server")
    try:
        mail.send()
    except (OSError, ValueError) as error:  # as above
        raise MailError("mail_failed") from error


def add_one_click_end(mail: EmailMessage, url: str) -> None:
    """Say in the headers where a post of the mail program ends these mails."""
    mail.extra_headers["List-Unsubscribe"] = f"<{url}>"
    mail.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def mailbox_digest(purpose: str, address: str, key: FieldKey) -> bytes:
    """Return a keyed hash that is the same for all spellings of one mailbox, for one purpose alone."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return key.mac(purpose, f"{local}@{domain}".encode())
