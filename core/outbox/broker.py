"""Celery's broker: the only module that sends a task, and does its work here where no broker takes it.

No answer is waited for longer than 50 ms.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery import Celery
from django.db import close_old_connections
from kombu import Connection
from kombu.exceptions import KombuError

from core.outbox.queue import Priority
from core.outbox.sweeps import Guard

WINDOW = 32  # messages waiting at the broker
IDLE_WINDOW = 4  # messages at the broker, of whichever kind, up to which idle ones are added
TIMEOUT_SECONDS = 0.05  # for a connection or an answer

# In Celery's Redis transport 0 goes before 9, in steps of three.
AT_BROKER = {Priority.URGENT: 0, Priority.USUAL: 3, Priority.IDLE: 9}


@dataclass(frozen=True)
class TaskMessage:
    """One broker message: a task's name and the ids of its items; a job of beat has none."""

    task: str
    priority: int
    items: tuple[int, ...] = ()

    @property
    def arguments(self) -> list[list[int]]:
        return [list(self.items)] if self.items else []


class BrokerError(Exception):
    """The broker did not take a message or did not answer in time."""


class Broker:
    """Publishes without long waits and without retries, unlike the worker's own connection."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self._connection: Connection | None = None
        self._queued_messages = WINDOW  # messages that may lie there; unknown at first

    def available_slots(self) -> tuple[int, int]:
        """Return how many messages and how many idle ones the window takes. Raises BrokerError."""
        if self._queued_messages >= IDLE_WINDOW:
            with self._connected() as connection:
                channel: Any = connection.default_channel
                declared = channel.queue_declare(queue=self.app.conf.task_default_queue)
                self._queued_messages = declared.message_count
        return max(0, WINDOW - self._queued_messages), max(0, IDLE_WINDOW - self._queued_messages)

    def publish(self, message: TaskMessage) -> None:
        """Send one message. Raises BrokerError; the message may have arrived all the same."""
        with self._connected() as connection:
            self.app.send_task(
                message.task,
                args=message.arguments,
                producer=self.app.amqp.Producer(connection, auto_declare=False),
                retry=False,
                priority=AT_BROKER[Priority(message.priority)],
                ignore_result=True,
            )
        self._queued_messages += 1

    def purge(self) -> None:
        """Delete every message, also unacknowledged ones. Raises BrokerError."""
        with self._connected() as connection:
            channel: Any = connection.default_channel
            queue = self.app.conf.task_default_queue
            lists = [f"{queue}{channel.sep}{step}" for step in channel.priority_steps if step]
            channel.client.unlink(queue, *lists, channel.unacked_key, channel.unacked_index_key)

    def close(self) -> None:
        """Close the connection; the next call makes another."""
        if self._connection is not None:
            self._connection.release()
        self._connection, self._queued_messages = None, WINDOW

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._connection is None:
            self._connection = self._connect()
        connection = self._connection
        errors: Any = (*connection.connection_errors, *connection.channel_errors, KombuError)
        try:
            yield connection
        except errors as error:
            self.close()
            raise BrokerError(type(error.__cause__ or error).__name__) from error

    def _connect(self) -> Connection:
        options = {
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
        }
        return self.app.connection_for_write(
            connect_timeout=TIMEOUT_SECONDS, transport_options=options
        )


def do_work_here(app: Celery, message: TaskMessage) -> None:
    """Do a message's work in this process, under the same leases as a worker; an error is logged and recorded."""
    if message.task not in app.tasks:
        app.autodiscover_tasks(force=True)  # without the set-up and checks of a worker
    close_old_connections()
    with Guard("broker.work", message.task):
        app.tasks[message.task](*message.arguments)
