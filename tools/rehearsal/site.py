"""The portal on several hosts, as docs/operations/deploy.md says it, with the files of deploy/database as they are."""

import json
import os
import secrets
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import psycopg2

from ops.local_postgres import postgres_tool
from ops.local_services import valkey_server
from ops.process_commands import ROLES
from tools.portal_stack import COUNT_WAITING_SQL, FIELD_KEY, is_web_ready, wait_until
from tools.rehearsal.hosts import AS_POSTGRES, OURS, PATH, Host, name_hosts, run
from tools.servers import ROOT, UNSET

SHIPPED = ROOT / "deploy" / "database"
PORT = 8080  # of the load balancer
WEB_PORT, STORE_PORT, STORE_TLS_PORT = 8000, 8333, 8443
KEY = "rehearsal"
TIMEOUT_SECONDS = 120.0
DATA = "/var/lib/postgresql/portal"
DATABASE_FOLDERS = (
    "/etc/patroni", "/etc/pgbackrest", "/run/postgresql", "/tmp/pgbackrest", "/var/lib/postgresql",
    "/var/lib/etcd", "/var/spool/pgbackrest",
)  # fmt: skip
# As the province's own load balancer does it: asks each portal host whether it lives, and cuts what hangs at one that does not.
BALANCER = f"""
global
    maxconn 1000
defaults
    mode tcp
    timeout connect 2s
    timeout check 1s
    timeout client 60s
    timeout server 60s
    option redispatch 1
    retries 3
listen portal
    bind 127.0.0.1:{PORT}
    balance roundrobin
    option httpchk
    http-check send meth GET uri /livez ver HTTP/1.1 hdr Host 127.0.0.1
    default-server check inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
"""


class Site:
    """Database hosts, portal hosts and the host of bucket and Valkey; a database host without a base
    of its own is a third vote of etcd.
    """

    def __init__(self, folder: Path, bases: int, portals: int) -> None:
        self.folder, self.balancer = folder, subprocess.Popen[bytes](["true"])
        self.password = secrets.token_urlsafe(16)
        self.secret = secrets.token_urlsafe(16)
        self.voters = [self._make_host(f"db{each}", *DATABASE_FOLDERS) for each in (1, 2, 3)]
        self.bases = self.voters[:bases]
        self.portals = [self._make_host(f"web{each}") for each in range(1, portals + 1)]
        self.store = self._make_host("store")
        self.env = self._make_environment()

    # --- from nothing

    def build(self) -> None:
        """Everything up, with an empty portal."""
        name_hosts(self.folder)
        self._make_certificate()
        for host in (*self.voters, *self.portals, self.store):
            host.boot()
        self.start_store()
        for host in self.voters:
            self.configure_database(host)
            self.start_etcd(host)
        for host in self.bases:
            self.start_patroni(host)
        self.wait_for("a primary", lambda: bool(self.find_primary()))
        self._make_database()
        self.manage("migrate", "--verbosity", "0")
        self.manage("setup_desk")
        for host in self.portals:
            self.start_portal(host)
        self._start_balancer()
        self.wait_for("the portal", lambda: is_web_ready(PORT))

    def wait_for(self, what: str, holds: Any, seconds: float = TIMEOUT_SECONDS) -> None:
        assert wait_until(holds, seconds), f"{what}: not there in {seconds:.0f} s"

    # --- bucket and Valkey

    def start_store(self) -> None:
        disk = self.store.disk
        rights = {"name": KEY, "actions": ["Admin"], "credentials": [{"accessKey": KEY, "secretKey": self.secret}]}  # fmt: skip
        (disk / "s3.json").write_text(json.dumps({"identities": [rights]}))
        options = {
            "dir": disk, "ip": "store", "ip.bind": "0.0.0.0", "volume.max": 100,
            "master.volumeSizeLimitMB": 64, "master.electionTimeout": "1s", "master.telemetry": "false",
            "s3.config": disk / "s3.json", "s3.port": STORE_PORT, "s3.port.https": STORE_TLS_PORT,
            "s3.cert.file": self.folder / "store.pem", "s3.key.file": self.folder / "store.key",
        }  # fmt: skip
        weed = shutil.which("weed", path=os.environ["PATH"]) or str(ROOT / ".venv/bin/weed")
        self.store.start("weed", weed, "server", "-s3", *(f"-{k}={v}" for k, v in options.items()))
        self.store.start(
            "valkey", valkey_server(), "--bind", "0.0.0.0", "--protected-mode", "no",
            "--dir", str(disk), "--appendonly", "yes", "--save", "",
        )  # fmt: skip
        self.wait_for("the bucket", self._make_bucket)

    def _make_bucket(self) -> bool:
        url = f"http://store:{STORE_PORT}"
        client = boto3.client(
            "s3", endpoint_url=url, aws_access_key_id=KEY, aws_secret_access_key=self.secret, region_name="us-east-1"
        )  # fmt: skip
        with suppress(Exception):
            for bucket in ("portal-database", "evidence"):
                client.create_bucket(Bucket=bucket)
        with suppress(Exception):
            return len(client.list_buckets()["Buckets"]) >= 2
        return False

    def _make_certificate(self) -> None:
        run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=store", "-addext", "subjectAltName=DNS:store", "-days", "2",
            "-keyout", str(self.folder / "store.key"), "-out", str(self.folder / "store.pem"),
        )  # fmt: skip

    # --- the base

    def configure_database(self, host: Host) -> None:
        """Lay the shipped files where they belong, with the names and secrets of this site."""
        patroni, backrest = host.disk / "etc/patroni", host.disk / "etc/pgbackrest"
        shutil.copy(SHIPPED / "patroni.yml", patroni / "config.yml")
        text = (SHIPPED / "pgbackrest.conf").read_text().replace("s3.example", "store")
        (backrest / "pgbackrest.conf").write_text(text)
        secret = {
            "repo1-s3-key": KEY, "repo1-s3-key-secret": self.secret, "repo1-cipher-pass": self.password,
            "repo1-storage-port": STORE_TLS_PORT, "repo1-storage-ca-file": self.folder / "store.pem",
        }  # fmt: skip
        (backrest / "conf.d").mkdir(exist_ok=True)
        lines = [f"{name}={value}\n" for name, value in secret.items()]
        (backrest / "conf.d" / "secrets.conf").write_text("".join(["[global]\n", *lines]))
        for name in ("patroni.env", "etcd.env"):
            host.env |= self._read_env(SHIPPED / name, host.name)
        host.env |= {name: self.password for name in host.env if name.endswith("_PASSWORD")}
        host.env["PATRONI_POSTGRESQL_BIN_DIR"] = str(Path(postgres_tool("postgres")).parent)

    def _read_env(self, path: Path, name: str) -> dict[str, str]:
        lines = [line.split("=", 1) for line in path.read_text().splitlines() if line[:1] != "#"]
        own = {key: value.replace("db1", name) for key, value in lines}
        return own | {key: value for key, value in lines if key == "ETCD_INITIAL_CLUSTER"}

    def start_etcd(self, host: Host) -> None:
        host.start("etcd", "etcd")

    def start_patroni(self, host: Host) -> None:
        host.start("patroni", *AS_POSTGRES, "patroni", "/etc/patroni/config.yml")

    def find_primary(self) -> Host | None:
        """Return the host that leads, as HAProxy finds it."""
        return next((host for host in self.bases if _asks(f"http://{host.name}:8008/primary")), None)

    def find_etcd_leader(self) -> Host:
        status = json.loads(
            run("etcdctl", f"--endpoints={','.join(f'{each.name}:2379' for each in self.voters)}",
                "endpoint", "status", "--write-out=json", env={"PATH": PATH})
        )  # fmt: skip
        leader = next(e for e in status if e["Status"]["leader"] == e["Status"]["header"]["member_id"])
        return next(host for host in self.voters if leader["Endpoint"].startswith(host.name))

    def is_whole(self) -> bool:
        """Return whether every base is there, one leads, another has each commit too."""
        for host in self.bases:
            with suppress(OSError, ValueError):
                with urllib.request.urlopen(f"http://{host.name}:8008/cluster", timeout=2) as answer:
                    members = json.load(answer)["members"]
                roles = [each["role"] for each in members if each["state"] in {"running", "streaming"}]
                return len(roles) == len(self.bases) and {"leader", "sync_standby"} <= {*roles}
        return False

    def _make_database(self) -> None:
        primary = self.find_primary()
        assert primary
        for statement in (
            f"CREATE ROLE portal LOGIN PASSWORD '{self.password}'",
            "GRANT pg_checkpoint TO portal",
            "CREATE DATABASE portal OWNER portal",
        ):
            self.psql(primary, statement, database="postgres")
        self.wait_for("the stanza", lambda: self._has_stanza(primary))

    def _has_stanza(self, primary: Host) -> bool:
        """Return whether it was made; the log that is being shipped in vain is in its way for a moment."""
        with suppress(subprocess.CalledProcessError):
            primary.run(*AS_POSTGRES, "pgbackrest", "--stanza=portal", "stanza-create")
            return True
        return False

    def psql(self, host: Host, statement: str, database: str = "portal") -> str:
        """Return what its own base says to its superuser. Raises CalledProcessError."""
        command = [postgres_tool("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "/run/postgresql"]
        return host.run(*AS_POSTGRES, *command, "-d", database, "-c", statement).strip()

    def connect(self, host: str = "") -> Any:
        """Connect as the portal to one host, or to that which leads."""
        primary = self.find_primary()
        name = host or (primary.name if primary else "nobody")
        address = f"postgresql://portal:{self.password}@{name}:5432/portal"
        return psycopg2.connect(address, connect_timeout=2)

    # --- the portal

    def manage(self, *arguments: str, **env: str) -> str:
        """Return what a management command prints; it runs here, beside the base that leads."""
        primary = self.find_primary()
        address = f"postgres://portal:{self.password}@{primary.name if primary else ''}:5432/portal"
        own = self.env | {"DATABASE_URL": address} | env
        return run(str(ROOT / ".venv/bin/python"), str(ROOT / "manage.py"), *arguments, env=own)

    def start_portal(self, host: Host) -> None:
        host.env |= self.env
        host.start("haproxy", "haproxy", "-q", "-db", "-f", str(SHIPPED / "haproxy.cfg"))
        for role in ROLES if host is self.portals[0] else ROLES[:-1]:  # beat on one
            python = str(ROOT / ".venv/bin/python")
            host.start(role, python, "-m", "ops.process_commands", role, "0.0.0.0")

    def _start_balancer(self) -> None:
        config = self.folder / "balancer.cfg"
        servers = [f"    server {host.name} {host.name}:{WEB_PORT}\n" for host in self.portals]
        config.write_text("".join([BALANCER, *servers]))
        command = ["haproxy", "-q", "-db", "-f", str(config)]
        self.balancer = subprocess.Popen(command, env={"PATH": PATH})

    def is_idle(self) -> bool:
        with suppress(psycopg2.Error), closing(self.connect()) as line, line.cursor() as cursor:
            cursor.execute(COUNT_WAITING_SQL)
            return bool(cursor.fetchone() == (0,))
        return False

    def _make_host(self, name: str, *folders: str) -> Host:
        return Host(name, self.folder / name, folders)

    def _make_environment(self) -> dict[str, str]:
        shared = self.folder / "shared"  # mounted on each portal host
        shared.mkdir()
        inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
        return inherited | {
            "PATH": PATH,
            "DATABASE_URL": f"postgres://portal:{self.password}@127.0.0.1:5432/portal",
            "REDIS_URL": "redis://store:6379/0",
            "EVIDENCE_URL": f"s3+http://{KEY}:{self.secret}@store:{STORE_PORT}/evidence",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "FIELD_ENCRYPTION_KEYS": FIELD_KEY,
            "DATA_DIR": str(shared),
            "RATE_LIMITS": "count",
            "PORT": str(WEB_PORT),
            "PORTAL_URL": f"http://127.0.0.1:{PORT}",
        }


def _asks(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
