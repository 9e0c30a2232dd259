"""A Docker Engine in namespaces of its own, on a machine that has none.

Mounts, processes and network are the box's; the machine's network, firewall and cgroups stay as they
are. slirp4netns is its way out. For root on a kernel with cgroup v1.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tools.image_test.outcome import NotRunError

TOOLS = {
    "dockerd": "docker.io", "docker": "docker-cli", "docker-compose": "docker-compose", "iptables": "iptables",
    "mmdebstrap": "mmdebstrap", "slirp4netns": "slirp4netns", "ip": "iproute2", "tini": "tini", "unshare": "util-linux",
}  # fmt: skip
CGROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("memory", "cpu", "devices", "freezer", "pids")
SECONDS_TO_START = 60
NAME = "image-test"
# Beneath a new /sys no cgroup mount of the machine's may lie hidden: runc reads the list of mounts. Run folders
# are emptied as by a boot. Whatever dies is reaped by tini, the first process of the box.
INIT = """
set -eu
mount --make-rprivate /
umount --recursive --lazy /sys
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
for controller in $CONTROLLERS; do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
done
ip link set lo up
rm -rf "$BOX/run" "$BOX/docker.pid"
exec tini -- dockerd --data-root "$BOX/data" --exec-root "$BOX/run" --pidfile "$BOX/docker.pid" --host "unix://$BOX/docker.sock"
"""


class Box:
    """The engine below one folder; `enter` begins a command that is to run in its network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.env = {**os.environ, "DOCKER_HOST": f"unix://{folder}/docker.sock"}
        self.enter: tuple[str, ...] = ()

    def start(self) -> None:
        """Start the engine, again after `kill` too. Raises NotRunError when it does not answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {"BOX": str(self.folder), "CONTROLLERS": " ".join(find_controllers())}
        namespaces = ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup"]
        command = ["unshare", *namespaces, "--fork", "--kill-child", "--mount-proc", "sh", "-c", INIT]
        engine = self._run(command, "dockerd.log", {**self.env, **settings}, join_cgroups)
        first = self._wait_for(lambda: find_child(engine.pid))
        self.enter = ("nsenter", f"--net=/proc/{first}/ns/net")
        slirp = ["slirp4netns", "--configure", "--mtu=1400", "--disable-host-loopback", str(first), "tap0"]
        self._run(slirp, "slirp4netns.log", self.env)
        self._wait_for(self._is_answering)

    def kill(self) -> None:
        """End everything at once, as when the power goes."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGKILL)  # unshare takes the box along
            process.wait()
        self.processes.clear()

    def remove(self) -> None:
        self.kill()
        for folder in (CGROUPS / each / NAME for each in CONTROLLERS):
            for inner in sorted(folder.rglob("*/"), reverse=True) if folder.exists() else ():
                remove_cgroup(inner)
            remove_cgroup(folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(
        self, command: list[str], log: str, env: dict[str, str], prepare: Callable[[], None] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            process = subprocess.Popen(  # noqa: PLW1509  # this program has no threads
                command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=prepare,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def _wait_for(self, find: Callable[[], int]) -> int:
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until and all(each.poll() is None for each in self.processes):
            if found := find():
                return found
            time.sleep(0.2)
        log = (self.folder / "dockerd.log").read_text(errors="replace").splitlines()[-5:]
        raise NotRunError("\n".join(["the engine does not start here:", *log]))

    def _is_answering(self) -> int:
        asked = subprocess.run(
            ["docker", "info"], env=self.env, capture_output=True, check=False, timeout=30
        )
        return asked.returncode == 0


def install_tools() -> None:
    """Install what is missing, from Debian. Raises NotRunError where that cannot be."""
    if os.geteuid() != 0:
        raise NotRunError("only root starts an engine of its own; or use this machine's: --here")
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool)}
    if not shutil.which("/usr/libexec/docker/cli-plugins/docker-buildx"):
        missing.add("docker-buildx")
    if missing:
        command = ["apt-get", "-qy", "install", "--no-install-recommends", *sorted(missing)]
        done = subprocess.run(
            command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode:
            raise NotRunError(f"not installed: {' '.join(sorted(missing))}\n{done.stderr[-500:]}")


def find_controllers() -> list[str]:
    """Return the controllers of cgroup v1 that the box can have. Raises NotRunError where there are none."""
    found = [each for each in CONTROLLERS if (CGROUPS / each / "cgroup.procs").exists()]
    if "devices" not in found:
        raise NotRunError("no cgroup v1 here: use this machine's engine: --here")
    return found


def join_cgroups() -> None:
    """Move this process into groups of the box's own."""
    for controller in find_controllers():
        folder = CGROUPS / controller / NAME
        folder.mkdir(exist_ok=True)
        (folder / "cgroup.procs").write_text(str(os.getpid()))


def remove_cgroup(folder: Path) -> None:
    for _ in range(20):
        with suppress(FileNotFoundError):
            try:
                folder.rmdir()
            except OSError:  # what was killed has not ended yet
                time.sleep(0.1)
                continue
        return


def find_child(process: int) -> int:
    """Return the id of its first child, 0 without one."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(children[0]) if children else 0
