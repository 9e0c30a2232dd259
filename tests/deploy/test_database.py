"""deploy/database: one set of hosts in every file, the promises of a receipt, and nothing of a report in a log."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ops.local_postgres import POSTGRES_OPTIONS
from tests.support.documents import MONITORING

FOLDER = MONITORING.parent / "database"
PATRONI = yaml.safe_load((FOLDER / "patroni.yml").read_text())
DCS = PATRONI["bootstrap"]["dcs"]
PARAMETERS = DCS["postgresql"]["parameters"]
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin")


def test_a_receipt_is_shown_when_two_hosts_have_its_report() -> None:
    assert DCS["synchronous_mode"] is True
    assert "synchronous_commit" not in PARAMETERS


def test_a_lease_outlives_two_attempts_to_renew_it() -> None:
    """Patroni would lower the other two without a word."""
    assert DCS["loop_wait"] + 2 * DCS["retry_timeout"] <= DCS["ttl"]


def test_the_log_is_shipped_within_a_minute_and_no_standby_waits_for_the_store() -> None:
    assert PARAMETERS["archive_timeout"] <= 60
    assert "restore_command" not in (FOLDER / "patroni.yml").read_text().replace(
        "`restore_command`", ""
    )


def test_no_words_of_a_report_reach_the_log_of_postgresql() -> None:
    names = ("log_min_messages", "log_min_error_statement")
    assert {name: PARAMETERS[name] for name in names} == {
        name: POSTGRES_OPTIONS[name] for name in names
    }


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_says_where_it_belongs_and_knows_the_same_hosts(path: Path) -> None:
    text = path.read_text()
    assert re.match(r"# /etc/[\w/.]+", text)
    hosts = set(re.findall(r"\bdb\d\b", text))
    assert hosts <= {"db1", "db2", "db3"}
    assert hosts in (set(), {"db1"}, {"db1", "db2", "db3"})


def test_the_secrets_of_the_shipped_files_are_blank() -> None:
    text = "".join(path.read_text() for path in FOLDER.iterdir())
    assert re.findall(r"(?m)^\w+_PASSWORD=(.+)$|^repo1-(?:s3-key|cipher-pass)\S*=(.+)$", text) == []


@pytest.mark.skipif(
    HAPROXY is None and not os.environ.get("REQUIRE_BROWSER"),
    reason="no haproxy here; .ci/run installs it and demands it",
)
def test_haproxy_takes_its_configuration() -> None:
    subprocess.run([str(HAPROXY), "-c", "-q", "-f", FOLDER / "haproxy.cfg"], check=True)
