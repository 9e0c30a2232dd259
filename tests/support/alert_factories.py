"""Factories of warnings, written and issued as the desk does it, of partners and subscribers."""

import json
import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from alerts import publishing
from alerts.delivery import subscriptions
from alerts.models import (
    Alert,
    AlertRevision,
    AlertStep,
    CancelReason,
    Delivery,
    PartnerAgency,
    Subscriber,
)
from core import encryption
from core.keys import newest_key
from core.models import PartnerChannel
from reports.models import Commune, Office

IN_ENGLISH = {
    "title_en": "Callers posing as the power company",
    "summary_en": "They threaten to cut the power off.",
    "advice_en": "Hang up. You owe no answer.\nRing 02373.725.725 to ask. If you are pressed, ring 113.",
}
HOSTILE = "<script>alert(1)</script>\"'&<b>]]></style>"
KEY = "khoa-cua-co-quan"


def person(name: str) -> User:
    user, _ = User.objects.get_or_create(username=name)
    return user


def commune(
    codename: str = "hac-thanh", name: str = "Phường Thử", former_communes: Iterable[str] = ()
) -> Commune:
    values = {"code": codename[:8], "name": name, "former_districts": [], "sort_key": "thu"}
    values |= {"former_communes": [*former_communes]}
    return Commune.objects.get_or_create(codename=codename, defaults=values)[0]


def office(codename: str = "dien-luc") -> Office:
    return Office.objects.get_or_create(codename=codename, defaults={"name": "Điện lực"})[0]


def draft(
    slug: str = "gia-dien-luc",
    communes: Iterable[Commune] = (),
    offices: Iterable[Office] = (),
    **text: Any,
) -> Alert:
    """Create a complete draft by the editor."""
    words = {
        "title": "Giả điện lực, dọa cắt điện",
        "short_title": "Giả điện lực",
        "summary": "Kẻ gian gọi, xưng điện lực, dọa cắt điện.",
        "advice": "Cúp máy. Không cần cãi.\nTự bấm 02373.725.725 để hỏi. Gấp thì gọi 113.",
        "sms": "Canh bao: gia dien luc. Cup may. Cong an tinh Thanh Hoa",
        "sms_share": "Gia dien luc day. Cup may. Theo Cong an tinh Thanh Hoa",
        "loudspeaker": "Thưa bà con.\nCúp máy.",
        "author": person("editor"),
    }
    alert = Alert.objects.create(slug=slug, **words | text)
    alert.communes.add(*communes)
    alert.offices.add(*offices)
    AlertStep.objects.create(
        alert=alert, position=1, title="Dọa cắt điện", text="Trong hai giờ.", quote="Cắt ngay."
    )
    return alert


def submitted(slug: str = "gia-dien-luc", **text: Any) -> Alert:
    alert = draft(slug, **text)
    publishing.submit(alert, by=person("editor"))
    alert.refresh_from_db()
    return alert


def issued(slug: str = "gia-dien-luc", **text: Any) -> AlertRevision:
    """Create a warning in force, issued by the approver."""
    return approved(submitted(slug, **text))


def approved(alert: Alert) -> AlertRevision:
    """Issue the first revision of a submitted warning."""
    return publishing.issue(alert, by=person("approver"))


def rewritten(revision: AlertRevision, **text: Any) -> AlertRevision:
    """Update a warning."""
    changed = {"audience": f"lần {revision.version + 1}"} | text
    Alert.objects.filter(pk=revision.alert_id).update(**changed)
    publishing.submit(revision.alert, by=person("editor"))
    return publishing.update(revision.alert, by=person("approver"))


def cancelled(revision: AlertRevision) -> AlertRevision:
    return publishing.cancel(revision.alert, by=person("approver"))


def withdrawn(revision: AlertRevision) -> AlertRevision:
    """Cancel a warning as an error."""
    return publishing.cancel(revision.alert, by=person("approver"), ending=CancelReason.ERROR)


def partner(
    name: str = "Sở Mẫu", webhook: str = "", mail: str = "so@mau.example", **more: Any
) -> PartnerAgency:
    """Create an agency with those addresses."""
    fields = {"webhook": webhook, "mail": mail, "secret": webhook and KEY}
    sealed = {f"{name}_sealed": encryption.encrypt(text, name) for name, text in fields.items()}
    return PartnerAgency.objects.create(name=name, kind="department", **sealed, **more)


def delivery() -> Delivery:
    """Create a delivery by mail that waits."""
    return Delivery.objects.create(
        revision=issued("dang-gui"), partner=partner("Sở Gửi"), channel=PartnerChannel.MAIL
    )


def subscriber(address: str = "dan@mau.example", **filters: list[str]) -> Subscriber:
    """Create a confirmed subscriber."""
    key = uuid.uuid4()
    return Subscriber.objects.create(
        pk=key,
        address_sealed=encryption.encrypt(address, "address", key),
        address_index=subscriptions.email_blind_index(address, newest_key()),
        confirmed_at=timezone.now(),
        **filters,
    )


COLUMNS = (
    'alert_id, version, msg_type, identifier, sent, effective, expires, "references",'
    " content, content_hash, author_id, issued_by_id"
)


def insert(alert_id: object, **changes: object) -> None:
    """Insert a revision by raw SQL, right unless something is changed."""
    values: dict[str, object] = {
        "version": 1,
        "msg_type": "Alert",
        "identifier": "TH-PV01-2026-0009-1",
        "references": "",
        "content_hash": "0" * 64,
        "author": "editor",
        "issued_by": "approver",
        "starts": 0,
    } | changes
    message = {"identifier": values["identifier"], "msg_type": values["msg_type"]}
    content = json.dumps(values.get("content", {"message": message}))
    names = ("version", "msg_type", "identifier", "starts", "references")
    statement = (
        f"INSERT INTO alerts_alertrevision ({COLUMNS})"  # noqa: S608
        " VALUES (%s, %s, %s, %s, now(), now() + %s * interval '1 hour', NULL, %s, %s, %s, %s, %s)"
    )
    people = [person(str(values[name])).pk for name in ("author", "issued_by")]
    row = [str(alert_id), *map(values.get, names), content, values["content_hash"], *people]
    with transaction.atomic():
        connection.cursor().execute(statement, row)


def assert_insert_refused(match: str, alert_id: object, **changes: object) -> None:
    with pytest.raises(IntegrityError, match=match):
        insert(alert_id, **changes)
