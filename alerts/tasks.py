"""Celery tasks; each calls one service."""

from celery import shared_task

from alerts import sounds
from alerts.delivery import deliveries, subscriptions
from alerts.static_pages import generator
from core.outbox.sweeps import Guard


@shared_task(name=generator.WRITE_TASK)
def write_static_pages(items: list[int]) -> None:
    generator.process_items(items, generator.TIMEOUT_SECONDS)


@shared_task(name="alerts.refresh_static_pages")
@Guard("static_pages.refresh")
def refresh_static_pages() -> None:
    """Check the files, or rebuild them: something came into force or ended."""
    generator.refresh_if_needed()


@shared_task(name=deliveries.DELIVER_TASK)
def deliver(items: list[int]) -> None:
    deliveries.process_items(items, deliveries.TIMEOUT_SECONDS)


@shared_task(name=deliveries.ENQUEUE_SUBSCRIBERS_TASK)
def enqueue_subscriber_deliveries(items: list[int]) -> None:
    deliveries.enqueue_subscriber_deliveries(items, deliveries.TIMEOUT_SECONDS)


@shared_task(name=deliveries.OWE_NOTICES_TASK)
def owe_notices(items: list[int]) -> None:
    deliveries.owe_notices(items, deliveries.TIMEOUT_SECONDS)


@shared_task(name=deliveries.MAIL_STOPPED_TASK)
def mail_stopped_partners(items: list[int]) -> None:
    deliveries.mail_stopped_partners(items, deliveries.TIMEOUT_SECONDS)


@shared_task(name=subscriptions.OPT_IN_TASK)
def send_opt_in_mails(items: list[int]) -> None:
    subscriptions.process_items(items, deliveries.TIMEOUT_SECONDS)


@shared_task(name="alerts.dispatch_due_deliveries")
@Guard("deliveries.dispatch")
def dispatch_due_deliveries() -> None:
    deliveries.dispatch_due()


@shared_task(name="alerts.purge_unconfirmed_subscribers")
@Guard("subscribers.purge")
def purge_unconfirmed_subscribers() -> None:
    subscriptions.purge()


@shared_task(name="alerts.purge_unused_sounds")
@Guard("sounds.purge")
def purge_unused_sounds() -> None:
    sounds.purge_unused()
