"""Agencies that warnings are brought to: their keys, their channels, what they confirm."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from alerts.delivery import service, signed_links
from alerts.models import Alert, AlertRevision, Delivery, PartnerAgency, PartnerReceipt
from core import encryption
from core.audit import events

_SECRET_BYTES = 32
_OUTCOME_LABELS = {
    "ok": "đã nhận",
    "address": "địa chỉ không đọc được",
    "scheme": "địa chỉ không phải https",
    "host": "địa chỉ không phải tên miền",
    "unknown_host": "không tìm thấy tên miền",
    "not_public": "tên miền dẫn vào mạng nội bộ, không gửi",
    "unreachable": "máy kia không mở cổng",
    "slow": "quá 5 giây không trả lời",
    "tls": "chứng thư https không đúng",
    "not_http": "máy kia trả lời không phải HTTP",
    "no_answer": "máy kia ngắt, không trả lời",
    "too_large": "câu trả lời quá lớn",
    "no_key": "không mở được địa chỉ hoặc khóa",
    "mail_failed": "máy chủ thư không nhận",
    "no_mail_server": "cổng chưa có máy chủ thư",
    "lost": "máy của cổng dừng giữa chừng",
}


def new_secret(partner: PartnerAgency, *, by: User) -> str:
    """Give a partner another key for its webhook; the old one is worth nothing from now on."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    with transaction.atomic():
        sealed = encryption.encrypt(secret, "secret")
        PartnerAgency.objects.filter(pk=partner.pk).update(secret_sealed=sealed)
        events.log_event("partner", partner.pk, "partner_key_made", by=by)
    return secret


@transaction.atomic
def reopen(partner: PartnerAgency, *, by: User) -> None:
    """Use the channels again that were stopped for failing."""
    kept = PartnerAgency.objects.select_for_update().get(pk=partner.pk)
    if kept.stopped_channels:
        events.log_event(
            "partner", kept.pk, "partner_reopened", by=by, channels=kept.stopped_channels
        )
        PartnerAgency.objects.filter(pk=kept.pk).update(stopped_channels=[])


@dataclass(frozen=True)
class ConfirmationRequest:
    """Of whom a link wants to know whether they put which version to use."""

    partner: PartnerAgency
    revision: AlertRevision
    reading: PartnerReceipt

    @property
    def is_newest(self) -> bool:
        return service.is_current(self.revision)


def open_confirmation(token: str) -> ConfirmationRequest | None:
    """What the link is about, marked as seen; None when it is not ours or too old."""
    told = signed_links.read_token(signed_links.DEPLOYED, token)
    if told is None:
        return None
    partner = PartnerAgency.objects.filter(pk=told[0], is_active=True).first()
    said = AlertRevision.objects.effective_ever()
    revision = said.filter(identifier=told[1]).first()
    if partner is None or revision is None:
        return None
    reading, _ = PartnerReceipt.objects.get_or_create(partner=partner, revision=revision)
    return ConfirmationRequest(partner, revision, reading)


@transaction.atomic
def record_confirmation(asked: ConfirmationRequest) -> bool:
    """The agency put the version to use. False when it has said so before."""
    row = PartnerReceipt.objects.filter(pk=asked.reading.pk, confirmed_at=None)
    if not row.update(confirmed_at=Now()):
        return False
    revision, partner = asked.revision, asked.partner.pk
    events.log_event(
        "alert",
        revision.alert_id,
        "alert_deployed",
        partner=partner,
        identifier=revision.identifier,
    )
    return True


@dataclass(frozen=True)
class DeliveryStatus:
    """How far one version came with one agency."""

    partner: PartnerAgency
    revision: AlertRevision
    deliveries: list[Delivery]
    reading: PartnerReceipt | None
    stands: bool


def delivery_statuses(alert: Alert) -> list[DeliveryStatus]:
    """Every version of a warning with every agency that it was owed to: newest version first."""
    by_pair: dict[tuple[int, int], list[Delivery]] = {}
    rows = Delivery.objects.filter(revision__alert=alert, partner__isnull=False)
    ordered = rows.select_related("partner", "revision").prefetch_related("attempt_log")
    for row in ordered.order_by("-revision__version", "partner__name", "channel"):
        by_pair.setdefault((row.revision_id, row.partner_id or 0), []).append(row)
    readings = {
        (each.revision_id, each.partner_id): each
        for each in PartnerReceipt.objects.filter(revision__alert=alert)
    }
    standing = AlertRevision.objects.current().filter(alert=alert).first()
    return [
        DeliveryStatus(
            rows[0].partner,
            rows[0].revision,
            rows,
            readings.get(pair),
            rows[0].revision == standing,
        )
        for pair, rows in by_pair.items()
        if rows[0].partner is not None
    ]


def attempt_label(code: str, status: int | None = None) -> str:
    """Return the label of an outcome, for an officer who calls the agency; an unknown code stands for itself."""
    if code == "refused":
        return f"máy kia trả lời mã {status}"
    return _OUTCOME_LABELS.get(code, code)
