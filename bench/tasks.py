"""The queue's limits: what the same worker does when it does nothing else. Not tuned."""

from celery import shared_task
from django.db import transaction

from bench.models import BareRow


@shared_task(name="bench.nothing")
def nothing() -> None:
    pass


@shared_task(name="bench.touch")
def touch(row: int) -> None:
    with transaction.atomic():
        locked = BareRow.objects.select_for_update().get(pk=row)
        locked.body = "touched"
        locked.save()
