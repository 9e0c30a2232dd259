"""What an operator and an attacker would find: each function tries one thing on a running portal."""

import json
import time
from functools import partial
from pathlib import Path

from tools.image_test.outcome import Outcome
from tools.image_test.portal import Portal

ROLES = ("web", "relay", "worker", "beat", "backup")
SERVICES = ("db", "valkey", *ROLES, "front")
SECRETS = (
    "postgres_password", "valkey_password", "secret_key", "field_encryption_keys", "backup_key",
)  # fmt: skip
HANGING = ("web", "relay", "front")
PAGES = ("/", "/canh-bao/", "/bao-cao/", "/readyz")
LOCKED = "CapEff:0000000000000000 CapBnd:0000000000000000 NoNewPrivs:1 Seccomp:2"
MAX_IMAGE_MB, OFFICIAL_BASE_MB = 350, 125  # stand-ins are larger
# The process that watches the kept pages.
LOOP = "ps -o pid,args | grep '[s]tatic_pages_loop.sh beside' | awk '{print $1}'"
INVITATION = "/can-bo/loi-moi/an-unused-invitation/"


def check_services(portal: Portal, outcome: Outcome) -> None:
    """Each service is healthy, locked in, bounded, and comes back."""
    for service in SERVICES:
        outcome.check(f"{service} is healthy", read_health(portal, service), "healthy")
        status = "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status | tr -d '\\t'"
        rights = portal.shell(service, status).replace("\n", " ")
        outcome.check(f"{service} has no capability and gains none", rights, LOCKED)
        is_user = portal.shell(service, "[ $(id -u) != 0 ] && echo so")
        outcome.check(f"{service} is not root", is_user, "so")
        write = "(echo x >/etc/x) 2>/dev/null && echo wrote || echo refused"
        written = portal.shell(service, write)
        outcome.check(f"{service} cannot write its own files", written, "refused")
        host = portal.inspect(service)["HostConfig"]
        bounded = host["Memory"] > 0 and host["PidsLimit"] > 0 and host["Ulimits"][0]["Hard"] == 0
        outcome.check(f"{service} is bounded in memory, processes and cores", bounded)
        outcome.check(f"{service} turns its log over", host["LogConfig"]["Type"], "local")


def read_health(portal: Portal, service: str) -> str:
    return str(portal.inspect(service)["State"].get("Health", {}).get("Status"))


def check_image(portal: Portal, outcome: Outcome) -> None:
    """The image is small, has no pip, and is one."""
    sizes = "{{.Size}}", "call-report-portal:1", read_base(portal)
    whole, base = portal.run("docker", "inspect", "-f", *sizes).split()
    size = (int(whole) - int(base)) / 1e6 + OFFICIAL_BASE_MB
    outcome.check(f"the image has {size:.0f} MB of {MAX_IMAGE_MB}", size <= MAX_IMAGE_MB)
    find = "ls -d /opt/venv/lib/python*/site-packages/pip /usr/local/lib/python*/*-packages/pip 2>/dev/null | wc -l"
    outcome.check("no pip is in it", portal.shell("web", find), "0")
    images = {portal.inspect(role)["Image"] for role in ROLES}
    outcome.check("five roles are one image", len(images), 1)


def read_base(portal: Portal) -> str:
    """Return the name of the base image that the Dockerfile names."""
    lines = (portal.folder / "Dockerfile").read_text().splitlines()
    (base,) = (line.partition("=")[2] for line in lines if line.startswith("ARG PYTHON_IMAGE="))
    return base


def check_secrets(portal: Portal, outcome: Outcome) -> None:
    """No secret is in what `docker inspect` and /proc tell."""
    secrets = {name: (portal.folder / "secrets" / name).read_text() for name in SECRETS}
    read = "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; :"
    for service in SERVICES:
        text = json.dumps(portal.inspect(service)) + portal.shell(service, read)
        leaked = [name for name, value in secrets.items() if value in text]
        outcome.check(f"{service} tells no secret", leaked, [])


def check_database(portal: Portal, outcome: Outcome) -> None:
    """The portal's role is no superuser, and pages are summed."""
    is_superuser = portal.database("SELECT rolsuper FROM pg_roles WHERE rolname = 'portal'")
    outcome.check("the portal's role is no superuser", is_superuser, "f")
    outcome.check("data has checksums", portal.database("SHOW data_checksums"), "on")


def check_way_of_a_report(portal: Portal, outcome: Outcome) -> str:
    """A report comes in through the front and is read; return its code."""
    outcome.check("pages answer", portal.visit("get", *PAGES), " ".join(["200"] * len(PAGES)))
    sheet = portal.shell("web", "cd build/static && ls css/portal.????????????.css")
    outcome.check("style sheets answer", portal.visit("get", f"/static/{sheet}"), "200")
    laid = portal.shell("front", f"ls /static-pages/assets/static/{sheet}.br")
    outcome.check("as files of the front, packed", laid.endswith(".br"))
    code = portal.visit("report")
    outcome.check("a report has its receipt", len(code), 16)
    outcome.check("and is read", portal.wait_until(lambda: read_done(portal) == 1, 20))
    outcome.check("and opens with its code", portal.visit("open", code), "200 whole")
    return code


def read_done(portal: Portal) -> int:
    return int(json.loads(portal.manage("queue_status", "--json"))["done"])


def check_backup(portal: Portal, outcome: Outcome) -> None:
    """The first archive is there by itself, and only its service has the folder."""
    outcome.check("an archive is made by itself", portal.wait_until(lambda: list_archives(portal)))
    verify = "python manage.py restore --check $(ls /backups/*.age | tail -n 1)"
    verified = portal.try_run(*["docker", "compose", "exec", "-T", "backup", "sh", "-c"], verify)
    outcome.check("which can be read", verified.returncode, 0)
    folders = [mount["Destination"] for mount in portal.inspect("web")["Mounts"]]
    outcome.check("web has no folder of archives", "/backups" not in folders)
    erased = "/data/erased.jsonl"
    outcome.check("what was erased has its list", portal.shell("web", f"ls {erased}"), erased)


def list_archives(portal: Portal) -> str:
    return portal.shell("backup", "ls /backups/*.age 2>/dev/null; :")


def check_front_after_reload(portal: Portal, outcome: Outcome) -> None:
    """A reload does not disarm the restart: nginx killed comes back, and so does the loop beside it."""
    portal.compose("exec", "-T", "front", "kill", "-HUP", "1")
    kill = ("exec", "-T", "front", "sh", "-c", "kill -9 $(cat /tmp/front.pid)")
    portal.try_run("docker", "compose", *kill)  # which may end with its container
    is_back = portal.wait_until(lambda: portal.visit("get", "/") == "200", 20)
    outcome.check("front comes back after a reload and kill -9", is_back)
    killed, restarts = portal.shell("front", LOOP), count_restarts(portal, "front")
    portal.shell("front", f"kill -9 {killed}")
    is_begun = portal.wait_until(lambda: portal.shell("front", LOOP) not in {"", killed}, 20)
    outcome.check("its watcher that is killed comes back beside it", is_begun)
    outcome.check("and it goes on", count_restarts(portal, "front"), restarts)


def check_frozen(portal: Portal, outcome: Outcome) -> None:
    """What hangs is ended by its health check, and brought back."""
    before = {service: count_restarts(portal, service) for service in HANGING}
    for service in HANGING:
        portal.shell(service, "kill -STOP -1")  # all but the first and this one
    for service in HANGING:
        back = portal.wait_until(partial(is_back, portal, service, before[service]), 150)
        outcome.check(f"{service} that is frozen is started again", back)


def count_restarts(portal: Portal, service: str) -> int:
    return int(portal.inspect(service)["RestartCount"])


def is_back(portal: Portal, service: str, before: int) -> bool:
    restarted = count_restarts(portal, service) > before
    return restarted and read_health(portal, service) == "healthy"


def check_log_of_front(portal: Portal, outcome: Outcome) -> None:
    """While web is away the front's log names neither visitor nor path."""
    portal.compose("stop", "web")
    answers = portal.visit("get", INVITATION, "/canh-bao/")
    outcome.check("the front has its own page", answers, "503 200")
    portal.compose("start", "web")
    log = portal.compose("logs", "--no-log-prefix", "front")
    outcome.check("and counts that", "front.request_failed" in log)
    named = [word for word in (INVITATION, "203.0.113.7") if word in log]
    outcome.check("without naming who asked for what", named, [])
    is_back = portal.wait_until(lambda: portal.visit("get", "/bao-cao/") == "200", 30)
    outcome.check("web is back without any word to the front", is_back)


def check_upgrade(portal: Portal, outcome: Outcome) -> None:
    """Another version is changed over to, and back, while somebody asks: nothing is refused."""
    for version, derived in (("2", "ENV RELEASE=2"), ("3", 'ENTRYPOINT ["false"]')):
        dockerfile = f"FROM call-report-portal:1\n{derived}\n"
        build = ("docker", "build", "--quiet", "--tag", f"call-report-portal:{version}", "-")
        portal.run(*build, text=dockerfile)
    front = portal.container("front")
    prober = portal.start_prober(600, "/", "/canh-bao/", "/bao-cao/")
    for version, way in (("2", "the upgrade"), ("1", "the way back")):
        portal.write_env(PORTAL_VERSION=version)
        began = time.monotonic()
        portal.run("docker/deploy.sh")
        image = portal.inspect("worker")["Config"]["Image"]
        seconds = time.monotonic() - began
        outcome.check(f"{way} took {seconds:.0f} s", image, f"call-report-portal:{version}")
    portal.write_env(PORTAL_VERSION="3")
    outcome.check("a broken version is refused", portal.try_run("docker/deploy.sh").returncode != 0)
    portal.write_env(PORTAL_VERSION="1")
    prober.terminate()
    answers = json.loads(prober.communicate(timeout=30)[0])
    for path, seen in answers.items():
        number = sum(seen.values())
        outcome.check(f"{path} was asked {number} times: none refused", set(seen) <= {"200", "503"})
        # For the second in which the old web's address is still known, a page that is no file may be the front's own.
        allowed = number // 50 if path == "/bao-cao/" else 0
        outcome.check("and answered", seen.get("503", 0) <= allowed)
    outcome.check("the front server was left running", portal.container("front"), front)


def check_change_of_keys(portal: Portal, outcome: Outcome, code: str) -> None:
    """New keys reach the running portal by the documented command, and the old one can go."""
    file = portal.folder / "secrets" / "field_encryption_keys"
    make = "from ops.local_services import generate_secrets; print(generate_secrets('x')['FIELD_ENCRYPTION_KEYS'])"
    old, new = file.read_text(), portal.compose("exec", "-T", "web", "python", "-c", make).strip()
    for keys in (f"{new},{old}", new):
        file.write_text(keys + "\n")
        portal.compose(*["up", "--detach", "--wait", "--no-deps", "--force-recreate"], *ROLES)
        portal.manage("rotate_keys")
        told = portal.manage("rotate_keys", "--check")
        outcome.check("nothing needs an older key", "needs an older key" in told)
        outcome.check("a report opens under the new key", portal.visit("open", code), "200 whole")
    outcome.check("the older key is gone", "Older ones: none" in told)


def check_restore(portal: Portal, outcome: Outcome, code: str) -> None:
    """An archive carries everything into an empty portal elsewhere, by the documented commands."""
    portal.shell("backup", "python manage.py backup /backups --check")
    archive = list_archives(portal).split()[-1]
    file = portal.folder.parent / Path(archive).name
    portal.compose("cp", f"backup:{archive}", str(file))
    place = {"COMPOSE_PROJECT_NAME": "image-test-other", "FRONT_ADDRESS": "127.0.0.1:8081"}
    other = Portal(portal.folder, {**portal.env, **place}, portal.enter, 8081)
    other.compose("up", "--detach", "--wait", "db", "valkey")
    one_off = ("run", "--rm", "-T", "--no-deps", "--entrypoint")
    other.compose(*one_off, "sh", "backup", "-c", f"umask 077; cat >{archive}", file=file)
    other.compose(*one_off, "python", "backup", "manage.py", "restore", archive, "--yes")
    other.compose("up", "--detach", "--wait")
    outcome.check("the report opens in another portal", other.visit("open", code), "200 whole")
    outcome.check("nothing is missing there", read_done(other), read_done(portal))
    other.compose("down", "--volumes")
    file.unlink()
