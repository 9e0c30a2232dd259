"""The portal on several hosts, as docs/operations/deploy.md tells it, with the files of deploy/database as they are."""

import json
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import boto3
import psycopg2
from botocore.exceptions import BotoCoreError, ClientError

from ops.local_postgres import postgres_tool
from ops.local_services import valkey_server
from ops.process_commands import ROLES
from tools.portal_stack import COUNT_WAITING_SQL, is_web_ready, make_environment, wait_until
from tools.rehearsal.hosts import AS_POSTGRES, PATH, Host, run
from tools.servers import ROOT, find_free_port

SHIPPED = ROOT / "deploy" / "database"
PORT, WEB_PORT = 8080, 8000  # of the load balancer, of each portal host
STORE_PORTS = ("master.port", "volume.port", "filer.port", "s3.port", "s3.port.https")
ALL = "0.0.0.0"  # noqa: S104  # of a host's own network
BUCKETS, KEY = ("portal-database", "evidence"), "rehearsal"
TIMEOUT_SECONDS = 120.0
DATA = "/var/lib/postgresql/portal"
DATABASE_FOLDERS = (
    "/etc/patroni", "/etc/pgbackrest", "/run/postgresql", "/tmp/pgbackrest",  # noqa: S108
    "/var/lib/postgresql", "/var/lib/etcd", "/var/spool/pgbackrest",
)  # fmt: skip
BACKREST = (*AS_POSTGRES, "pgbackrest", "--stanza=portal")
MAKE_DATABASE = (
    "CREATE ROLE portal LOGIN PASSWORD '{}'", "GRANT pg_checkpoint TO portal", "CREATE DATABASE portal OWNER portal",
)  # fmt: skip
# The province's own: it asks whether a portal host lives, and cuts what hangs at one that does not.
BALANCER = f"""
defaults
    mode tcp
    timeout connect 2s
    timeout check 1s
    timeout client 60s
    timeout server 60s
    option redispatch 1
listen portal
    bind 127.0.0.1:{PORT}
    option httpchk
    http-check send meth GET uri /livez ver HTTP/1.1 hdr Host 127.0.0.1
    default-server check port {WEB_PORT} inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
"""


class Site:
    """Three database hosts, portal hosts, and one with bucket and Valkey. A database host beyond `bases` has no
    PostgreSQL: it is a third vote of etcd.
    """

    def __init__(self, folder: Path, bases: int, portals: int) -> None:
        self.folder = folder
        self.password, self.secret = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.voters = [self.make_database_host(f"db{each}") for each in (1, 2, 3)]
        self.bases = self.voters[:bases]
        self.portals = [Host(f"web{each}", folder / f"web{each}") for each in range(1, portals + 1)]
        self.store = Host("store", folder / "store")
        # SeaweedFS names sockets after its ports in the /tmp of all hosts.
        self.ports = {name: find_free_port() for name in STORE_PORTS}
        self.env = self._make_environment()

    def build(self) -> None:
        """Start everything, with an empty portal."""
        self._make_certificate()
        for host in (*self.voters, *self.portals, self.store):
            host.boot()
        self.start_store()
        for host in self.voters:
            self.configure_database(host)
            self.start_database(host)
        self.wait_for("a primary", self.find_primary)
        for statement in MAKE_DATABASE:
            self.psql(self.primary, statement.format(self.password), "postgres")
        self.wait_for("the stanza", self._has_stanza)
        self.manage("migrate", "--verbosity", "0")
        self.manage("setup_desk")
        for host in self.portals:
            self.start_portal(host)
        self._start_balancer()
        self.wait_for("the portal", lambda: is_web_ready(PORT))

    def wait_for(self, what: str, holds: Callable[[], object]) -> None:
        assert wait_until(lambda: bool(holds()), TIMEOUT_SECONDS), f"{what}: not there in time"

    # --- bucket and Valkey

    def start_store(self) -> None:
        disk = self.store.disk
        rights = {"name": KEY, "actions": ["Admin"], "credentials": [{"accessKey": KEY, "secretKey": self.secret}]}  # fmt: skip
        (disk / "s3.json").write_text(json.dumps({"identities": [rights]}))
        options = {
            "dir": disk, "ip": "store", "ip.bind": ALL, "volume.max": 100, "master.volumeSizeLimitMB": 64,
            "master.telemetry": "false", "s3.config": disk / "s3.json", "s3.cert.file": self.folder / "store.pem",
            "s3.key.file": self.folder / "store.key",
        }  # fmt: skip
        weed = str(Path(sys.executable).with_name("weed"))
        words = (f"-{name}={value}" for name, value in (options | self.ports).items())
        self.store.start("weed", weed, "server", "-s3", *words)
        self.store.start(
            "valkey", valkey_server(), "--bind", ALL, "--protected-mode", "no", "--dir", str(disk),
            "--appendonly", "yes",
        )  # fmt: skip
        self.wait_for("the bucket", self._has_buckets)

    def _has_buckets(self) -> bool:
        client = boto3.client(
            "s3", endpoint_url=f"http://store:{self.ports['s3.port']}", region_name="us-east-1",
            aws_access_key_id=KEY, aws_secret_access_key=self.secret,
        )  # fmt: skip
        with suppress(BotoCoreError, ClientError):
            there = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
            for name in {*BUCKETS} - there:
                client.create_bucket(Bucket=name)
            return there >= {*BUCKETS}
        return False

    def _make_certificate(self) -> None:
        run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=store", "-addext", "subjectAltName=DNS:store", "-days", "2",
            "-keyout", str(self.folder / "store.key"), "-out", str(self.folder / "store.pem"),
        )  # fmt: skip

    # --- the base

    def make_database_host(self, name: str) -> Host:
        return Host(name, self.folder / name, DATABASE_FOLDERS)

    def configure_database(self, host: Host) -> None:
        """Lay the shipped files where they belong, with the names and secrets of this site."""
        etc = host.disk / "etc"
        shutil.copy(SHIPPED / "patroni.yml", etc / "patroni" / "config.yml")
        text = (SHIPPED / "pgbackrest.conf").read_text().replace("s3.example", "store")
        (etc / "pgbackrest" / "pgbackrest.conf").write_text(text)
        secret = {
            "s3-key": KEY, "s3-key-secret": self.secret, "cipher-pass": self.password,
            "storage-port": self.ports["s3.port.https"], "storage-ca-file": self.folder / "store.pem",
        }  # fmt: skip
        lines = ["[global]", *(f"repo1-{name}={value}" for name, value in secret.items()), ""]
        (etc / "pgbackrest" / "conf.d").mkdir()
        (etc / "pgbackrest" / "conf.d" / "secrets.conf").write_text("\n".join(lines))
        for line in f"{(SHIPPED / 'patroni.env').read_text()}{(SHIPPED / 'etcd.env').read_text()}".splitlines():
            name, _, value = line.partition("=")
            is_own = name != "ETCD_INITIAL_CLUSTER"
            host.env[name] = value.replace("db1", host.name) if is_own else value
            if name.endswith("_PASSWORD"):
                host.env[name] = self.password
        host.env["PGHOST"] = "/run/postgresql"  # of Debian's programs; ours may come from a wheel
        host.env["PATRONI_POSTGRESQL_BIN_DIR"] = str(Path(postgres_tool("postgres")).parent)

    def start_database(self, host: Host) -> None:
        self.start_etcd(host)
        if host in self.bases:
            self.start_patroni(host)

    def start_patroni(self, host: Host) -> None:
        host.start("patroni", *AS_POSTGRES, "patroni", "/etc/patroni/config.yml")

    def start_etcd(self, host: Host) -> None:
        host.start("etcd", "etcd")

    def find_primary(self) -> Host | None:
        """Return the host that leads, as HAProxy finds it."""
        for host in self.bases:
            with suppress(OSError):
                _fetch_json(f"http://{host.name}:8008/primary")
                return host
        return None

    @property
    def primary(self) -> Host:
        host = self.find_primary()
        assert host, "nobody leads"
        return host

    def find_etcd_leader(self) -> Host:
        for host in self.voters:
            status = _fetch_json(f"http://{host.name}:2379/v3/maintenance/status", b"{}")
            if status["leader"] == status["header"]["member_id"]:
                return host
        raise AssertionError("etcd has no leader")

    def is_whole(self) -> bool:
        """Return whether every base is there, one leads, and another has each commit too."""
        with suppress(OSError, AssertionError):
            members = _fetch_json(f"http://{self.primary.name}:8008/cluster")["members"]
            roles = [each["role"] for each in members if each["state"] in {"running", "streaming"}]
            return len(roles) == len(self.bases) and {"leader", "sync_standby"} <= {*roles}
        return False

    def _has_stanza(self) -> bool:
        """Return whether it was made: log that is shipped in vain is in its way for a moment."""
        with suppress(subprocess.CalledProcessError):
            self.primary.run(*BACKREST, "stanza-create")
            return True
        return False

    def psql(self, host: Host, statement: str, database: str = "portal") -> str:
        """Return what a host's own base says to its superuser. Raises CalledProcessError."""
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "/run/postgresql", "-d", database]
        return host.run(*AS_POSTGRES, postgres_tool("psql"), *options, "-c", statement).strip()

    def address(self, host: Host | None = None) -> str:
        """Return the address of a host's base for the portal: of the one that leads, or another."""
        return f"postgresql://portal:{self.password}@{(host or self.primary).name}:5432/portal"

    def connect(self, host: Host | None = None) -> Any:
        return psycopg2.connect(self.address(host), connect_timeout=2)

    def is_idle(self) -> bool:
        """Return whether the machine has read every report."""
        with closing(self.connect()) as line, line.cursor() as cursor:
            cursor.execute(COUNT_WAITING_SQL)
            return bool(cursor.fetchone() == (0,))

    # --- the portal

    def manage(self, *arguments: str, host: Host | None = None) -> str:
        """Return what a management command prints that uses the base of that host."""
        env = self.env | {"DATABASE_URL": self.address(host)}
        return run(sys.executable, str(ROOT / "manage.py"), *arguments, env=env)

    def start_portal(self, host: Host) -> None:
        host.env |= self.env
        host.start("haproxy", "haproxy", "-q", "-db", "-f", str(SHIPPED / "haproxy.cfg"))
        for role in ROLES if host is self.portals[0] else ROLES[:-1]:  # beat on one
            host.start(role, sys.executable, "-m", "ops.process_commands", role, ALL)

    def _start_balancer(self) -> None:
        config = self.folder / "balancer.cfg"
        servers = [f"    server {host.name} {host.name}:{WEB_PORT}\n" for host in self.portals]
        config.write_text("".join([BALANCER, *servers]))
        subprocess.Popen(["/usr/sbin/haproxy", "-q", "-db", "-f", str(config)])

    def _make_environment(self) -> dict[str, str]:
        shared = self.folder / "shared"  # mounted on each portal host
        shared.mkdir()
        return make_environment(
            PATH=PATH,
            DATABASE_URL=f"postgresql://portal:{self.password}@127.0.0.1:5432/portal",
            REDIS_URL="redis://store:6379/0",
            EVIDENCE_URL=f"s3+http://{KEY}:{self.secret}@store:{self.ports['s3.port']}/evidence",
            DATA_DIR=str(shared),
            PORT=str(WEB_PORT),
            PORTAL_URL=f"http://127.0.0.1:{PORT}",
        )


def _fetch_json(url: str, body: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, body, timeout=2) as answer:  # noqa: S310  # a host of ours
        return json.load(answer)
