"""Real PostgreSQL and Valkey for the tests: named in addopts, so before settings are read.

With xdist only the controller starts them; each worker takes a Valkey database and a folder of
its own. Everything is temporary and gone at the end, also after Ctrl-C; after kill -9 the servers
end by themselves. Who runs pytest many times starts them once, around it, and so has each database
migrated once: `python -m tests.support.real_services COMMAND`.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.child_process import StartError
from ops.local_services import local_services
from tools import servers

# Nothing of a developer's own environment: the suite sees the same everywhere.
UNSET = (*servers.UNSET, "PORT", "RATE_LIMITS", "STATIC_ROOT")
# Set by who has started the services already.
RUNNING = "TEST_SERVICES_RUNNING"


def get_database_url() -> str:
    """Return the address of the test database, for code that does not use Django."""
    from django.db import connection  # settings come later than this plugin

    name = connection.settings_dict["NAME"]
    return os.environ["DATABASE_URL"].replace("/portal?", f"/{name}?")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the servers before pytest-django asks for the settings."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _stand_apart(worker)
    elif RUNNING not in os.environ:
        running = contextlib.ExitStack()
        early_config.add_cleanup(running.close)
        try:
            running.enter_context(test_services())
        except StartError as error:
            raise pytest.UsageError(str(error)) from error


@contextlib.contextmanager
def test_services() -> Iterator[None]:
    """Run the servers until the block ends, with their addresses in the environment."""
    for name in UNSET:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    with (
        tempfile.TemporaryDirectory(prefix="portal-tests-") as name,
        local_services(Path(name), durable=False) as services,
    ):
        static = Path(name) / "static"  # whitenoise wants a folder, even an empty one
        static.mkdir()
        os.environ.update(services.env, DATA_DIR=name, STATIC_ROOT=str(static))
        os.environ["PREPARED_STACK"] = str(Path(name) / "prepared")  # tools/portal_stack.py
        os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
        yield


def _stand_apart(worker: str) -> None:
    number = int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={number}")
    folder = Path(os.environ["DATA_DIR"]) / worker
    folder.mkdir(exist_ok=True)
    os.environ["DATA_DIR"] = str(folder)


def run_with_services(*command: str) -> int:
    """Return the exit code of a command that runs pytest as often as it likes."""
    with test_services():
        return subprocess.run(command, env=os.environ | {RUNNING: "yes"}, check=False).returncode


if __name__ == "__main__":
    sys.exit(run_with_services(*sys.argv[1:]))
