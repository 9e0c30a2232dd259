"""What Celery calls. Each task opens the right door and nothing else."""

from celery import shared_task
from django.db import close_old_connections

from alerts.delivery import service as delivery
from alerts.delivery import subscriptions
from alerts.static_pages import generator as snapshots


@shared_task(name=snapshots.TASK)
def write_snapshots(items: list[int]) -> None:
    """Write the public pages as files after a word was given."""
    close_old_connections()
    snapshots.work_off(items, snapshots.PATIENCE)


@shared_task(name="alerts.keep_snapshots")
def keep_snapshots() -> None:
    """Say that the files are right, or make them so: something came into force or ended."""
    close_old_connections()
    snapshots.look()


@shared_task(name=delivery.TASK)
def deliver(items: list[int]) -> None:
    """Bring versions to the agencies and subscribers that these outbox items owe."""
    close_old_connections()  # CELERY_DB_REUSE_MAX skips Django's own look at stale ones
    delivery.work_off(items, delivery.PATIENCE)


@shared_task(name=delivery.OWE_SUBSCRIBERS)
def owe_subscribers(items: list[int]) -> None:
    """Owe versions to those who asked for mails."""
    close_old_connections()
    delivery.owe_subscribers(items, delivery.PATIENCE)


@shared_task(name=delivery.TELL_STOPPED)
def tell_stopped(items: list[int]) -> None:
    """Mail that an agency hears nothing any more."""
    close_old_connections()
    delivery.tell_stopped(items, delivery.PATIENCE)


@shared_task(name=subscriptions.ASK)
def ask_subscribers(items: list[int]) -> None:
    """Ask the owners of addresses whether they want our mails."""
    close_old_connections()
    subscriptions.work_off(items, delivery.PATIENCE)


@shared_task(name="alerts.hand_over_deliveries")
def hand_over_deliveries() -> None:
    """Owe the next tries that are due."""
    close_old_connections()
    delivery.hand_over()


@shared_task(name="alerts.forget_subscribers")
def forget_subscribers() -> None:
    """Remove addresses that nobody confirmed."""
    close_old_connections()
    subscriptions.purge()
