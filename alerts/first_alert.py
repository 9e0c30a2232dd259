"""The province's first warning: `first_warning.json` of its folder, as a draft."""

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction

from alerts.models import Alert, AlertStep
from core.province import Province, province

SLUG = "goi-dien-gia-danh-lanh-dao"


def ensure_first_alert(author: User | None = None) -> Alert:
    """The first warning, written as a draft when it is not there; else as it stands."""
    if alert := Alert.objects.filter(slug=SLUG).first():
        return alert
    alert, steps = build_first_alert(province)
    alert.author = author
    with transaction.atomic():
        alert.save(force_insert=True)
        AlertStep.objects.bulk_create(steps)
    return alert


def build_first_alert(province: Province) -> tuple[Alert, list[AlertStep]]:
    """Return the warning of a province's folder with its steps, unsaved."""
    values = province.load_json("first_warning.json")
    steps = values.pop("steps")
    for name in ("advice", "advice_en", "loudspeaker", "document_recipients"):
        values[name] = "\n".join(values[name])
    dated = date.fromisoformat(values.pop("document_date"))
    alert = Alert(slug=SLUG, document_date=dated, **values)
    return alert, [AlertStep(alert=alert, position=i, **step) for i, step in enumerate(steps, 1)]
