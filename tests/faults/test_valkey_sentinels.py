"""Valkey behind a Sentinel: its master dies, and relay, worker and counters go on with the other."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from core import rate_limits
from ops.child_process import ChildProcess
from ops.local_services import valkey_server
from reports.models import ExtractedFacts, Report
from tests.faults.support.queue_processes import QueueProcesses, accept, queue_processes
from tools.portal_stack import wait_until
from tools.servers import find_free_port

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

PASSWORD = "of-both-servers"
NAME = "portal"


@dataclass
class WatchedServers:
    """Two servers of Valkey, the second a copy of the first, and the address of their Sentinel."""

    children: list[ChildProcess]
    ports: list[int]
    url: str

    def connect(self, number: int) -> redis.Redis:
        return redis.Redis(port=self.ports[number], password=PASSWORD, socket_timeout=5)

    def has_role(self, number: int, role: str, **state: object) -> bool:
        info = self.connect(number).info("replication")
        return info["role"] == role and state.items() <= info.items()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedServers]:
    first, second, sentinel = (find_free_port() for _ in range(3))
    login = ["--requirepass", PASSWORD, "--primaryauth", PASSWORD, "--save", ""]
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"port {sentinel}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor {NAME} 127.0.0.1 {first} 1\nsentinel auth-pass {NAME} {PASSWORD}\n"
        f"sentinel down-after-milliseconds {NAME} 300\nsentinel failover-timeout {NAME} 3000\n"
    )
    commands = {
        "first": ["--port", str(first), *login, "--repl-diskless-sync-delay", "0"],
        "second": ["--port", str(second), *login, "--replicaof", f"127.0.0.1 {first}"],
        "sentinel": [str(conf), "--sentinel"],
    }
    with ExitStack() as exits:
        children = []
        for name, words in commands.items():
            folder = tmp_path / name
            folder.mkdir()
            log = tmp_path / f"{name}.log"
            child = ChildProcess(name, [valkey_server(), *words], cwd=folder, log=log)
            exits.callback(child.kill_process_group)
            child.start()
            children.append(child)
        url = f"redis+sentinel://:{PASSWORD}@127.0.0.1:{sentinel}/{NAME}"
        servers = WatchedServers(children, [first, second], url)
        asked = redis.Redis(port=sentinel, retry=None)
        children[-1].wait_until_ready(lambda: knows_copy(asked))
        yield servers


def knows_copy(sentinel: redis.Redis) -> bool:
    try:
        return bool(sentinel.sentinel_slaves(NAME))
    except redis.RedisError:
        return False


@pytest.fixture
def processes(watched: WatchedServers, settings: Settings) -> Iterator[QueueProcesses]:
    """Relay and worker that know the Sentinel alone, as do the counters of this process."""
    settings.REDIS_URL = watched.url
    rate_limits.reset_connection()
    with queue_processes() as processes:
        processes.env["REDIS_URL"] = watched.url
        processes.start_relay()
        processes.start_worker()
        yield processes
    rate_limits.reset_connection()


def test_the_copy_takes_the_place_of_a_dead_master(
    watched: WatchedServers, processes: QueueProcesses
) -> None:
    accept()
    assert wait_until(processes.drained)
    assert rate_limits.increment("visits") == 1
    assert wait_until(lambda: watched.has_role(1, "slave", master_link_status="up"))
    watched.children[0].kill_process_group()
    accept()
    assert wait_until(lambda: watched.has_role(1, "master"))
    copy = watched.connect(1)

    def is_given_messages() -> bool:
        accept()
        return "cmdstat_lpush" in copy.info("commandstats")

    assert wait_until(is_given_messages)
    assert wait_until(lambda: processes.drained() and not copy.exists("celery", "unacked"))
    assert ExtractedFacts.objects.count() == Report.objects.count() > 2
    assert wait_until(lambda: rate_limits.increment("visits") >= 2, 10)
