"""The image's entry point, user and read-only project, in namespaces instead of containers."""

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from core.outbox.queue import enqueue
from ops import healthcheck
from tests.support.processes import ROOT
from tests.support.real_services import get_database_url
from tools.portal_stack import wait_until
from tools.servers import find_free_port

# Root in a namespace of its own makes the project read-only, then becomes nobody.
LOCKED_IN = """
set -e
mount --bind "$PROJECT" "$PROJECT"
mount -o remount,bind,ro "$PROJECT"
cd /
exec unshare --user --map-user=65534 --map-group=65534 -- "$PROJECT/docker/entrypoint.sh" "$ROLE"
"""
NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount", "--"]
PORTAL = "portal.example"
PATIENCE = 90  # seconds for a cold start on a busy machine


def namespaces_work() -> bool:
    tried = subprocess.run(
        [*NAMESPACES, "sh", "-c", "mount --bind /tmp /tmp && unshare --user --map-user=65534 true"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


pytestmark = [
    pytest.mark.serial,
    pytest.mark.skipif(not namespaces_work(), reason="no user and mount namespaces here"),
]


@pytest.fixture
def database() -> Iterator[str]:
    """An empty database beside the suite's own."""
    url = os.environ["DATABASE_URL"]
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS image")
            cursor.execute("CREATE DATABASE image")
            yield url.replace("/portal?", "/image?")
            cursor.execute("DROP DATABASE image WITH (FORCE)")


@pytest.fixture
def env(database: str, tmp_path: Path) -> dict[str, str]:
    given = ("REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BACKUP_KEY")
    return {name: os.environ[name] for name in given} | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin:/usr/sbin",
        "PROJECT": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "DATA_DIR": str(tmp_path),
        "PORT": str(find_free_port()),
        "DATABASE_URL": database,
        "PORTAL_URL": f"https://{PORTAL}",
        "ALLOWED_HOSTS": PORTAL,
    }


def locked_in(role: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*NAMESPACES, "sh", "-c", LOCKED_IN],
        env={**env, "ROLE": role},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def healthy(role: str, env: dict[str, str]) -> bool:
    command = [sys.executable, "-m", "ops.healthcheck", role]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


@contextlib.contextmanager
def running(role: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = locked_in(role, env)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_migrate_fills_an_empty_database_and_ends(env: dict[str, str], database: str) -> None:
    process = locked_in("migrate", env)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    with contextlib.closing(psycopg2.connect(database)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM auth_group")
        assert cursor.fetchone() != (0,)


def test_web_serves_from_a_read_only_project(env: dict[str, str]) -> None:
    with running("web", env):
        assert wait_until(lambda: healthy("web", env), seconds=PATIENCE)
        web = http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=5)
        with contextlib.closing(web):
            headers = {"Host": PORTAL, "X-Forwarded-Proto": "https"}
            web.request("GET", "/robots.txt", headers=headers)
            answer = web.getresponse()
        assert answer.status == 200
        assert "max-age=" in str(answer.headers["Strict-Transport-Security"])
    assert not healthy("web", env)


@pytest.mark.parametrize("role", ["relay", "worker", "beat"])
def test_each_lasting_role_starts_and_is_found_healthy(env: dict[str, str], role: str) -> None:
    assert not healthy(role, env)
    with running(role, env) as process:
        assert wait_until(lambda: healthy(role, env), seconds=PATIENCE)
        assert process.poll() is None


def test_a_faulty_production_start_is_refused_with_a_hint(env: dict[str, str]) -> None:
    faults = {"SECRET_KEY": "", "FIELD_ENCRYPTION_KEYS": "", "BACKUP_KEY": "", "ALLOWED_HOSTS": "*"}
    process = locked_in("web", {**env, **faults})
    output, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert set(re.findall(r"portal\.E\d+", output)) == {
        "portal.E001", "portal.E002", "portal.E005", "portal.E008",
    }  # fmt: skip
    assert "HINT" in output


@pytest.mark.parametrize("role", ["", "shell", "web; id"])
def test_the_door_knows_only_its_roles(env: dict[str, str], role: str) -> None:
    process = locked_in(role, env)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 64
    assert "usage" in output


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_claims_nothing_is_ended_by_its_health_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue("nothing", "key")
    monkeypatch.setenv("DATABASE_URL", get_database_url())
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)", "celery", "worker"]
    ) as hanging:
        assert healthcheck.is_worker_healthy()
        monkeypatch.setattr(healthcheck.time, "time", lambda: time.time_ns() / 1e9 + 60)
        assert not healthcheck.is_worker_healthy()
        assert hanging.wait(5) == -9
