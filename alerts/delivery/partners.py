"""Agencies that warnings are brought to: their keys, their channels, what they confirm."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from alerts.delivery import service as delivery
from alerts.delivery import signed_links as links
from alerts.models import Alert, AlertRevision, Delivery, PartnerAgency, PartnerReading
from core.audit import log as events
from reports.extraction import redaction as privacy

_SECRET_BYTES = 32


def new_secret(partner: PartnerAgency, *, by: User) -> str:
    """Give a partner another key for its webhook; the old one is worth nothing from now on."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    with transaction.atomic():
        sealed = privacy.seal(secret, "secret")
        PartnerAgency.objects.filter(pk=partner.pk).update(secret_sealed=sealed)
        events.record("partner", partner.pk, "partner_key_made", by=by)
    return secret


@transaction.atomic
def reopen(partner: PartnerAgency, *, by: User) -> None:
    """Use the channels again that were stopped for failing."""
    kept = PartnerAgency.objects.select_for_update().get(pk=partner.pk)
    if kept.stopped:
        events.record("partner", kept.pk, "partner_reopened", by=by, channels=kept.stopped)
        PartnerAgency.objects.filter(pk=kept.pk).update(stopped=[])


@dataclass(frozen=True)
class Asked:
    """Of whom a link wants to know whether they put which version to use."""

    partner: PartnerAgency
    revision: AlertRevision
    reading: PartnerReading

    @property
    def is_newest(self) -> bool:
        return delivery.stands(self.revision)


def asked(token: str) -> Asked | None:
    """What the link is about, marked as seen; None when it is not ours or too old."""
    told = links.opened(links.DEPLOYED, token)
    if told is None:
        return None
    partner = PartnerAgency.objects.filter(pk=told[0], is_active=True).first()
    said = AlertRevision.objects.said()
    revision = said.filter(identifier=told[1]).first()
    if partner is None or revision is None:
        return None
    reading, _ = PartnerReading.objects.get_or_create(partner=partner, revision=revision)
    return Asked(partner, revision, reading)


@transaction.atomic
def confirm(asked: Asked) -> bool:
    """The agency put the version to use. False when it has said so before."""
    row = PartnerReading.objects.filter(pk=asked.reading.pk, confirmed_at=None)
    if not row.update(confirmed_at=Now()):
        return False
    revision, partner = asked.revision, asked.partner.pk
    events.record(
        "alert",
        revision.alert_id,
        "alert_deployed",
        partner=partner,
        identifier=revision.identifier,
    )
    return True


@dataclass(frozen=True)
class Reached:
    """How far one version came with one agency."""

    partner: PartnerAgency
    revision: AlertRevision
    deliveries: list[Delivery]
    reading: PartnerReading | None
    stands: bool


def reached(alert: Alert) -> list[Reached]:
    """Every version of a warning with every agency that it was owed to: newest version first."""
    by_pair: dict[tuple[int, int], list[Delivery]] = {}
    rows = Delivery.objects.filter(revision__alert=alert, partner__isnull=False)
    ordered = rows.select_related("partner", "revision").prefetch_related("tries")
    for row in ordered.order_by("-revision__version", "partner__name", "channel"):
        by_pair.setdefault((row.revision_id, row.partner_id or 0), []).append(row)
    readings = {
        (each.revision_id, each.partner_id): each
        for each in PartnerReading.objects.filter(revision__alert=alert)
    }
    standing = AlertRevision.objects.standing().filter(alert=alert).first()
    return [
        Reached(
            rows[0].partner,
            rows[0].revision,
            rows,
            readings.get(pair),
            rows[0].revision == standing,
        )
        for pair, rows in by_pair.items()
        if rows[0].partner is not None
    ]
