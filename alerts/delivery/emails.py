"""Mails about warnings: text alone, a link to the warning, and a link to unsubscribe."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from alerts.delivery import signed_links
from alerts.delivery.subscription_filters import SubscriptionFilter
from alerts.models import AlertRevision, PartnerAgency, Subscriber
from core import encryption
from core.mail import add_one_click_end, render_mail
from core.province_names import build_page_context


def partner_mail(partner: PartnerAgency, revision: AlertRevision) -> EmailMessage:
    confirm = signed_links.confirmation_url(partner, revision)
    address = encryption.decrypt_field(partner, "mail")
    return _render_mail("partner", address, revision=revision, confirm=confirm)


def subscriber_mail(subscriber: Subscriber, revision: AlertRevision) -> EmailMessage:
    change = signed_links.change_url(subscriber)
    return _render_subscriber_mail("warning", subscriber, revision=revision, change=change)


def confirmation_mail(subscriber: Subscriber) -> EmailMessage:
    """Return the opt-in mail: what was chosen from our lists, and nothing that was typed."""
    chosen, join = (
        SubscriptionFilter(**subscriber.filters).names,
        signed_links.opt_in_url(subscriber),
    )
    return _render_subscriber_mail("opt_in", subscriber, join=join, chosen=chosen)


def stopped_channel_mail(partner: PartnerAgency, ways: list[str]) -> EmailMessage:
    page = reverse("admin:alerts_partneragency_change", args=[partner.pk])
    desk = f"{settings.PORTAL_URL}{page}"
    mail = _render_mail("channel_stopped", None, partner=partner, ways=ways, desk=desk)
    mail.to = list(settings.ALARM_EMAILS)
    return mail


def _render_subscriber_mail(name: str, subscriber: Subscriber, **context: Any) -> EmailMessage:
    """Return a mail that one click in the mail program unsubscribes (RFC 8058)."""
    leave = signed_links.unsubscribe_url(subscriber)
    address = encryption.decrypt_field(subscriber, "address")
    mail = _render_mail(name, address, leave=leave, **context)
    add_one_click_end(mail, leave)
    return mail


def _render_mail(name: str, address: str | None, **context: Any) -> EmailMessage:
    context |= build_page_context() | {"portal": settings.PORTAL_URL}
    return render_mail(f"alerts/mail/{name}.txt", [address or ""], context)
