"""The Celery application; its settings are the CELERY_… lines of portal/settings.py."""

import os
import signal

from celery import Celery
from celery.signals import worker_process_init

from portal.children import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def end_with_the_worker(**_: object) -> None:
    """A pool process never outlives a worker that was killed: its item is another's by then."""
    die_with_parent(signal.SIGKILL, os.getppid())
