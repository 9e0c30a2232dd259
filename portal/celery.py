"""The Celery application; its settings are the CELERY_… lines of portal/settings.py."""

import os
import signal
from functools import partialmethod

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_before_create_process,
    worker_process_init,
)
from django.conf import settings
from django.db import close_old_connections
from kombu import Connection
from kombu.transport import redis

from ops.child_process import die_with_parent, freeze_loaded_objects

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
_WORKER = os.getpid()  # in a pool process, its worker's


class _Connection(Connection):
    """Asks a broker that is away every second; kombu's own waits longer each time, up to 30 s."""

    ensure_connection = partialmethod(
        Connection.ensure_connection, interval_start=1, interval_step=0
    )


class _AMQP(AMQP):
    Connection = _Connection


class _QoS(redis.QoS):
    """Frees the place of a message that can no longer be acknowledged.

    kombu keeps it taken: a broker that dies while every pool process works would leave a worker that
    asks for nothing more, and so never notices that its connection is lost.
    """

    def ack(self, delivery_tag: str) -> None:
        super(redis.QoS, self).ack(delivery_tag)  # in memory
        super().ack(delivery_tag)


redis.Channel.QoS = _QoS
app = Celery("portal", amqp=_AMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
task_prerun.connect(close_old_connections)  # CELERY_DB_REUSE_MAX skips Django's own check


@worker_before_create_process.connect
def share_loaded_objects(**_: object) -> None:
    """Share the reader's tables between pool processes, in memory once."""
    freeze_loaded_objects()


@worker_process_init.connect
def end_with_worker(**_: object) -> None:
    """End a pool process with its worker: its item is another's by then."""
    die_with_parent(signal.SIGKILL, _WORKER)


@worker_process_init.connect
def trace_messages(**_: object) -> None:
    """Trace what a pool process does, where somebody collects traces."""
    if settings.TRACES_URL:
        from portal import traces  # noqa: PLC0415

        task_prerun.connect(traces.begin_message)
        task_postrun.connect(traces.end_message)
