"""The province's first warning, from dispatch 140/CAT-PV01 of 12 January 2024.

The facts and the reference are the dispatch's, the words are our own. Districts and their police,
whom it addresses, no longer exist: people are sent to the commune police.
"""

import json
from datetime import date
from importlib.resources import files
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from alerts.models import Alert, AlertStep

SLUG = "goi-dien-gia-danh-lanh-dao"


def ensure_first_alert(author: User | None = None) -> Alert:
    """The first warning, written as a draft when it is not there; else as it stands."""
    if alert := Alert.objects.filter(slug=SLUG).first():
        return alert
    text = _text()
    steps = text.pop("steps")
    dated = date.fromisoformat(text.pop("document_date"))
    with transaction.atomic():
        alert = Alert.objects.create(slug=SLUG, author=author, document_date=dated, **text)
        AlertStep.objects.bulk_create(
            AlertStep(alert=alert, position=place, **step) for place, step in enumerate(steps, 1)
        )
    return alert


def _text() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(
        (files("alerts") / "data" / "first_alert.json").read_text("utf-8")
    )
    for name in ("advice", "advice_en", "loudspeaker", "document_recipients"):
        values[name] = "\n".join(values[name])
    return values
