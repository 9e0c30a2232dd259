"""Partner agencies: their secrets, channels and confirmations, and the status of deliveries."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from alerts.delivery import deliveries, signed_links
from alerts.models import Alert, AlertRevision, Delivery, PartnerAgency, PartnerReceipt
from core import keys, webhooks
from core.audit import events


@transaction.atomic
def create_secret(partner: PartnerAgency, *, by: User) -> str:
    """Replace a partner's webhook secret, and return the new one."""
    events.log_event("partner", partner.pk, "partner_secret_created", by=by)
    return webhooks.create_secret(partner)


@transaction.atomic
def reopen(partner: PartnerAgency, *, by: User) -> None:
    """Reopen the channels that were stopped for failing."""
    row = PartnerAgency.objects.select_for_update().get(pk=partner.pk)
    if channels := row.stopped_channels:
        events.log_event("partner", row.pk, "partner_reopened", by=by, channels=channels)
        PartnerAgency.objects.filter(pk=row.pk).update(stopped_channels=[])


@dataclass(frozen=True)
class ConfirmationRequest:
    partner: PartnerAgency
    revision: AlertRevision
    receipt: PartnerReceipt | None

    @property
    def is_newest(self) -> bool:
        return deliveries.is_current(self.revision)


def open_confirmation(token: str) -> ConfirmationRequest | None:
    """Return what the link is about, None when its signature is invalid or expired. Nothing is written:
    mail programs open links by themselves.
    """
    parts = keys.read_token(signed_links.DEPLOYED, token)
    if parts is None:
        return None
    partner = PartnerAgency.objects.filter(pk=parts[0], is_active=True).first()
    revision = AlertRevision.objects.effective_ever().filter(identifier=parts[1]).first()
    if partner is None or revision is None:
        return None
    receipt = partner.receipts.filter(revision=revision).first()
    return ConfirmationRequest(partner, revision, receipt)


@transaction.atomic
def record_confirmation(confirmation: ConfirmationRequest) -> None:
    """Record that the agency uses the revision, once."""
    revision, partner = confirmation.revision, confirmation.partner.pk
    _, is_new = revision.receipts.get_or_create(partner_id=partner)
    if is_new:
        agency, identifier = confirmation.partner.name, revision.identifier
        details: dict[str, Any] = {"partner": partner, "agency": agency, "identifier": identifier}
        events.log_event("alert", revision.alert_id, "alert_deployed", **details)


@dataclass(frozen=True)
class DeliveryStatus:
    partner: PartnerAgency
    revision: AlertRevision
    deliveries: list[Delivery]
    receipt: PartnerReceipt | None
    stands: bool


def delivery_statuses(alert: Alert) -> list[DeliveryStatus]:
    """Return a status for every revision and agency it was owed to, newest revision first."""
    by_pair: dict[tuple[int, int], list[Delivery]] = {}
    rows = Delivery.objects.filter(revision__alert=alert, partner__isnull=False)
    ordered = rows.select_related("partner", "revision").prefetch_related("attempt_log")
    for row in ordered.order_by("-revision__version", "partner__name", "channel"):
        by_pair.setdefault((row.revision_id, row.partner_id or 0), []).append(row)
    receipts = PartnerReceipt.objects.filter(revision__alert=alert)
    by_key = {(each.revision_id, each.partner_id): each for each in receipts}
    current = AlertRevision.objects.current().filter(alert=alert).first()
    return [
        DeliveryStatus(partner, revision, rows, by_key.get(pair), revision == current)
        for pair, rows in by_pair.items()
        if (revision := rows[0].revision) and (partner := rows[0].partner)
    ]
