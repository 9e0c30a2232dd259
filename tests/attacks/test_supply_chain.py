"""What the portal is made of and started with: packages, licences, the image, and where secrets stand."""

import ast
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as NobodyThere

from ops import process_commands
from ops.local_services import valkey_server
from requirements import sbom
from tests.support.processes import ROOT
from tools.portal_stack import wait_until
from tools.servers import find_free_port
from tools.source import ROOMS, load_modules

LOCKS = {"runtime.txt": 50, "local.txt": 50, "dev.txt": 50, "mutation.txt": 50, "uv.txt": 1}
SQL_CALLS = {"execute", "raw", "extra"}
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
    "services"
]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
OWN_FILES = [
    path
    for room in (*ROOMS, "bench", "tools", "requirements", ".ci")
    for path in sorted((ROOT / room).rglob("*.py"))
]


@pytest.mark.parametrize(("lock", "least"), LOCKS.items())
def test_every_package_of_a_lock_has_a_hash_and_no_address(lock: str, least: int) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    entries = [entry for entry in re.split(r"\n(?=[A-Za-z0-9])", text) if "==" in entry]
    assert len(entries) >= least
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


@pytest.mark.parametrize(
    ("folders", "extras"),
    [(ROOMS, ["embedded"]), (("tests", "bench", "tools", "requirements"), ["embedded", "dev"])],
    ids=["rooms", "beside them"],
)
def test_every_package_that_code_imports_is_declared(
    folders: tuple[str, ...], extras: list[str]
) -> None:
    """What another package happens to bring along goes with that package."""
    optional = PROJECT["project"]["optional-dependencies"]
    lines = [
        *PROJECT["project"]["dependencies"],
        *(each for extra in extras for each in optional[extra]),
    ]
    declared = {_fold_name(re.split(r"[^\w.-]", line)[0]) for line in lines}
    brought_by = packages_distributions()  # nothing for the standard library and what is ours
    undeclared = {
        top
        for module in load_modules(*folders)
        for top in {name.partition(".")[0] for name in module.imported_names} & brought_by.keys()
        if not declared & set(map(_fold_name, brought_by[top]))
    }
    assert undeclared == set()


def _fold_name(package: str) -> str:
    """Return the name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def test_every_licence_was_looked_up_and_lets_us() -> None:
    assert sbom.refused(sbom.packages()) == []
    assert sbom.refused([sbom.Package("x", "1", (), "")]) == ["x"]
    assert sbom.refused([sbom.Package("x", "1", (), "MIT AND AGPL-3.0-only")]) == ["x"]


def test_what_we_wrote_of_a_licence_is_what_its_package_says() -> None:
    wrong = {}
    for one in sbom.packages():
        try:
            answer = metadata(one.name).get("License-Expression")
        except PackageNotFoundError:  # of another system
            continue
        if answer and not sbom.named(answer) <= sbom.named(one.licence):
            wrong[one.name] = answer
    assert wrong == {}


def test_the_bill_of_materials_is_whole_and_valid() -> None:
    validation = pytest.importorskip("cyclonedx.validation.xml", reason="not in this environment")
    from cyclonedx.output.xml import XmlV1Dot6
    from cyclonedx.schema import SchemaVersion

    packages = sbom.packages()
    bill = sbom.bill(packages)
    assert {part.name for part in bill.components} == {one.name for one in packages}
    assert all(part.hashes and part.licenses for part in bill.components)
    judge = validation.XmlValidator(SchemaVersion.V1_6)
    assert judge.validate_str(XmlV1Dot6(bill).output_as_string()) is None


def test_a_known_weakness_fails_and_an_unknown_package_is_told() -> None:
    judged = runpy.run_path(str(ROOT / ".ci" / "weaknesses.py"))["judged"]
    flaw = {"id": "PYSEC-1", "fix_versions": ["2"]}
    weak = {"name": "a", "version": "1", "vulns": [flaw]}
    sound, unknown = {"name": "b", "version": "1", "vulns": []}, {"name": "c", "skip_reason": "x"}
    assert judged([sound, weak], release=False) == (1, ["a 1: PYSEC-1, mended in 2"])
    for release in (False, True):
        code, answer = judged([sound, unknown], release=release)
        assert (code, answer[0].startswith("not checked: 1 of 2")) == (int(release), True)


@pytest.mark.parametrize(("release", "code"), [("", 0), ("1", 1)])
def test_a_list_that_cannot_be_reached_fails_a_release_alone(release: str, code: int) -> None:
    command = [sys.executable, str(ROOT / ".ci" / "weaknesses.py"), "/bin/false", "no lock"]
    done = subprocess.run(command, env={"RELEASE": release}, capture_output=True, check=False)
    assert (done.returncode, done.stdout[:12]) == (code, b"not checked:")


def test_no_rule_against_danger_is_left_out_as_a_whole() -> None:
    ignored = PROJECT["tool"]["ruff"]["lint"]["ignore"]
    assert [rule for rule in ignored if re.fullmatch(r"S\d*", rule)] == []
    assert not {"skips", "tests"} & PROJECT["tool"]["bandit"].keys()


def test_an_exception_from_a_rule_names_it() -> None:
    blanket = re.compile(r"#\s*nosec(?! B\d{3})|#\s*noqa(?!: [A-Z]+\d)|ruff: noqa(?!: INP001)")
    wrong = [path.name for path in OWN_FILES if blanket.search(path.read_text("utf-8"))]
    assert wrong == []


def test_no_service_is_given_a_secret_in_its_arguments() -> None:
    for service in SERVICES.values():
        texts = [service.get("command", ""), service.get("entrypoint", "")]
        texts.append(service.get("healthcheck", {}).get("test", ""))
        assert not re.search(r"(?<!\$)\$\{?[A-Z]", str(texts))


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell")
def test_the_brokers_password_is_asked_for_and_not_seen_by_ps(tmp_path: Path) -> None:
    """Valkey as the compose file starts it, on a port of its own."""
    port = find_free_port()
    shell, flag, script = SERVICES["valkey"]["command"]
    script = script.replace("$$", "$").replace("valkey-server -", f"valkey-server - --port {port}")
    (tmp_path / "valkey_password").write_text("matkhaukhongailuu")
    script = script.replace("/run/secrets", str(tmp_path)).replace("--appendonly yes", "")
    path = f"{Path(valkey_server()).parent}:/usr/bin:/bin"
    client = Redis(port=port, password="matkhaukhongailuu")
    command = [shell, flag, script]
    with subprocess.Popen(command, env={"PATH": path}, stdout=subprocess.DEVNULL) as process:
        try:
            assert wait_until(lambda: _answers(client))
            with pytest.raises(AuthenticationError):
                Redis(port=port).ping()
            assert b"matkhau" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except NobodyThere:
        return False


@pytest.mark.parametrize("role", process_commands.ROLES)
def test_no_role_is_started_with_a_secret(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "REDIS_URL", "DATABASE_URL"):
        monkeypatch.setenv(name, "chimgidau")
    command = process_commands.command(role, "0.0.0.0:8000")
    assert "chimgidau" not in " ".join(command)


def test_nothing_of_the_image_is_brought_by_a_script_of_others() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert not re.search(r"curl|wget|^ADD |https?://|--trusted-host", text, re.MULTILINE)
    assert not re.search(r"(?i)^(ARG|ENV) .*(secret|password|key|token)", text, re.MULTILINE)


def test_the_context_of_the_image_lets_in_what_is_named_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    assert not [line for line in lines if re.search(r"^!.*(\.env|\.git|tests|var)", line)]


def test_our_health_checks_need_no_shell() -> None:
    for name, service in SERVICES.items():
        if str(service.get("image", "")).startswith("call-report-portal") and name != "migrate":
            assert service["healthcheck"]["test"][0] == "CMD"


def test_no_statement_is_put_together_from_words_of_others() -> None:
    """What an f-string of SQL takes in are names in capitals, and calls that quote: never a variable.
    What measures us builds indexes by their names, on a database of its own.
    """
    wrong = [
        f"{path.name}:{value.lineno}"
        for path in OWN_FILES
        if path.parent.name != "bench"
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in SQL_CALLS
        for text in ast.walk(call)
        if isinstance(text, ast.JoinedStr)
        for value in text.values
        if isinstance(value, ast.FormattedValue) and not _is_own(value.value)
    ]
    assert wrong == []


def _is_own(node: ast.expr) -> bool:
    is_constant = isinstance(node, ast.Name) and node.id.strip("_").isupper()
    return is_constant or isinstance(node, ast.Call)
