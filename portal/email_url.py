"""Where mail is sent, from one address: EMAIL_URL."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

NOWHERE = "dummymail://"
CONSOLE = "consolemail://"  # a first look shows its mails where it shows its log
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def parse_email_url(url: str) -> dict[str, Any]:
    """Django's EMAIL_… settings for this address; raises ValueError for one that names none."""
    try:
        server: dict[str, Any] = environ.Env.email_url_config(url)
    except ImproperlyConfigured as error:
        raise ValueError(str(error)) from error
    if server["EMAIL_BACKEND"] == SMTP and not server["EMAIL_HOST"]:
        raise ValueError("no mail server named")
    return server


def parse_email_url_or_dummy(url: str) -> dict[str, Any]:
    """As above; for an address that cannot be read, nowhere: settings must import, and
    portal/checks.py says what is wrong.
    """
    try:
        return parse_email_url(url or NOWHERE)
    except ValueError:
        return parse_email_url(NOWHERE)
