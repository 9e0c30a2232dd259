"""Messages that whoever reaches Valkey may write there, and no relay would."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import redis
from celery import Celery

QUEUE = "celery"
NOBODYS = range(10**9, 10**9 + 1_000_000)  # items that do not exist


def message(task: str, items: range = range(1), **headers: Any) -> str:
    """One message as it lies in Celery's list, with these headers besides its own."""
    number = str(uuid4())
    body = b64encode(json.dumps([[list(items)], {}, {}]).encode()).decode()
    properties = {
        "correlation_id": number,
        "delivery_tag": number,
        "delivery_info": {"exchange": "", "routing_key": QUEUE},
        "body_encoding": "base64",
        "priority": 0,
    }
    sent = {
        "body": body,
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": task, "id": number, "root_id": number, **headers},
        "properties": properties,
    }
    return json.dumps(sent)


def push(broker: redis.Redis, *raw: str) -> None:
    """Before all others."""
    broker.rpush(QUEUE, *raw)


def silence(broker: redis.Redis) -> None:
    """`celery control cancel_consumer celery`, from anybody."""
    path = broker.connection_pool.connection_kwargs["path"]
    address = f"redis+socket://{path}?virtual_host=0"
    with Celery("anybody", broker=address, set_as_current=False) as anybody:
        anybody.control.cancel_consumer(QUEUE)


def garbage(broker: redis.Redis) -> None:
    """Each of these ends Celery's worker once, and the last, the first that it takes, again and
    again: it goes back to the broker.
    """
    no_base64 = json.dumps(json.loads(message("reports.triage")) | {"body": "x"})
    push(broker, "not JSON", "[]", no_base64, message("reports.triage", timelimit="x"))


def a_million(broker: redis.Redis) -> None:
    """Work without end for each of the worker's processes, and all the time in the world."""
    for _ in range(2):
        push(broker, message("reports.continue_reprocessing", NOBODYS, timelimit=[99999, 99999]))


FORGED: tuple[Callable[[redis.Redis], None], ...] = (silence, garbage, a_million)
