"""Hosts of a rehearsal on this machine: each has processes, a network and folders of its own, joined by a bridge.

Power off kills all its processes at once; its disk stays. Nothing outlives us, and the machine's own
network is not touched: `enter_namespaces` leaves it first.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.child_process import ChildProcess
from tools.image_test.engine import find_child
from tools.servers import ROOT

BRIDGE, NETWORK = "rehearsal", "10.10.0"
OURS = f"{NETWORK}.1"
NUMBERS = {"db1": 11, "db2": 12, "db3": 13, "spare": 14, "web1": 21, "web2": 22, "store": 31}
AS_POSTGRES = ("unshare", "--user", "--map-user=postgres", "--map-group=postgres", "--")
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
PROGRAMS = ("patroni", "etcd", "etcdctl", "haproxy", "pgbackrest", "unshare", "nsenter", "ip", "openssl")
_INSIDE = "REHEARSAL_INSIDE"
# Folders of the host lie on its disk; whoever loses a parent is the child of the last line.
_INIT = """
set -eu
hostname "$1"
ip link set lo up
disk=$2
shift 2
for folder; do
    mkdir -p "$disk$folder"
    mount --bind "$disk$folder" "$folder"
done
echo up
sleep infinity & wait
"""


def find_missing_programs() -> list[str]:
    return [name for name in PROGRAMS if not shutil.which(name, path=PATH)]


def enter_namespaces(module: str) -> None:
    """Go on as the first process of namespaces of our own, with the bridge and the hosts' names."""
    if _INSIDE not in os.environ:
        kinds = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
        command = ["unshare", *kinds, sys.executable, "-m", module, *sys.argv[1:]]
        sys.exit(subprocess.call(command, env=os.environ | {_INSIDE: "yes"}))
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "addr", "add", f"{OURS}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")


def name_hosts(folder: Path) -> None:
    """Give every process the hosts' names, in these namespaces alone."""
    names = folder / "hosts"
    lines = [f"{NETWORK}.{number} {name}\n" for name, number in NUMBERS.items()]
    names.write_text("".join(["127.0.0.1 localhost\n", *lines]))
    run("mount", "--bind", str(names), "/etc/hosts")


def run(*command: str, env: Mapping[str, str] | None = None, timeout: float = 120) -> str:
    """Return what a command prints. Raises CalledProcessError, with its words as a note."""
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, timeout=timeout
    )
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        error.add_note(f"{done.stdout}{done.stderr}"[-2000:])
        raise error
    return done.stdout


@dataclass
class Host:
    """A machine that can be started, cut off and lose its power; `folders` of the system are its own."""

    name: str
    disk: Path
    folders: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)
    children: dict[str, ChildProcess] = field(default_factory=dict)
    init: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"{NETWORK}.{NUMBERS[self.name]}"

    def boot(self) -> None:
        """Start it with its disk as it is, and nothing running."""
        self.disk.mkdir(exist_ok=True)
        kinds = ["--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc"]
        script = ["sh", "-c", _INIT, "sh", self.name, str(self.disk), *self.folders]
        self.init = subprocess.Popen(
            ["unshare", *kinds, *script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        assert self.init.stdout
        assert self.init.stdout.readline() == "up\n", f"{self.name} does not start"
        first = str(find_child(self.init.pid))
        subprocess.run(["ip", "link", "delete", self.name], check=False, capture_output=True)
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", first)
        run("ip", "link", "set", self.name, "master", BRIDGE, "up")
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")

    def power_off(self) -> None:
        """Kill all that runs on it, at once."""
        assert self.init
        self.init.kill()  # unshare takes the first process along, and that one all others
        self.init.wait()
        self.children.clear()

    def cut(self) -> None:
        """Pull out its cable: no packet goes in or out, and nobody is told."""
        run("ip", "link", "set", self.name, "down")

    def join(self) -> None:
        run("ip", "link", "set", self.name, "up")

    def start(self, name: str, *command: str, **env: str) -> None:
        """Start a program on it that goes on."""
        child = ChildProcess(
            name, [*self._enter(), *command], env=self._env(env), log=self.disk / f"{name}.log"
        )
        self.children[name] = child
        child.start()

    def run(self, *command: str, **env: str) -> str:
        """Return what a program prints on it. Raises CalledProcessError."""
        return run(*self._enter(), *command, env=self._env(env))

    def kill(self, name: str) -> None:
        """Kill -9 of a program that was started: of the one that nsenter began, not of nsenter."""
        process = self.children.pop(name).process
        assert process
        os.kill(find_child(process.pid), 9)
        process.wait()

    def _enter(self) -> list[str]:
        assert self.init
        target = f"--target={find_child(self.init.pid)}"
        kinds = ["--net", "--mount", "--pid", "--uts", f"--wdns={ROOT}", "--"]
        return ["nsenter", target, *kinds]

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": PATH, "LANG": "C.UTF-8"} | self.env | more
