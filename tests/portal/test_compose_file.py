"""The production shape, as far as it can be judged without a container engine."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.processes import ROOT

COMPOSE = ROOT / "docker-compose.yml"
SECRETS = {
    *("POSTGRES_PASSWORD", "VALKEY_PASSWORD"),
    *("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BACKUP_KEY"),
}
# What the image itself decides, and what a production start refuses.
OURS_ALONE = {
    *("DATA_DIR", "FILES_DIR", "PROVINCE_DIR", "PORT", "STATIC_ROOT", "DEBUG", "RATE_LIMITS")
}


def services() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return content


def test_everything_that_the_portal_is_runs_as_a_service() -> None:
    assert set(services()) == {
        "db", "valkey", "migrate", "web", "relay", "worker", "beat", "front",
    }  # fmt: skip


def test_no_secret_has_a_default() -> None:
    text = COMPOSE.read_text()
    for name in SECRETS:
        uses = re.findall(rf"\$\{{?{name}[^}}]*", text)
        assert uses
        assert all(use.startswith(f"${{{name}:?") for use in uses)


@pytest.mark.parametrize("name", sorted(services()))
def test_every_service_is_locked_in(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert "privileged" not in service


@pytest.mark.parametrize("name", sorted(set(services()) - {"migrate"}))
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"


def test_reports_are_taken_without_the_broker_which_forgets_nothing() -> None:
    assert set(services()["web"]["depends_on"]) == {"migrate"}
    assert set(services()["migrate"]["depends_on"]) == {"db"}
    command = " ".join(services()["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_only_the_front_server_is_reachable_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["front"]
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", ["relay", "worker"])
def test_who_watches_reaches_a_mail_server(name: str) -> None:
    assert "outside" in services()[name]["networks"]


@pytest.mark.parametrize("name", ["migrate", "web", "relay", "worker", "beat"])
def test_every_setting_that_is_the_operators_reaches_the_portal(name: str) -> None:
    source = (ROOT / "portal" / "environment.py").read_text()
    read_by_the_portal = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    passed_on = set(services()[name]["environment"])
    assert len(passed_on) > 50
    assert read_by_the_portal - OURS_ALONE == passed_on


def test_the_image_holds_no_secret_and_no_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert not re.search("|".join(SECRETS), text)
    assert "--require-hashes" in text
    for stage in text.split("\nFROM ")[2:]:
        assert re.search(r"^USER (portal|nginx)$", stage, re.MULTILINE)


def test_the_image_copies_only_what_exists_and_what_the_context_lets_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    copies = re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text())
    for source in " ".join(copies).split():
        assert (ROOT / source).exists()
        folder = source.split("/")[0]
        assert folder in let_in or any(source in {name, name.split("/")[0]} for name in let_in)


def test_roles_of_the_compose_file_are_roles_of_the_door() -> None:
    door = (ROOT / "docker" / "entrypoint.sh").read_text()
    roles = {service["command"][0] for service in services().values() if "init" in service}
    assert roles == set(re.findall(r"\w+", re.findall(r"^(web.*)\) ;;$", door, re.MULTILINE)[0]))


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker compose here")
def test_compose_refuses_to_start_without_its_secrets(tmp_path: Path) -> None:
    result = subprocess.run(
        ["docker", "compose", "--file", COMPOSE, "--env-file", "/dev/null", "config", "--quiet"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if "is not a docker command" in result.stderr:
        pytest.skip("no docker compose here")
    assert result.returncode != 0
    assert "is missing a value" in result.stderr
