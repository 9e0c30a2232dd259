"""The queue's real processes on the test database: a Valkey of their own, relay and worker, each
of which a test may kill and start again.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import redis
from django.db import connection

from core.models import OutboxItem
from ops.child_process import ChildProcess
from ops.local_services import VALKEY_SOCKET, prepare_valkey, valkey_is_ready
from ops.process_commands import command
from reports.models import Report
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tools.portal_stack import EXPIRE_LEASES_SQL, wait_until

ROOT = Path(__file__).resolve().parents[3]
POISON = "câu chuyện làm chết máy đọc"  # to a worker of poisoned.py


@dataclass
class QueueProcesses:
    """Where the processes of one test stand."""

    folder: Path
    valkey: ChildProcess
    env: dict[str, str] = field(repr=False)
    children: dict[str, ChildProcess] = field(default_factory=dict)

    def start_valkey(self) -> None:
        self.valkey.start()
        self.valkey.wait_until_ready(lambda: valkey_is_ready(self.folder))

    def start(self, name: str, words: list[str]) -> ChildProcess:
        """A process that is stopped with the floor."""
        child = ChildProcess(name, words, env=self.env, cwd=ROOT, log=self.folder / f"{name}.log")
        self.children[name] = child
        child.start()
        return child

    def start_relay(self, name: str = "relay") -> ChildProcess:
        return self.start(name, command("relay"))

    def start_worker(self, app: str = "portal") -> ChildProcess:
        """A worker, past its start: it answers only when its children are there."""
        words = command("worker")
        words[words.index("-A") + 1] = app
        child = self.start("worker", words)
        assert wait_until(lambda: len(children_of(child)) >= 2)
        return child

    def is_running(self, name: str) -> bool:
        return name in self.children and self.children[name].running

    def kill(self, *names: str) -> None:
        """Kill -9 of processes and of all that they started; a test may start them again."""
        for name in names:
            self.children.pop(name).kill_process_group()

    def drained(self) -> bool:
        """Whether nothing waits. What ended by itself is started again on the way, as the
        supervisor does: Celery's worker gives up on some of the things that a broker can do.
        """
        for child in self.children.values():
            if not child.running:
                child.start()
        return not OutboxItem.objects.filter(done_at=None, failed_at=None).exists()

    def clear(self) -> None:
        """Kill all but Valkey, which forgets everything."""
        self.kill(*self.children)
        with redis.Redis(unix_socket_path=str(self.folder / VALKEY_SOCKET)) as broker:
            broker.flushall()

    def stop(self) -> None:
        self.kill(*self.children)
        self.valkey.kill_process_group()


@contextmanager
def queue_processes() -> Iterator[QueueProcesses]:
    """A Valkey that runs, and nothing else yet."""
    with TemporaryDirectory(prefix="faults-") as name, ExitStack() as exits:
        folder = Path(name)
        here = connection.get_connection_params()
        database = f"postgresql://{here['user']}@/{here['dbname']}?host={here['host']}"
        broker = f"unix://{folder / VALKEY_SOCKET}?db=0"
        env = os.environ | {"DATABASE_URL": database, "REDIS_URL": broker}
        processes = QueueProcesses(folder, prepare_valkey(folder, folder), env)
        exits.callback(processes.stop)
        processes.start_valkey()
        yield processes


def children_of(child: ChildProcess) -> list[int]:
    """The processes that a child has started itself."""
    pid = child.process.pid if child.process else 0
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(number) for number in listed.read_text().split()] if listed.exists() else []


def accept(story: str = "Có người xưng công an gọi cho tôi.") -> Report:
    """One more report, taken in as a resident's is."""
    return intake.submit_report(ReportSubmission(story=story), f"key-{uuid4().hex}").report


def let_leases_lapse() -> None:
    """Fifteen seconds go by, in the database alone."""
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE_LEASES_SQL)


def others_of_the_database() -> list[str]:
    """Who else holds a connection, by the names that they gave, without those of hosts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT split_part(application_name, '@', 1) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return sorted(name for (name,) in cursor.fetchall())
