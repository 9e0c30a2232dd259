"""Pages of warnings as a visitor gets them, and what they weigh; the officer's form and buttons."""

import gzip
import re
from html import unescape
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core import mail
from django.test import Client
from django.urls import reverse

from alerts import publishing
from alerts.models import Alert
from tests.support.officers import Person

ADD = "/admin/alerts/alert/add/"


def get_text(client: Client, path: str) -> str:
    """Return the text of a page that is there."""
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def post_text(client: Client, path: str, **fields: str) -> str:
    """Return what a person reads of the response to a form, whatever its status."""
    return unescape(client.post(path, fields).content.decode())


def find_mailed_path(below: str) -> str:
    """Return where the newest mail leads below this path."""
    match = re.search(rf"http\S+?({below}\S+)", mail.outbox[-1].body)
    assert match
    return match[1]


def find_missing(words: list[str], text: str) -> list[str]:
    return [word for word in words if word not in text]


def measure_weight(page: bytes, *, sheets: bool = True) -> int:
    """Return the compressed bytes of a page of a warning, with its style sheets."""
    names = ("portal",) if sheets else ()
    files = [Path(str(finders.find(f"css/{name}.css"))).read_bytes() for name in names]
    return sum(len(gzip.compress(part, 9)) for part in (page, *files))


def page(alert: Alert) -> str:
    return reverse("admin:alerts_alert_change", args=[alert.pk])


def press(person: Person, alert: Alert, name: str, **fields: Any) -> str:
    """Press a button and return the page that follows."""
    address = reverse(f"admin:alerts_alert_{name}", args=[alert.pk])
    return person.client.post(address, fields, follow=True).content.decode()


def issue(person: Person, alert: Alert) -> str:
    alert.refresh_from_db()
    etag = publishing.draft_etag(alert)
    return press(person, alert, "issue", draft_etag=etag, has_read="yes")


def fill_form(**fields: Any) -> dict[str, Any]:
    """Return a whole form as the editor fills it."""
    return {
        "title": "Giả nhân viên bưu điện",
        "short_title": "Giả bưu điện",
        "slug": "",
        "summary": "Kẻ gian gọi, xưng bưu điện.",
        "advice": "Cúp máy.",
        "sms": "Cup may.",
        "sms_share": "Cup may nhe.",
        "urgency": "Expected",
        "severity": "Moderate",
        "certainty": "Observed",
        "response_type": ["Avoid", "Monitor"],
        "translations-TOTAL_FORMS": 0,
        "translations-INITIAL_FORMS": 0,
        "steps-TOTAL_FORMS": 1,
        "steps-INITIAL_FORMS": 0,
        "steps-0-position": 1,
        "steps-0-title": "Dọa phạt",
        "steps-0-text": "Nói có bưu phẩm cấm.",
        "steps-0-quote": "",
    } | fields
