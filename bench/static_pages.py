"""Bars 6, 7 and 8: public pages at the front server, as files, at the application, and how soon a
new word is there.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

from bench import load
from bench.harness import Result, measure_ratio, measure_ratios
from bench.servers import BenchServers, Served, read_cpu_seconds
from ops.child_process import ChildProcess
from ops.local_postgres import NAMESPACE
from tools import publishing_rounds
from tools.portal_stack import portal_stack, wait_until
from tools.servers import find_free_port, is_listening, prepare_nginx

PAGE = "/canh-bao/mot/"
DOORS = {
    "warning page": PAGE,
    "frame": "/nhung/",
    "RSS": "/canh-bao/rss.xml",
    "CAP index": "/canh-bao/cap.xml",
}
CLIENTS = 32
PUBLISHED_WARNINGS = 12  # warnings issued and cancelled for bar 8
MAX_STALENESS_SECONDS = 2.0  # seconds for which a reader may still find a word after the next one
BARE = """
worker_processes auto;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off; sendfile on; tcp_nopush on;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port}; location / {{ root {root}; gzip_static on; }} }}
}}
"""


def measure_files(servers: BenchServers) -> Iterator[Result]:
    """Requests a second of nginx's own processor time: a load generator in Python is slower than
    either, so that the rates it sees are its own.
    """
    with publishing_rounds.publisher_process(servers.env) as desk:
        desk.act("issue", "mot")
    servers.manage("rebuild_static_pages")
    static_pages = servers.folder / "static-pages"
    with _confirm_files(static_pages):
        port, bare = find_free_port(), find_free_port()
        web = servers.serve("web", "portal.wsgi")
        ours = prepare_nginx(servers.folder / "front", port, web, static_pages)
        limit = _prepare_bare_nginx(servers.folder / "bare", bare, static_pages)
        # The bare server stands for the bucket, which is asked once a second.
        by_bucket = find_free_port()
        bucket = prepare_nginx(servers.folder / "bucket-front", by_bucket, web)
        bucket.env = {**(bucket.env or {}), "PUBLISHED_ORIGIN": f"http://127.0.0.1:{bare}"}
        for child, at in ((limit, bare), (ours, port), (bucket, by_bucket)):
            servers.stack.callback(child.stop, 10.0)
            child.start()
            child.wait_until_ready(partial(is_listening, at))
        alone = partial(_measure_per_cpu_second, limit, bare, f"/pages{PAGE}index.html")
        as_file = measure_ratio(partial(_measure_per_cpu_second, ours, port, PAGE), alone)
        first = servers.folder / "bucket-front" / "first"
        assert wait_until(first.exists)
        cached = measure_ratio(partial(_measure_per_cpu_second, bucket, by_bucket, PAGE), alone)
        assert first.exists()
    for name, least, (ratio, figures) in (
        ("as a file", 0.95, as_file),
        ("from the bucket through the cache", 0.65, cached),
    ):
        what = f"warning page {name} / bare gzip_static"
        yield Result(6, what, ratio, least=least, detail=figures)


def measure_application(servers: BenchServers) -> Iterator[Result]:
    """Bar 7: texts of a warning at the application, requests a second of gunicorn's processor time."""
    with publishing_rounds.publisher_process(servers.env) as desk:
        desk.act("issue", "mot")
    ours = servers.serving("web", "portal.wsgi")
    bare = servers.serving("bare", "bench.bare_wsgi")
    ratios = measure_ratios(partial(_measure_doors, ours), partial(_measure_constant, bare))
    for name, (ratio, figures) in ratios.items():
        what = f"{name} at the application / constant view"
        yield Result(7, what, ratio, least=0.25, detail=figures)


def _measure_doors(served: Served, seconds: float) -> dict[str, float]:
    share = seconds / len(DOORS)
    return {
        name: _measure_per_cpu_second(*served, path, share, b"gunicorn")
        for name, path in DOORS.items()
    }


def _measure_constant(served: Served, seconds: float) -> dict[str, float]:
    return dict.fromkeys(DOORS, _measure_per_cpu_second(*served, "/constant", seconds, b"gunicorn"))


def _measure_per_cpu_second(
    child: ChildProcess, port: int, path: str, seconds: float, program: bytes = b"nginx"
) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    before = read_cpu_seconds(child, program)
    tally = load.run_load(port, lambda: request, CLIENTS, seconds)
    assert set(tally.statuses) == {200}, tally.statuses
    return tally.statuses[200] / (read_cpu_seconds(child, program) - before)


def _prepare_bare_nginx(folder: Path, port: int, root: Path) -> ChildProcess:
    folder.mkdir()
    conf = folder / "nginx.conf"
    conf.write_text(BARE.format(folder=folder, port=port, root=root))
    words = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(conf)]
    words += ["-g", f"daemon off; pid {folder}/pid;"]
    env = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    prefix = NAMESPACE if os.geteuid() == 0 else ()
    return ChildProcess("bare nginx", [*prefix, *words], env=env, log=folder / "log")


@contextmanager
def _confirm_files(static_pages: Path) -> Iterator[None]:
    """Say that the files are right, as beat does."""
    done, draft = Event(), static_pages / ".checked"
    word = (static_pages / "wanted").read_text()

    def say() -> None:
        while not done.is_set():
            draft.write_text(f"{int(time.time())} {word}\n")
            draft.replace(static_pages / "checked")
            done.wait(10)

    speaker = Thread(target=say)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()


def measure_publish_latency(_: BenchServers) -> Iterator[Result]:
    """From the commit of a word to an answer at the front server that has it, under load."""
    with portal_stack(front=True) as home, publishing_rounds.publisher_process(home.env) as desk:
        done = Event()
        crowd = Thread(target=_send_requests, args=[home.front_port, done])
        crowd.start()
        waits = []
        for number in range(PUBLISHED_WARNINGS):
            name = f"vong-{number}"
            for act, words in (("issue", f"({name} v1)"), ("cancel", "ết hiệu lực")):
                acted_at = desk.act(act, name)
                path = f"/canh-bao/{name}/"
                assert wait_until(partial(_shows, home.front_port, path, words))
                waits.append(time.time() - acted_at)
        done.set()
        crowd.join()
    waits.sort()
    detail: dict[str, object] = {"p50": round(waits[len(waits) // 2], 3), "words": len(waits)}
    late = waits[int(0.99 * len(waits))]
    yield Result(8, "issue or cancel to new bytes, p99", late, "s", most=1.0, detail=detail)


def _shows(port: int, path: str, words: str) -> bool:
    return words in publishing_rounds.fetch_page(port, path)[1]


def check_consistency_under_load(_: BenchServers) -> Iterator[Result]:
    """50 rounds of issue, update and cancel under 2,000 requests: what a reader may not see."""
    with portal_stack(front=True) as home:
        judged = publishing_rounds.run_rounds(home.env, home.front_port, 50, 2000)
    total = len(judged.answers)
    wrong = len(judged.mixed_versions()) + len(judged.drafts())
    yield Result("words", f"mixed or draft answers of {total}", wrong, most=0)
    late = (judged.staleness() or [0.0])[-1]
    detail: dict[str, object] = {"answers": len(judged.staleness())}
    what = "an overtaken word was last seen after"
    yield Result("words", what, late, "s", most=MAX_STALENESS_SECONDS, detail=detail)


def _send_requests(port: int, done: Event) -> None:
    request = b"GET /canh-bao/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
    while not done.is_set():
        load.run_load(port, lambda: request, CLIENTS, 1.0)
