"""Celery tasks; each calls one service."""

from celery import shared_task

from alerts.delivery import service, subscriptions
from alerts.static_pages import generator


@shared_task(name=generator.TASK)
def write_snapshots(items: list[int]) -> None:
    generator.process_items(items, generator.TIMEOUT_SECONDS)


@shared_task(name="alerts.keep_snapshots")
def refresh_snapshots() -> None:
    """Check the files, or rebuild them: something came into force or ended."""
    generator.refresh_if_needed()


@shared_task(name=service.TASK)
def deliver(items: list[int]) -> None:
    service.process_items(items, service.TIMEOUT_SECONDS)


@shared_task(name=service.OWE_SUBSCRIBERS)
def enqueue_subscriber_deliveries(items: list[int]) -> None:
    service.enqueue_subscriber_deliveries(items, service.TIMEOUT_SECONDS)


@shared_task(name=service.TELL_STOPPED)
def mail_stopped_partners(items: list[int]) -> None:
    service.mail_stopped_partners(items, service.TIMEOUT_SECONDS)


@shared_task(name=subscriptions.ASK)
def send_opt_in_mails(items: list[int]) -> None:
    subscriptions.process_items(items, service.TIMEOUT_SECONDS)


@shared_task(name="alerts.hand_over_deliveries")
def dispatch_due_deliveries() -> None:
    service.dispatch_due()


@shared_task(name="alerts.forget_subscribers")
def purge_unconfirmed_subscribers() -> None:
    subscriptions.purge()
