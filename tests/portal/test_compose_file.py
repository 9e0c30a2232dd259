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
    *("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"),
    *("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BACKUP_KEY", "SIGNING_KEY", "CAP_KEY"),
    *("METRICS_TOKEN", "OIDC_CLIENT_SECRET", "EVIDENCE_URL", "PUBLISHED_URL"),
}
PORTAL_ROLES = ("web", "relay", "worker", "beat", "backup")
# What the image itself decides, and what a production start refuses.
OURS_ALONE = {
    *("DATA_DIR", "FILES_DIR", "PROVINCE_DIR", "PORT", "STATIC_ROOT", "DEBUG", "RATE_LIMITS")
}


def services() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return content


def test_everything_that_the_portal_is_runs_as_a_service() -> None:
    assert set(services()) == {
        "db", "valkey", "migrate", *PORTAL_ROLES, "front",
    }  # fmt: skip


def test_every_secret_is_a_file_and_none_stands_in_an_environment() -> None:
    content = yaml.safe_load(COMPOSE.read_text())
    assert {name.upper() for name in content["secrets"]} == SECRETS
    assert all(list(secret) == ["file"] for secret in content["secrets"].values())
    for service in services().values():
        mounted = {f"/run/secrets/{name}" for name in service.get("secrets", ())}
        environment = service.get("environment", {})
        assert not SECRETS & environment.keys()
        assert {v for k, v in environment.items() if k.removesuffix("_FILE") in SECRETS} <= mounted


@pytest.mark.parametrize("name", sorted(services()))
def test_every_service_is_locked_in(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert "privileged" not in service
    assert ("/backups" in str(service.get("volumes"))) == (name == "backup")


@pytest.mark.parametrize("name", sorted(services()))
def test_no_service_takes_the_machine(name: str) -> None:
    service = services()[name]
    assert service["mem_limit"]
    assert service["pids_limit"] <= 256
    assert service["ulimits"] == {"core": 0}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert all("size=" in each for each in service["tmpfs"])


def test_only_one_service_builds_the_image_and_nobody_elses_is_fetched() -> None:
    ours = {name: each for name, each in services().items() if "call-report" in each["image"]}
    assert {name for name, each in ours.items() if "build" in each} == {"web", "front"}
    assert {each["pull_policy"] for each in ours.values()} == {"never"}
    assert "${PORTAL_VERSION:?" in services()["web"]["image"]
    assert set(re.findall(r"\$\{TRUSTED_PROXIES:(.)", COMPOSE.read_text())) == {"?"}


@pytest.mark.parametrize("name", sorted(set(services()) - {"migrate"}))
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"
    # deploy.sh waits for what is healthy, and gives up at the first that is not: a busy machine takes its time.
    assert name not in PORTAL_ROLES or service["healthcheck"]["start_period"] == "120s"
    assert service["healthcheck"]["retries"] > 1


def test_reports_are_taken_without_the_broker_which_forgets_nothing() -> None:
    for name in (*PORTAL_ROLES, "migrate"):
        assert set(services()[name]["depends_on"]) == {"db"}
    command = " ".join(services()["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_a_change_of_version_takes_nothing_away_that_is_the_same_in_both() -> None:
    assert services()["migrate"]["profiles"] == ["deploy"]
    assert "depends_on" not in services()["front"]
    assert "PORTAL_VERSION" not in str(services()["front"])
    assert "COPY --from" not in (ROOT / "Dockerfile").read_text().split(" AS front")[1]


def test_only_the_front_server_is_reachable_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["front"]
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", ["migrate", "web", "relay", "worker", "beat", "backup"])
def test_who_needs_a_bucket_or_a_mail_server_has_a_way_out(name: str) -> None:
    assert "outside" in services()[name]["networks"]


@pytest.mark.parametrize("name", ["migrate", *PORTAL_ROLES])
def test_every_setting_that_is_the_operators_reaches_the_portal(name: str) -> None:
    source = (ROOT / "portal" / "environment.py").read_text()
    read_by_the_portal = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    passed_on = {each.removesuffix("_FILE") for each in services()[name]["environment"]}
    assert len(passed_on) > 50
    assert read_by_the_portal - OURS_ALONE == passed_on


def test_the_image_holds_no_secret_and_no_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert not re.search("|".join(SECRETS), text)
    assert "--require-hashes" in text
    for stage in re.split(r"\nFROM .* AS (?:portal|front)\n", text)[1:]:
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
    roles = {services()[name]["command"][0] for name in (*PORTAL_ROLES, "migrate")}
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


def test_each_base_image_is_given_its_digest_once(tmp_path: Path) -> None:
    for name in ("Dockerfile", "docker-compose.yml", "docker/tls.yml", "docker/pin_images.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    for digit in "ab":  # the second time each is replaced
        (tmp_path / "docker" / "docker").write_text(f"#!/bin/sh\necho sha256:{digit * 64}\n")
        (tmp_path / "docker" / "docker").chmod(0o755)
        env = {"PATH": f"{tmp_path}/docker:/usr/bin:/bin"}
        subprocess.run([tmp_path / "docker" / "pin_images.sh"], env=env, check=True)
    pinned = "".join((tmp_path / name).read_text() for name in ("Dockerfile", "docker-compose.yml"))
    found = re.findall(r"_IMAGE:?[=-]([a-z/]+):[^@\s}]+@sha256:b{64}(?=[}\n])", pinned)
    assert sorted(found) == ["nginx", "postgres", "python", "valkey/valkey"]
