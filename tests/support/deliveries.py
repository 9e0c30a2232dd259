"""Deliveries of warnings, carried out at once."""

from alerts.delivery import deliveries
from core.models import OutboxItem

NOWHERE = "django.core.mail.backends.dummy.EmailBackend"

PROCESSORS = {
    deliveries.ENQUEUE_SUBSCRIBERS_TASK: deliveries.enqueue_subscriber_deliveries,
    deliveries.DELIVER_TASK: deliveries.process_items,
    deliveries.MAIL_STOPPED_TASK: deliveries.mail_stopped_partners,
}


def work(*tasks: str) -> None:
    """Process what is owed now, as the relay and a worker do."""
    for task in tasks or (deliveries.ENQUEUE_SUBSCRIBERS_TASK, deliveries.DELIVER_TASK):
        while items := list(OutboxItem.objects.filter(task=task, done_at=None, failed_at=None)):
            PROCESSORS[task]([item.pk for item in items])
