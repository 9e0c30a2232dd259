"""The front server before a stub of the portal, run by nginx."""

import contextlib
import http.server
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.concurrency import serving
from tools.portal_stack import wait_until
from tools.process_memory import list_process_tree
from tools.servers import ROOT, find_free_port, prepare_nginx

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")

PAGE = "/canh-bao/gia-dien-luc/"
FROM_PORTAL = b"Host: "
SAME_HEADERS = (
    "Content-Type", "Content-Security-Policy", "X-Frame-Options", "Cross-Origin-Resource-Policy",
    "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options",
    "Strict-Transport-Security", "Access-Control-Allow-Origin", "Set-Cookie", "Reporting-Endpoints",
)  # fmt: skip

needs_nginx = pytest.mark.skipif(
    NGINX is None and not os.environ.get("REQUIRE_BROWSER"), reason="no nginx here"
)


class Stub(http.server.BaseHTTPRequestHandler):
    """Stands for the portal: answers with the headers of the request."""

    def do_GET(self) -> None:
        headers = "\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(headers)))
        self.end_headers()
        self.wfile.write(headers)

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.rfile.read(length)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815  # of http.server

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def run_portal() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server, serving(server):
        yield server


@contextlib.contextmanager
def run_front(portal: http.server.HTTPServer, *folders: Path, **env: str) -> Iterator[int]:
    """Run nginx before the portal in a folder, perhaps with static pages; yield its port."""
    port = find_free_port()
    folder, *static_pages = folders
    child = prepare_nginx(folder, port, portal.server_address[1], *static_pages)
    child.env = {**(child.env or {}), **env}
    child.start()
    try:
        # It listens before it writes its number.
        child.wait_until_ready(lambda: listens(port) and (folder / "front.pid").exists())
        yield port
    finally:
        child.stop(10)


def stop(portal: http.server.HTTPServer) -> None:
    portal.shutdown()
    portal.server_close()


def list_workers(folder: Path) -> set[int]:
    """Return nginx's worker processes; none before nginx, which listens first, has written its pid."""
    with contextlib.suppress(OSError, ValueError):
        master = int((folder / "front.pid").read_text())
        return {pid for pid, depth in list_process_tree(master, 0) if depth and _is_worker(pid)}
    return set()


def _is_worker(pid: int) -> bool:
    with contextlib.suppress(OSError):  # it may just have ended
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"nginx: worker process\0")
    return False


def kill_loop(scratch: Path, *, with_parent: bool = False) -> None:
    """Kill the loop beside nginx, and with it who would bring it back. What it just runs may end by itself."""
    master = int((scratch / "front.pid").read_text())
    for depth, pid in sorted((depth, pid) for pid, depth in list_process_tree(master, 0)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            if depth > (0 if with_parent else 1) and name not in {"nginx", "sleep"}:
                os.kill(pid, signal.SIGKILL)


def is_healthy(scratch: Path, port: int, static_pages: Path | None = None) -> bool:
    """Ask as Docker does whether the front server that writes to `scratch` is well, at this port."""
    env = {"SCRATCH": str(scratch), "LISTEN": f":{port}", "STATIC_PAGES": str(static_pages)}
    command = [str(ROOT / "docker" / "front.sh"), "health"]
    return not subprocess.run(command, env=os.environ | env, timeout=5, check=False).returncode


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(
    port: int,
    path: str,
    method: str = "GET",
    body: bytes | None = None,
    address: str = "127.0.0.1",
    **headers: str,
) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask from an address of this machine."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(address, 0))
    with contextlib.closing(client):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, body, named)
        answer = client.getresponse()
        return answer, answer.read()


def send_raw(port: int, request: bytes, address: str = "127.0.0.1") -> bytes:
    """Send a request as it stands, however broken; return the first of what is answered."""
    line = socket.create_connection(("127.0.0.1", port), 10, source_address=(address, 0))
    with line, contextlib.suppress(OSError):
        line.sendall(request)
        return line.recv(65536)
    return b""


def body(port: int, path: str) -> bytes:
    return ask(port, path)[1]


def soon(holds: Callable[[], bool]) -> bool:
    """Whether it comes true long before kept pages grow too old by themselves. While a bucket hangs, a
    round of the loop takes up to seven seconds.
    """
    return wait_until(holds, 30)
