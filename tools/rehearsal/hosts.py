"""Hosts of a rehearsal on this machine: each has processes, a network and folders of its own, joined by a bridge.

The power goes off: all its processes end at once, its disk stays. Nothing outlives us, and the network of the
machine itself is left before anything is done to one.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.child_process import ChildProcess
from tools.image_test.engine import find_child
from tools.servers import ROOT

BRIDGE, NETWORK = "rehearsal", "10.10.0"
NUMBERS = {"db1": 11, "db2": 12, "db3": 13, "spare": 14, "web1": 21, "web2": 22, "store": 31}
# Files stay root's, and PostgreSQL, which refuses root, sees its own user.
AS_POSTGRES = ("unshare", "--user", "--map-user=postgres", "--map-group=postgres", "--")
IP = "/usr/sbin/ip"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
PROGRAMS = (
    "patroni", "etcd", "etcdctl", "haproxy", "pgbackrest", "unshare", "nsenter", "ip", "openssl",
)  # fmt: skip
NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc", "--")
INSIDE = "REHEARSAL_INSIDE"
# The host's folders lie on its disk. The last line takes up the children that others leave behind.
_INIT = """
set -eu
hostname "$1"
ip link set lo up
disk=$2
shift 2
for folder; do
    mkdir -p "$folder" "$disk$folder"
    mount --bind "$disk$folder" "$folder"
done
echo up
sleep infinity & wait
"""


def find_missing_programs() -> list[str]:
    return [name for name in PROGRAMS if not shutil.which(name, path=PATH)]


def run_in_namespaces(module: str, *arguments: str) -> int:
    """Return the exit code of the module in namespaces of its own; a folder for it is in INSIDE."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir="/var/tmp") as folder:
        command = ["unshare", *NAMESPACES, sys.executable, "-m", module, *arguments]
        return subprocess.call(command, env=os.environ | {INSIDE: folder})


def make_network(folder: Path) -> None:
    """Make the bridge, and the hosts' names known to every process in here."""
    for line in (
        "link set lo up", f"link add {BRIDGE} type bridge", f"addr add {NETWORK}.1/24 dev {BRIDGE}",
        f"link set {BRIDGE} up",
    ):  # fmt: skip
        run(IP, *line.split())
    lines = [f"{NETWORK}.{number} {name}" for name, number in NUMBERS.items()]
    (folder / "hosts").write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
    run("mount", "--bind", str(folder / "hosts"), "/etc/hosts")


def run(*command: str, env: Mapping[str, str] | None = None) -> str:
    """Return what a command prints. Raises CalledProcessError, with its last words."""
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        error = subprocess.CalledProcessError(done.returncode, command)
        error.add_note(f"{done.stdout}{done.stderr}"[-2000:])
        raise error
    return done.stdout


@dataclass
class Host:
    """A machine that can be started, cut off, and lose its power; `folders` of the system are its own."""

    name: str
    disk: Path
    folders: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=lambda: {"PATH": PATH, "LANG": "C.UTF-8"})
    children: dict[str, ChildProcess] = field(default_factory=dict)
    init: subprocess.Popen[str] | None = None

    def boot(self) -> None:
        """Start it with its disk as it is, and nothing running."""
        self.disk.mkdir(exist_ok=True)
        script = ["sh", "-c", _INIT, "sh", self.name, str(self.disk), *self.folders]
        self.init = subprocess.Popen(
            ["/usr/bin/unshare", *NAMESPACES, *script], stdout=subprocess.PIPE, text=True
        )
        assert self.init.stdout
        assert self.init.stdout.readline() == "up\n", f"{self.name} does not start"
        subprocess.run([IP, "link", "delete", self.name], check=False, capture_output=True)
        far = f"eth0 netns {find_child(self.init.pid)}"
        run(IP, *f"link add {self.name} type veth peer name {far}".split())
        run(IP, *f"link set {self.name} master {BRIDGE} up".split())
        self.run(IP, *f"addr add {NETWORK}.{NUMBERS[self.name]}/24 dev eth0".split())
        self.run(IP, *["link", "set", "eth0", "up"])

    def power_off(self) -> None:
        """Kill all that runs on it, at once."""
        assert self.init
        self.init.kill()  # unshare takes the first process along, and that one all others
        self.init.wait()

    def cut(self) -> None:
        """Pull its cable: no packet goes in or out, and nobody is told."""
        run(IP, "link", "set", self.name, "down")

    def join(self) -> None:
        run(IP, "link", "set", self.name, "up")

    def start(self, name: str, *command: str) -> None:
        """Start a program on it that goes on."""
        log = self.disk / f"{name}.log"
        self.children[name] = ChildProcess(name, [*self._enter(), *command], env=self.env, log=log)
        self.children[name].start()

    def run(self, *command: str) -> str:
        """Return what a program prints on it. Raises CalledProcessError."""
        return run(*self._enter(), *command, env=self.env)

    def kill(self, name: str) -> None:
        """Kill -9 of a program that was started."""
        process = self.children.pop(name).process
        assert process
        os.kill(find_child(process.pid), signal.SIGKILL)  # nsenter's child
        process.wait()

    def _enter(self) -> list[str]:
        assert self.init
        kinds = [f"--target={find_child(self.init.pid)}", "--net", "--mount", "--pid", "--uts"]
        return ["nsenter", *kinds, f"--wdns={ROOT}", "--"]
