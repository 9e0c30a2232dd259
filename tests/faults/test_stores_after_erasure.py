"""After an erasure nothing of a report is anywhere: tables, indexes, files, Valkey, logs."""

import json
import subprocess
from pathlib import Path

import pytest

from ops.local_postgres import postgres_tool
from tests.faults.support.canary_marks import walk_files
from tests.faults.support.erasure_probe import CLEAR, SEALED, new_marks
from tests.support.processes import run_python
from tools.portal_stack import PortalStack, portal_stack

pytestmark = [pytest.mark.serial]


def run_probe(stack: PortalStack, *words: str) -> None:
    done = run_python(stack.env, "-m", "tests.faults.support.erasure_probe", *words)
    assert done.returncode == 0, done.stderr[-2000:]
    assert stack.wait_until_idle(120)


def rewrite_tables(stack: PortalStack) -> None:
    """Write the tables anew, as docs/operations/reference.md says, and what is in memory to files;
    nobody looks at older rows.
    """
    stack.terminate()
    assert stack.manage("purge", "--rewrite").endswith("The tables are written anew.\n")
    stack.broker().save()


def find_places(stack: PortalStack, marks: dict[str, str], *, wal: bool) -> dict[str, set[str]]:
    """Return in which tables, other files of the stack, or a dump, each mark stands; those that are
    nowhere are left out.
    """
    dump = [postgres_tool("pg_dump"), "--dbname", stack.database]
    texts = {"dump": subprocess.run(dump, capture_output=True, check=True).stdout}
    tables = dict(stack.ask("SELECT pg_relation_filenode(oid)::text, relname FROM pg_class"))
    for path, content in walk_files(stack.folder):
        if wal or "pg_wal" not in path.parts:
            name = tables.get(path.name, str(path.relative_to(stack.folder)))
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
    with portal_stack() as stack:
        run_probe(stack, "fill", str(listed))
        stack.ask("CHECKPOINT")
        places = find_places(stack, clear, wal=False)
        assert places.keys() == clear.keys()  # or looking would prove nothing
        run_probe(stack, "erase")
        rewrite_tables(stack)
        assert find_places(stack, clear, wal=False) == {}
        assert find_places(stack, sealed, wal=True) == {}
        assert not list((Path(stack.env["DATA_DIR"]) / "files").glob("??/*"))
