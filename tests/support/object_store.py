"""A real object store: SeaweedFS from its wheel, started by the first test of a process that asks for it.

Killed, frozen and started again it holds what it held. Its buckets keep versions.
"""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pytest_django import Settings

from ops.child_process import ChildProcess
from tools.servers import find_free_port, is_listening

KEY, ADMIN, SECRET = "portal", "admin", "a secret/of the tests"
OPEN = "open-to-all"  # a bucket that strangers read


@dataclass
class ObjectStore:
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    child: ChildProcess | None = None

    def start(self) -> None:
        servers = [f"{name}.port" for name in ("master", "volume", "filer", "s3")]
        names = [*servers, *(f"{name}.grpc" for name in servers)]
        self.ports = self.ports or {name: find_free_port() for name in names}
        options = self.ports | {"dir": self.folder, "ip": "127.0.0.1", "ip.bind": "127.0.0.1"}
        options |= {"s3.config": self._write_identities(), "volume.max": 200}
        options |= {"master.volumeSizeLimitMB": 64, "master.electionTimeout": "1s"}
        options |= {"master.telemetry": "false", "s3.autoCreateBucket": "false", "s3.iam": "false"}
        options |= {"s3.port.iceberg": 0, "s3.port.lance": 0}
        weed = str(Path(sys.executable).with_name("weed"))
        self.child = ChildProcess(
            "weed",
            [weed, "server", "-s3", *(f"-{name}={value}" for name, value in options.items())],
            env={"HOME": str(self.folder), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
            log=self.folder / "weed.log",
        )
        self.child.start()
        self.child.wait_until_ready(self._is_storing)

    def _is_storing(self) -> bool:
        """Its port is open before its volumes are found again."""
        if not is_listening(self.ports["s3.port"]):
            return False
        with suppress(BotoCoreError, ClientError):
            self.client.put_object(Bucket=self.make_bucket("ready"), Key="ready")
            return True
        return False

    def make_bucket(self, name: str = "") -> str:
        """Return the name of a bucket that keeps versions: a new one, unless it is named and there."""
        name = name or f"evidence-{time.monotonic_ns()}"
        with suppress(self.client.exceptions.BucketAlreadyOwnedByYou):
            self.client.create_bucket(Bucket=name)
        versioning = {"Status": "Enabled"}
        self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        return name

    def url(self, bucket: str, secret: str = SECRET, key: str = KEY) -> str:
        port = self.ports["s3.port"]
        return f"s3+http://{key}:{quote(secret, safe='')}@127.0.0.1:{port}/{bucket}"

    @cached_property
    def client(self) -> Any:
        """Whoever may do everything."""
        from core.bucket_storage import BucketStorage  # boto3 takes its time

        return BucketStorage(self.url("any", key=ADMIN)).connection.meta.client

    @contextmanager
    def away(self, how: str) -> Iterator[None]:
        """Killed or frozen until the block ends."""
        assert self.child
        if how == "killed":
            self.child.kill_process_group()
        elif self.child.process:
            self.child.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            if self.child.process:
                self.child.process.send_signal(signal.SIGCONT)
            else:
                self.start()

    def _write_identities(self) -> Path:
        rights = {KEY: ["Read", "Write", "List"], ADMIN: ["Admin"]}
        keys = {name: [{"accessKey": name, "secretKey": SECRET}] for name in rights}
        rights["anonymous"] = [f"Read:{OPEN}", f"List:{OPEN}"]
        people = [
            {"name": name, "credentials": keys.get(name, []), "actions": may}
            for name, may in rights.items()
        ]
        path = self.folder / "s3.json"
        path.write_text(json.dumps({"identities": people}))
        return path


@dataclass
class Bucket:
    """The bucket that the portal's evidence goes to."""

    store: ObjectStore
    name: str

    @property
    def url(self) -> str:
        return self.store.url(self.name)

    def versions(self) -> list[str]:
        """The name of each version and of each mark of a deletion, as the store lists them."""
        page = self.store.client.list_object_versions(Bucket=self.name)
        rows = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        return sorted(row["Key"] for row in rows)


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("weed"))
    store.start()
    yield store
    assert store.child
    store.child.kill_process_group()
    for port in store.ports.values():
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
            socket.unlink()


@pytest.fixture
def bucket(object_store: ObjectStore, settings: Settings) -> Bucket:
    """A new bucket for evidence; `settings.EVIDENCE_STORE` chooses it."""
    ours = Bucket(object_store, object_store.make_bucket())
    choose(settings, ours.url)
    return ours


def choose(settings: Settings, url: str) -> None:
    """As a start with this EVIDENCE_URL would."""
    settings.EVIDENCE_URL, settings.EVIDENCE_STORE = url, "bucket"
    evidence = {"BACKEND": "core.bucket_storage.BucketStorage", "OPTIONS": {"url": url}}
    settings.STORAGES = settings.STORAGES | {"evidence-bucket": evidence}
