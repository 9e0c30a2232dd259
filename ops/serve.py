"""Everything in one command: local servers where none are given, web, relay, worker and beat.

Imports no Django and keeps no state: what runs is watched by ops/process_supervisor.py.
"""

import argparse
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ops.child_process import ChildProcess, StartError
from ops.local_services import local_services
from ops.process_commands import BASE_DIR, ROLES, command
from ops.process_supervisor import STOP_SIGNALS, ProcessSupervisor

LOOK_AGAIN = 0.02  # seconds between two looks at a port that is to become free


def build_portal_children(
    listener: socket.socket, data_dir: Path, env: Mapping[str, str]
) -> list[ChildProcess]:
    """Web, relay, worker and beat; web inherits the listening socket."""
    door = listener.fileno()
    return [
        ChildProcess(
            role,
            command(role, data_dir, f"fd://{door}"),
            env=env,
            cwd=BASE_DIR,
            pass_fds=(door,) if role == "web" else (),
        )
        for role in ROLES
    ]


def open_listener(host: str, port: str, wait: float = 0.0) -> socket.socket:
    """Take the port before anything else starts; web inherits it, so that while web restarts
    visitors wait instead of being refused. `wait`: seconds for whoever holds it to go.
    Raises StartError, in one line.
    """
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise StartError(f"PORT {port} is not a port number")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + wait
    while True:
        try:
            return socket.create_server((host, int(port)), family=family, backlog=1024)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                why = f"port {port} cannot be used: {os.strerror(error.errno or 0)}"
                raise StartError(f"{why}. Choose another, as in PORT=8001") from error
        time.sleep(LOOK_AGAIN)


def build_child_environment(data_dir: Path, port: str, found: Mapping[str, str]) -> dict[str, str]:
    """What every child sees: our environment and the local servers'."""
    known = {"DATA_DIR": str(data_dir), "PORT": port, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **found, **known}


def resolve_database_url(env: Mapping[str, str]) -> str:
    """DATABASE_URL, itself or from its file; raises StartError when that cannot be read."""
    if address := env.get("DATABASE_URL"):
        return address
    try:
        return Path(env["DATABASE_URL_FILE"]).read_text().strip()
    except OSError as error:
        raise StartError(f"DATABASE_URL_FILE cannot be read: {error.strerror}") from error


def serve(
    host: str,
    prepare: Callable[[Mapping[str, str]], None],
    when_ready: Callable[[Path, str], str],
    wait: float = 0.0,
) -> None:
    """Run everything until a signal comes; `wait` is how long for the port of an older start.

    `prepare` is called when the servers run and before the portal does, `when_ready` for
    what to announce when the portal answers. Raises StartError, in one line, for whatever cannot run here.
    """
    port = os.environ.get("PORT") or "8000"
    data_dir = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").absolute()
    with open_listener(host, port, wait) as listener, local_services(data_dir) as services:
        env = build_child_environment(data_dir, port, services.env)
        prepare(env)
        children = [*services.children, *build_portal_children(listener, data_dir, env)]
        supervisor = ProcessSupervisor(children, data_dir, resolve_database_url(env))
        address = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  # nosec B104
        supervisor.run_until_signal((address, int(port)), lambda: when_ready(data_dir, port))


def run_until_stopped(begin: Callable[[], None]) -> int:
    """Run a start from the command line: 0 when stopped, 2 and one line when it cannot run."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    try:
        begin()
    except KeyboardInterrupt:
        return 0
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        help="seconds to wait for an older start to leave the port",
    )
    chosen = parser.parse_args(arguments)

    def ready(data_dir: Path, port: str) -> str:
        return f"Serving on port {port}, data in {data_dir}. Ctrl-C stops all."

    return run_until_stopped(lambda: serve(chosen.host, lambda _: None, ready, chosen.wait))


if __name__ == "__main__":
    sys.exit(main())
