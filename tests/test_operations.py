"""docs/operations: every command is understood as it is typed, and the runbook is short and whole."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from core.database import fetch_all
from reports.models import Alarm
from tools import operations_pages
from tools.operations_pages import FOLDER, ROOT, WrongCommandError


@pytest.mark.django_db
@pytest.mark.parametrize("words", operations_pages.list_commands(), ids=" ".join)
def test_a_command_of_the_pages_is_understood(words: list[str]) -> None:
    operations_pages.check_command(words)
    if words[0] == "sql":
        fetch_all(words[1] if words[1].startswith("SELECT") else f"EXPLAIN {words[1]}")


def test_a_command_of_an_alarms_mail_is_understood() -> None:
    mail = (ROOT / "templates" / "reports" / "alarm.txt").read_text("utf-8")
    typed = re.findall(r'docker compose (?:exec|restart) (?:"[^"\n]*"|\.py|[^.,"\n])+', mail)
    assert len(typed) > 5
    for each in typed:
        operations_pages.check_command(shlex.split(each))


WRONG = """docker compose exec web python manage.py backup /backups|manage.py sweep|manage.py purge --everything|docker compose restart postgres|health nginx|rm -r var
kubectl rollout status deployment/nginx|systemctl restart portal-nginx.timer|curl https://portal.example/nothing"""


@pytest.mark.parametrize("command", re.split(r"[|\n]", WRONG))
def test_a_command_that_nobody_could_type_is_noticed(command: str) -> None:
    with pytest.raises(WrongCommandError):
        operations_pages.check_command(command.split())


@pytest.mark.parametrize("machine", ["compose", "systemd", "Kubernetes"])
def test_the_words_of_the_runbook_turn_into_the_machines_own(machine: str, tmp_path: Path) -> None:
    for program in ("docker", "sudo", "kubectl", "psql"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho {program} "$@"\n')
        (tmp_path / program).chmod(0o755)
    blocks = (FOLDER / "runbook.md").read_text("utf-8").split("```sh\n# ")
    block = next(each for each in blocks if each.startswith(machine)).partition("```")[0]
    typed = 'manage.py queue_status; again web; logs relay; health web; sql "SELECT 1"; archive'
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DATABASE_URL": "postgres://base"}
    told = subprocess.check_output(["bash", "-c", f"# {block}{typed}"], env=env, text=True)
    wanted = json.loads((ROOT / "tests" / "data" / "runbook_words.json").read_text())
    assert told.splitlines() == wanted[machine]


def test_the_runbook_is_short_and_has_a_part_for_each_alarm_as_mails_name_it() -> None:
    text = (FOLDER / "runbook.md").read_text("utf-8")
    assert len(text.splitlines()) <= 250
    titles = ", ".join(re.findall(r"^### ([\w, ]+):", text, re.MULTILINE)).split(", ")
    assert sorted(titles) == sorted(Alarm.Kind.values)
    assert [label for label in Alarm.Kind.labels if str(label) not in text] == []
