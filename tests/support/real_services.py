"""Real PostgreSQL and Valkey for the tests: named in addopts, so before settings are read.

With xdist only the controller starts them; each worker takes a Valkey database and a folder of
its own. Everything is temporary and gone at the end, also after Ctrl-C; after kill -9 the servers
end by themselves.
"""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest

from bench import servers
from ops.child_process import StartError
from ops.local_services import local_services

# Nothing of a developer's own environment: the suite sees the same everywhere.
UNSET = (*servers.UNSET, "PORT", "RATE_LIMITS", "STATIC_ROOT")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the servers before pytest-django asks for the settings."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _stand_apart(worker)
        return
    running = contextlib.ExitStack()
    early_config.add_cleanup(running.close)
    for name in UNSET:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="portal-tests-")))
    try:
        services = running.enter_context(local_services(folder, durable=False))
    except StartError as error:
        raise pytest.UsageError(str(error)) from error
    static = folder / "static"  # whitenoise wants a folder, even an empty one
    static.mkdir()
    os.environ.update(services.env, DATA_DIR=str(folder), STATIC_ROOT=str(static))
    os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"


def _stand_apart(worker: str) -> None:
    number = int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={number}")
    folder = Path(os.environ["DATA_DIR"]) / worker
    folder.mkdir(exist_ok=True)
    os.environ["DATA_DIR"] = str(folder)
