"""A Docker Engine in namespaces of its own, on a machine that has none.

Mounts, processes and network are the box's; the machine's network, firewall and cgroups stay as they
are. slirp4netns is its way out. For root on a kernel with cgroup v1.
"""

import os
import shutil
import signal
import subprocess
import time
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
# From groups of the box's own everything begins that runs in it.
JOIN = """
set -eu
for controller in $CONTROLLERS; do
    mkdir -p "/sys/fs/cgroup/$controller/image-test"
    echo $$ >"/sys/fs/cgroup/$controller/image-test/cgroup.procs"
done
exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --mount-proc sh -c "$INIT"
"""
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
        controllers = " ".join(find_controllers())
        settings = {"BOX": str(self.folder), "CONTROLLERS": controllers, "INIT": INIT}
        engine = self._run(["sh", "-c", JOIN], "dockerd.log", self.env | settings)
        self._wait_for_engine()
        first = find_child(engine.pid)
        self.enter = ("nsenter", f"--net=/proc/{first}/ns/net")
        network = ["--configure", "--mtu=1400", "--disable-host-loopback", str(first), "tap0"]
        self._run(["slirp4netns", *network], "slirp4netns.log", self.env)

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

    def _run(self, command: list[str], log: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def _wait_for_engine(self) -> None:
        until = time.monotonic() + SECONDS_TO_START
        ask = ["/usr/bin/docker", "info"]
        while subprocess.run(ask, env=self.env, capture_output=True, check=False).returncode:
            if time.monotonic() > until or any(each.poll() is not None for each in self.processes):
                log = (self.folder / "dockerd.log").read_text(errors="replace").splitlines()[-5:]
                raise NotRunError("\n".join(["the engine does not start here:", *log]))
            time.sleep(0.2)


def install_tools() -> None:
    """Install what is missing, from Debian. Raises NotRunError where that cannot be."""
    if os.geteuid() != 0:
        raise NotRunError("only root starts an engine of its own; or use this machine's: --here")
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool)}
    if not shutil.which("/usr/libexec/docker/cli-plugins/docker-buildx"):
        missing.add("docker-buildx")
    if missing:
        install = [
            "apt-get",
            "-qy",
            "-o",
            "DPkg::Lock::Timeout=600",
            "install",
            "--no-install-recommends",
        ]
        done = subprocess.run(
            [*install, *sorted(missing)], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode:
            raise NotRunError(f"not installed: {' '.join(sorted(missing))}\n{done.stderr[-500:]}")


def find_controllers() -> list[str]:
    """Return the controllers of cgroup v1 that the box can have. Raises NotRunError where there are none."""
    found = [each for each in CONTROLLERS if (CGROUPS / each / "cgroup.procs").exists()]
    if "devices" not in found:
        raise NotRunError("no cgroup v1 here: use this machine's engine: --here")
    return found


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
    """Return the id of its first child."""
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])
