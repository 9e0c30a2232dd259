"""Check every command that docs/operations/ tells to type: it is understood, and names what is shipped. Exit 1 if one does not.

Usage: python -m tools.operations_pages
"""

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import django
import yaml
from django.core.management import CommandError, get_commands, load_command_class
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "operations"
# What an operator puts in the place of a word.
PLACES = {"[FILE OR FOLDER]": "x", "ROLE": "duty", "FILE": "x", "PID": "0", "PORTAL": "https://portal.example",
          "LANGUAGE": "en", "/ID/": "/00000000-0000-0000-0000-000000000000/"}  # fmt: skip
SERVICES = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"])
WITHOUT_SERVICE = {"build", "config", "ps", "up"}
MANIFESTS = "".join(path.read_text() for path in (ROOT / "deploy" / "kubernetes").iterdir())
# Programs of the machine itself, and what tests run: sql, promtool.
UNCHECKED = (
    "age", "cat", "crontab", "df", "du", "kill", "make", "openssl", "promtool", "psql", "sql", "sudo",
)  # fmt: skip


class WrongCommandError(Exception):
    """A command of the pages that would not run."""


def check_manage(words: list[str]) -> None:
    """Raise where the command does not take these words, or no test runs it."""
    name, *arguments = words
    if name not in get_commands():
        raise WrongCommandError(name)
    command = load_command_class(get_commands()[name], name)
    try:
        command.create_parser("manage.py", name).parse_args(arguments)
    except CommandError as error:
        raise WrongCommandError(str(error)) from error
    tests = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    if not any(f'"{name}"' in text for text in tests):
        raise WrongCommandError(f"no test runs {name}")


def check_objects(words: list[str]) -> None:
    """Raise where a service, its folder of archives, a unit of systemd, or an object or file for Kubernetes is not shipped."""
    units = {re.sub(r"@.*", "@.service", each) for each in words if re.match("portal[@.-]", each)}
    objects = re.findall(r"\b(?:job|deploy|deployment)/([\w-]+)(?= |$)", " ".join(words))
    files = [each for each in words if each.startswith("deploy/kubernetes/")]
    missing = [
        *(each for each in units if not (ROOT / "ops" / "systemd" / each).is_file()),
        *(each for each in objects if f"{{name: {each}, namespace" not in MANIFESTS),
        *(each for each in files if not (ROOT / each).exists()),
    ]
    if words[0] == "compose" and words[1] not in WITHOUT_SERVICE:
        named = [
            each for each in (re.sub("[:=].*", "", each) for each in words) if each in SERVICES
        ]
        is_elsewhere = "/backups" in " ".join(words) and named[:1] != ["backup"]
        missing += words if not named or is_elsewhere else []
    if missing:
        raise WrongCommandError(f"not shipped: {' '.join(missing)}")
    if "manage.py" in words:
        check_manage(words[words.index("manage.py") + 1 :])


def check_services(words: list[str]) -> None:
    if unknown := set(words) - SERVICES:
        raise WrongCommandError(f"no service: {' '.join(unknown)}")


def check_address(words: list[str]) -> None:
    try:
        resolve(urlsplit(next(each for each in words if each.startswith("http"))).path)
    except Resolver404 as error:
        raise WrongCommandError("no page there") from error


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "manage.py": check_manage,
    **dict.fromkeys(("docker", "kubectl", "systemctl", "journalctl", ".venv/bin/python"), check_objects),
    **dict.fromkeys(("again", "health", "logs"), check_services),
    "curl": check_address,
    **dict.fromkeys(UNCHECKED, lambda _: None),
}  # fmt: skip


def list_lines() -> Iterator[str]:
    """Yield the lines of blocks of sh, and code in sentences that begins with a program."""
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


def list_commands() -> list[list[str]]:
    """Return every command as its words, in the places of those that an operator replaces some of theirs."""
    typed = {each for each in list_lines() if " " in each and "…" not in each and "()" not in each}
    for place, value in PLACES.items():
        typed = {each.replace(place, value) for each in typed}
    return sorted(shlex.split(each.removesuffix("&")) for each in typed)


def check_command(words: list[str]) -> None:
    """Raise WrongCommandError where nobody could type it so."""
    check = CHECKS.get(words[0])
    if check is None and (ROOT / words[0]).is_file():
        return  # a program of ours
    if check is None:
        raise WrongCommandError("nobody checks this program")
    check(words[1:])


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    is_wrong = False
    for words in list_commands():
        try:
            check_command(words)
        except WrongCommandError as error:
            is_wrong = True
            print(f"{shlex.join(words)}: {error}")
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
