"""After an erasure nothing of a report is anywhere: tables, indexes, files, Valkey, logs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops.local_postgres import postgres_tool
from tests.faults.support.canary_marks import everything_under
from tests.faults.support.disposable_portal import ROOT
from tests.faults.support.erasure_probe import CLEAR, SEALED, new_marks
from tools.portal_stack import PortalStack, portal_stack, wait_until

pytestmark = [pytest.mark.serial]
WAL = "pg_wal"


def run(home: PortalStack, *words: str) -> None:
    command = [sys.executable, "-m", "tests.faults.support.erasure_probe", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=home.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def settled(home: PortalStack) -> bool:
    waits = "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL"
    return home.ask(waits) == [(0,)]


def rewritten(home: PortalStack) -> None:
    """As docs/operations.md tells: the tables anew, and everything in files; nobody looks at older
    rows.
    """
    home.children["serve"].stop(30)
    assert home.manage("purge", "--rewrite").endswith("The tables are written anew.\n")
    home.broker().save()


def found(home: PortalStack, marks: dict[str, str], *, wal: bool) -> dict[str, set[str]]:
    """In which tables, other files of the house, or a dump, each mark stands; those that are nowhere
    left out.
    """
    dump = [postgres_tool("pg_dump"), "--dbname", home.database]
    texts = {"dump": subprocess.run(dump, capture_output=True, check=True).stdout}
    tables = dict(home.ask("SELECT pg_relation_filenode(oid)::text, relname FROM pg_class"))
    for path, content in everything_under(home.folder):
        if wal or WAL not in path.parts:
            name = tables.get(path.name, str(path.relative_to(home.folder)))
            texts[name] = texts.get(name, b"") + content
    places = {
        name: {place for place, text in texts.items() if mark.encode() in text}
        for name, mark in marks.items()
    }
    return {name: where for name, where in places.items() if where}


def test_an_erased_report_is_nowhere(tmp_path: Path) -> None:
    marks, listed = new_marks(), tmp_path / "marks.json"
    listed.write_text(json.dumps(marks))
    clear = {name: marks[name] for name in CLEAR}
    sealed = {name: marks[name] for name in (*SEALED, "contact")}
    with portal_stack() as home:
        run(home, "fill", str(listed))
        assert wait_until(lambda: settled(home), 120)
        home.ask("CHECKPOINT")
        there = found(home, clear, wal=False)
        assert there.keys() == clear.keys()  # or looking would prove nothing
        run(home, "erase")
        assert wait_until(lambda: settled(home), 120)
        rewritten(home)
        assert found(home, clear, wal=False) == {}
        assert found(home, sealed, wal=True) == {}
        assert not list((Path(home.env["DATA_DIR"]) / "files").glob("??/*"))
