"""A real object store: SeaweedFS from its wheel, started by the first test of a process that asks for it."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import files
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from pytest_django import Settings

from ops.child_process import ChildProcess
from tools.servers import find_free_port

KEY, SECRET = "portal", "a secret/of the tests"
OPEN = "open-to-all"  # a bucket that strangers may read


@dataclass
class ObjectStore:
    """Kill, freeze and start it again: what it has taken is there as before."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    child: ChildProcess | None = None

    def start(self) -> None:
        self.ports = self.ports or {
            name: find_free_port() for name in ("master", "volume", "filer", "s3")
        }
        ports = [f"-{name}.port={port}" for name, port in self.ports.items()]
        ports += [f"-{name}.port.grpc={find_free_port()}" for name in self.ports]
        command = [_find_weed(), "server", "-s3", f"-dir={self.folder}", "-ip=127.0.0.1", *ports]
        command += [f"-s3.config={self._write_identities()}", "-volume.max=200", "-ip.bind=127.0.0.1"]
        command += ["-master.volumeSizeLimitMB=64", "-master.electionTimeout=1s"]
        env = {"HOME": str(self.folder), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        self.child = ChildProcess("weed", command, env=env, log=self.folder / "weed.log")
        self.child.start()
        self.child.wait_until_ready(self._answers)

    def _write_identities(self) -> Path:
        path = self.folder / "s3.json"
        key = {"accessKey": KEY, "secretKey": SECRET}
        ours = {"name": KEY, "credentials": [key], "actions": ["Admin", "Read", "Write", "List"]}
        stranger = {"name": "anonymous", "actions": [f"Read:{OPEN}", f"List:{OPEN}"]}
        path.write_text(json.dumps({"identities": [ours, stranger]}))
        return path

    def _answers(self) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client().list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True
