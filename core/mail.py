"""Mails of the portal: text alone, marked as automatic, the first line of their template the subject."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from structlog.typing import FilteringBoundLogger


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
