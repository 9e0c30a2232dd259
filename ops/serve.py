"""All processes in one command: local servers where none are given, web, relay, worker and beat.

Django is not set up here, to save memory; ops/process_supervisor.py watches what runs.
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
from ops.process_commands import BASE_DIR, ROLES, command, resolve_data_dir
from ops.process_supervisor import STOP_SIGNALS, ProcessSupervisor

POLL_INTERVAL_SECONDS = 0.02  # of a port that is to become free


def build_portal_children(listener: socket.socket, env: Mapping[str, str]) -> list[ChildProcess]:
    """Return web, relay, worker and beat; web inherits the listening socket."""
    descriptor = listener.fileno()
    return [
        ChildProcess(
            role,
            command(role, f"fd://{descriptor}"),
            env=env,
            cwd=BASE_DIR,
            pass_fds=(descriptor,) if role == "web" else (),
        )
        for role in ROLES
    ]


def open_listener(host: str, port: str, wait: float = 0.0) -> socket.socket:
    """Return a socket that listens before anything else starts: while web restarts, visitors wait.

    `wait`: seconds for another process to release the port. Raises StartError, in one line.
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
                reason = f"port {port} cannot be used: {os.strerror(error.errno or 0)}"
                raise StartError(f"{reason}. Choose another, as in PORT=8001") from error
        time.sleep(POLL_INTERVAL_SECONDS)


def build_child_environment(data_dir: Path, port: str, local: Mapping[str, str]) -> dict[str, str]:
    fixed = {"DATA_DIR": str(data_dir), "PORT": port, "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **local, **fixed}


def resolve_database_url(env: Mapping[str, str]) -> str:
    """Return DATABASE_URL, itself or from its file. Raises StartError when that cannot be read."""
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
    """Run everything until a signal comes; `wait`: seconds for an older start to release the port.

    `prepare` is called before the portal starts, `when_ready` when it answers. Raises StartError.
    """
    port = os.environ.get("PORT") or "8000"
    data_dir = resolve_data_dir()
    with open_listener(host, port, wait) as listener, local_services(data_dir) as services:
        env = build_child_environment(data_dir, port, services.env)
        prepare(env)
        children = [*services.children, *build_portal_children(listener, env)]
        supervisor = ProcessSupervisor(children, data_dir, resolve_database_url(env))
        address = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104  # nosec B104
        supervisor.run_until_signal((address, int(port)), lambda: when_ready(data_dir, port))


def run_until_stopped(begin: Callable[[], None]) -> int:
    """Run `begin`; return 0 when stopped, 2 after printing why it cannot run."""

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
    wait_help = "seconds to wait for an older start to leave the port"
    parser.add_argument("--wait", type=float, default=0.0, help=wait_help)
    options = parser.parse_args(arguments)

    def ready(data_dir: Path, port: str) -> str:
        return f"Serving on port {port}, data in {data_dir}. Ctrl-C stops all."

    return run_until_stopped(lambda: serve(options.host, lambda _: None, ready, options.wait))


if __name__ == "__main__":
    sys.exit(main())
