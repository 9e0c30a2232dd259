"""How far warnings came with the agencies, for pages of the desk."""

from typing import Any, TypedDict

from django import template
from django.utils import timezone

from alerts.delivery import partners, service
from alerts.models import Alert, Delivery, DeliveryAttempt, PartnerAgency

register = template.Library()


class Failed(TypedDict):
    failed: list[Delivery]
    stopped: list[PartnerAgency]


@register.inclusion_tag("alerts/failed_deliveries.html")
def failed_deliveries() -> Failed:
    """For the start page of the desk: agencies that a warning in force did not reach."""
    stopped = PartnerAgency.objects.filter(is_active=True).exclude(stopped_channels=[])
    return {"failed": service.failed_deliveries(), "stopped": list(stopped)}


@register.inclusion_tag("admin/alerts/alert/partners.html", takes_context=True)
def partner_delivery_table(context: Any, alert: Alert) -> dict[str, Any]:
    """For the desk's page of a warning: which agency got, saw and confirmed which version."""
    return {
        "reached": partners.delivery_statuses(alert),
        "alert": alert,
        "may_resend": context["request"].user.has_perm("alerts.change_partneragency"),
        "csrf_token": context.get("csrf_token"),
        "now": timezone.now(),
    }


@register.filter
def outcome(each: DeliveryAttempt) -> str:
    """What came of a try, in words."""
    return partners.attempt_label(each.outcome, each.status)
