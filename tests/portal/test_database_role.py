"""The role that docker/database_role.sh gives the portal owns its database and is no superuser."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege

from ops.local_postgres import postgres_tool
from tests.support.processes import ROOT, run_script

pytestmark = pytest.mark.serial  # both tests: there is one such role on the server

ROLE = "ordinary"
SCRIPT = (ROOT / "docker" / "database_role.sh").read_text().replace("portal", ROLE)

OUTSIDE = (
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "SELECT pg_read_file('/etc/passwd')",
    "SET session_replication_role = replica",
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A database beside the suite's own, made as the compose file has it made."""
    url = os.environ["DATABASE_URL"]
    path = f"{Path(postgres_tool('psql')).parent}:{os.environ['PATH']}"
    own = {
        "POSTGRES_USER": "portal",
        "POSTGRES_PASSWORD": "mat-khau",
        "PGHOST": url.partition("host=")[2],
    }
    subprocess.run(["sh", "-c", SCRIPT], env={"PATH": path, **own}, check=True, timeout=30)
    yield url.replace("portal@/portal?", f"{ROLE}@/{ROLE}?")
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"DROP DATABASE {ROLE} WITH (FORCE)")
        cursor.execute(f"DROP ROLE {ROLE}")


def test_no_statement_of_it_leaves_the_database_or_switches_the_guards_off(address: str) -> None:
    for statement in OUTSIDE:
        with closing(psycopg2.connect(address)) as line, pytest.raises(InsufficientPrivilege):
            line.cursor().execute(statement)


def test_all_that_the_portal_does_with_tables_it_may_do(address: str, tmp_path: Path) -> None:
    commands = ("'migrate', verbosity=0", "'setup_desk'", "'purge', rewrite=True")
    calls = "; ".join(f"call_command({each})" for each in commands)
    start = "import django; django.setup(); from django.core.management import call_command; "
    env = {"DATABASE_URL": address, "DATA_DIR": str(tmp_path)}
    env["FIELD_ENCRYPTION_KEYS"] = os.environ["FIELD_ENCRYPTION_KEYS"]
    said = run_script(start + calls, **env)
    assert "The tables are written anew." in said
