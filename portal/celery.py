"""The Celery application; its settings are the CELERY_… lines of portal/settings.py."""

import os
import signal

from celery import Celery
from celery.signals import worker_before_create_process, worker_process_init

from ops.child_process import die_with_parent
from portal import gc_tuning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_before_create_process.connect
def preload_models_before_fork(**_: object) -> None:
    """The tables of the reader are in memory once, not once in each pool process."""
    gc_tuning.freeze_gc()


@worker_process_init.connect
def die_with_parent_worker(**_: object) -> None:
    """A pool process never outlives a worker that was killed: its item is another's by then."""
    die_with_parent(signal.SIGKILL, os.getppid())
