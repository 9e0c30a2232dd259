"""docs/operations: every command in it is understood as typed, and what can be run here is run."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.urls import resolve

from core.database import fetch_all
from ops.process_commands import ROLES
from reports.models import Alarm

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "operations"
# What an operator puts in the place of a word.
PLACES = {
    "[FILE OR FOLDER]": "x", "NAME": "truc.ban", "ROLE": "duty", "FILE": "x", "NUMBER": "26-ABCD-EFGH", "PID": "0",
    "PORTAL": "https://portal.example", "LANGUAGE": "en", "ID": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
UNITS = {path.name for path in (ROOT / "ops" / "systemd").iterdir()}
MANIFESTS = [
    each
    for path in (ROOT / "deploy" / "kubernetes").iterdir()
    for each in yaml.safe_load_all(path.read_text())
]
TESTS = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
Words = list[str]


def check_manage(words: Words) -> None:
    """Fail where the command does not take these words, or no test runs it."""
    name, *arguments = words
    command = load_command_class(get_commands()[name], name)
    command.create_parser("manage.py", name).parse_args(arguments)
    assert f'"{name}"' in TESTS


def check_module(words: Words) -> None:
    """Check what follows `python`."""
    if words[0] == "-c":
        subprocess.run([sys.executable, *words], check=True, cwd=ROOT, capture_output=True)
    elif words[0] == "-m":
        assert words[1] == "ops.healthcheck"
        assert words[2] in ROLES
    else:
        assert words[0] == "manage.py"
        check_manage(words[1:])


def check_docker(words: Words) -> None:
    tool, verb, *rest = words
    assert (tool, verb in TESTS or verb in {"config", "build", "cp"}) == ("compose", True)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in {"--since", "--signal", "--entrypoint", "--scale"}:
            value = rest.pop(0)
            assert option != "--scale" or value.partition("=")[0] in SERVICES
    if verb in {"exec", "run"}:
        service, *inside = rest
        assert service in SERVICES
        program = inside[0] if inside else ""
        if program in {"python", "manage.py"}:
            check_module(inside[program == "python" :])
    else:
        assert {each.partition(":")[0] for each in rest[: 1 if verb == "cp" else None]} <= {
            *SERVICES
        }


def check_kubectl(words: Words) -> None:
    """Fail where an object or file is named that is not shipped."""
    names = {(each["kind"].lower(), each["metadata"]["name"]) for each in MANIFESTS}
    objects = re.findall(r"\b(deploy(?:ment)?|job)[/ ]([\w-]+)", " ".join(words))
    assert {("deployment" if kind == "deploy" else kind, name) for kind, name in objects} <= names
    files = [words[at + 1] for at, each in enumerate(words) if each == "--filename"]
    assert [each for each in files if not (ROOT / each).exists()] == []
    assert objects or files or "create" in words
    if "--" in words:
        check_module(words[words.index("--") + 2 :])


def check_units(words: Words) -> None:
    """Fail for a unit of ours that is not shipped."""
    units = [re.sub(r"@.*", "@.service", each) for each in words if each.startswith("portal")]
    assert units
    assert set(units) <= UNITS


def check_roles(words: Words) -> None:
    assert set(words) <= {*SERVICES}


def check_sql(words: Words) -> None:
    fetch_all(words[0]) if words[0].startswith("SELECT") else fetch_all(f"EXPLAIN {words[0]}")


def check_curl(words: Words) -> None:
    address = next(each for each in words if each.startswith("http"))
    resolve(urlsplit(address).path)


def check_openssl(words: Words) -> None:
    if words[0] == "rand":
        subprocess.run(
            ["openssl", *words[: words.index("|") if "|" in words else None]], check=True
        )
    else:  # a key with its certificate, as the page makes it
        assert words[0] in {"req", "s_client"}


def check_promtool(words: Words) -> None:
    """Check that the file is there: tests/deploy/test_monitoring.py runs these."""
    assert words[:2] in (["check", "config"], ["test", "rules"])
    assert (ROOT / words[2]).is_file()


def check_nothing(_words: Words) -> None:
    """The machine's own programs."""


CHECKS: dict[str, Callable[[Words], None]] = {
    "manage.py": check_manage,
    "python": check_module,
    ".venv/bin/python": check_module,
    "docker": check_docker,
    "kubectl": check_kubectl,
    "systemctl": check_units,
    "journalctl": check_units,
    "again": check_roles,
    "health": check_roles,
    "logs": check_roles,
    "sql": check_sql,
    "curl": check_curl,
    "openssl": check_openssl,
    "promtool": check_promtool,
    **dict.fromkeys(["sudo", "kill", "pgrep", "df", "du", "crontab", "psql", "cat", "age"], check_nothing),
}  # fmt: skip


def list_commands() -> Iterator[str]:
    """Yield what is typed: lines of blocks of sh, and code in sentences that begins with a program."""
    for page in FOLDER.glob("*.md"):
        is_block = False
        for line in page.read_text("utf-8").replace("\\\n", "").splitlines():
            if line.startswith("```"):
                is_block = line == "```sh"
            elif is_block:
                yield re.sub(r"^[\d* ]+ cd /srv/portal && |(?:^| +)# .*", "", line)
            else:
                codes = re.findall(r"`([^`]+)`", line)
                yield from (each for each in codes if each.partition(" ")[0] in CHECKS)


COMMANDS = sorted(
    {
        each
        for each in list_commands()
        if " " in each and "…" not in each and not re.match(r"\w+(?:\.py)?\(\)", each)
    }
)


@pytest.mark.django_db
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_pages_is_understood(command: str) -> None:
    for place, value in PLACES.items():
        command = command.replace(place, value)
    program, *words = shlex.split(command.removesuffix("&"))
    CHECKS[program](words)


def test_a_command_that_nobody_checks_is_noticed() -> None:
    assert len(COMMANDS) > 70
    assert {each.partition(" ")[0] for each in COMMANDS} <= {*CHECKS}
    for wrong in ("purge --everything", "sweep"):
        with pytest.raises(Exception, match=r"unrecognized|sweep"):
            check_manage(wrong.split())
    with pytest.raises(AssertionError):
        check_docker(["compose", "restart", "postgres"])
    with pytest.raises(AssertionError):
        check_kubectl(["rollout", "status", "deployment/nginx"])


MANAGE = "/srv/portal/.venv/bin/python manage.py queue_status"
UNIT = (
    "systemd-run --quiet --pipe --wait --property=User=portal --property=WorkingDirectory=/srv/portal"
    " --property=EnvironmentFile=/etc/portal.env /srv/portal/.venv/bin/python"
)
TYPED = 'manage.py queue_status; again web; logs relay; health web; sql "SELECT 1"'
TURNS_INTO = {
    "compose": [
        "docker compose exec -T web python manage.py queue_status",
        "docker compose restart web",
        "docker compose logs --no-log-prefix --since 15m relay",
        "docker compose exec -T web python -m ops.healthcheck web",
        "docker compose exec -T db psql -U portal portal -c SELECT 1",
    ],
    "systemd": [
        f"sudo {UNIT} manage.py queue_status",
        "sudo systemctl restart portal@web",
        "sudo journalctl --output=cat --since=-15min --unit=portal@relay",
        f"sudo {UNIT} -m ops.healthcheck web",
        "sudo -u postgres psql portal -c SELECT 1",
    ],
    "Kubernetes": [
        "kubectl --namespace portal exec deploy/web -- python manage.py queue_status",
        "kubectl --namespace portal rollout restart deploy/web",
        "kubectl --namespace portal logs --since=15m deploy/relay",
        "kubectl --namespace portal exec deploy/web -- python -m ops.healthcheck web",
        "psql postgres://base -c SELECT 1",
    ],
}


@pytest.mark.parametrize("machine", TURNS_INTO)
def test_the_five_words_of_the_runbook_turn_into_the_machines_own(
    machine: str, tmp_path: Path
) -> None:
    for program in ("docker", "sudo", "kubectl", "psql"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho {program} "$@"\n')
        (tmp_path / program).chmod(0o755)
    blocks = (FOLDER / "runbook.md").read_text("utf-8").split("```sh\n")
    block = next(each.partition("```")[0] for each in blocks if each.startswith(f"# {machine}"))
    done = subprocess.run(
        ["bash", "-c", f"{block}\n{TYPED}"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "DATABASE_URL": "postgres://base"},
        capture_output=True,
        text=True,
        check=True,
    )
    *before, sql = TURNS_INTO[machine]
    assert done.stdout.splitlines() == [*before, "web is well", sql]


def test_the_runbook_is_short_and_has_a_part_for_each_alarm() -> None:
    text = (FOLDER / "runbook.md").read_text("utf-8")
    assert len(text.splitlines()) <= 250
    titles = re.findall(r"^### ([\w, ]+):", text, re.MULTILINE)
    assert sorted(kind for title in titles for kind in title.split(", ")) == sorted(
        Alarm.Kind.values
    )
    assert [label for label in Alarm.Kind.labels if str(label) not in text] == []  # as mails have it
