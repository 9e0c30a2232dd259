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

from bench import load, telling
from bench.harness import Result, ratio_of, ratios_of
from bench.house import house, until
from bench.memory import tree
from bench.servers import Ground, Served, answers, free_port, front_server
from ops.child_process import ChildProcess
from ops.local_postgres import NAMESPACE

PAGE = "/canh-bao/mot/"
DOORS = {
    "warning page": PAGE,
    "frame": "/nhung/",
    "RSS": "/canh-bao/rss.xml",
    "CAP index": "/canh-bao/cap.xml",
}
CLIENTS = 32
WORDS = 12  # warnings issued and cancelled for bar 8
LATEST = 2.0  # seconds for which a reader may still find a word after the next one
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


def files(ground: Ground) -> Iterator[Result]:
    """Requests a second of nginx's own processor time: a load generator in Python is slower than
    either, so that the rates it sees are its own.
    """
    with telling.desk(ground.env) as desk:
        desk.act("issue", "mot")
    ground.manage("rebuild_static_pages")
    kept = ground.folder / "snapshots"
    with _trusted(kept):
        port, bare = free_port(), free_port()
        web = ground.serve("web", "portal.wsgi")
        ours = front_server(ground.folder / "front", port, web, kept)
        limit = _bare_nginx(ground.folder / "bare", bare, kept / "current" / "fresh")
        for child, at in ((ours, port), (limit, bare)):
            ground.stack.callback(child.stop, 10.0)
            child.start()
            child.wait_until_ready(partial(answers, at))
        rivals = (
            partial(_a_processor_second, ours, port, PAGE),
            partial(_a_processor_second, limit, bare, f"{PAGE}index.html"),
        )
        as_file = ratio_of(*rivals)
        (kept / "doubted").write_text("1\n")
        assert until(lambda: not (ground.folder / "front" / "first").exists())
        cached = ratio_of(*rivals)
    for name, least, (ratio, figures) in (
        ("as a file", 0.95, as_file),
        ("through proxy_cache", 0.65, cached),
    ):
        what = f"warning page {name} / bare gzip_static"
        yield Result(6, what, ratio, least=least, detail=figures)


def application(ground: Ground) -> Iterator[Result]:
    """Bar 7: texts of a warning at the application, requests a second of gunicorn's processor time."""
    with telling.desk(ground.env) as desk:
        desk.act("issue", "mot")
    ground.manage("rebuild_static_pages")
    with _trusted(ground.folder / "snapshots"):
        ours = ground.serving("web", "portal.wsgi")
        bare = ground.serving("bare", "bench.bare_wsgi")
        found = ratios_of(partial(_at_each_door, ours), partial(_constant, bare))
    for name, (ratio, figures) in found.items():
        what = f"{name} at the application / constant view"
        yield Result(7, what, ratio, least=0.50, detail=figures)


def _at_each_door(served: Served, seconds: float) -> dict[str, float]:
    share = seconds / len(DOORS)
    return {
        name: _a_processor_second(*served, path, share, b"gunicorn") for name, path in DOORS.items()
    }


def _constant(served: Served, seconds: float) -> dict[str, float]:
    return dict.fromkeys(DOORS, _a_processor_second(*served, "/constant", seconds, b"gunicorn"))


def _a_processor_second(
    child: ChildProcess, port: int, path: str, seconds: float, of: bytes = b"nginx"
) -> float:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
    before = _processor_seconds(child, of)
    tally = load.run(port, lambda: request, CLIENTS, seconds)
    assert set(tally.statuses) == {200}, tally.statuses
    return tally.statuses[200] / (_processor_seconds(child, of) - before)


def _processor_seconds(child: ChildProcess, of: bytes = b"nginx") -> float:
    """What a server's processes have used so far; the loop beside nginx is not among them."""
    assert child.process
    used = 0
    for pid, _ in tree(child.process.pid, 0):
        if of in Path(f"/proc/{pid}/cmdline").read_bytes():
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(after_name[11]) + int(after_name[12])
    return used / os.sysconf("SC_CLK_TCK")


def _bare_nginx(folder: Path, port: int, root: Path) -> ChildProcess:
    folder.mkdir()
    conf = folder / "nginx.conf"
    conf.write_text(BARE.format(folder=folder, port=port, root=root))
    words = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(conf)]
    words += ["-g", f"daemon off; pid {folder}/pid;"]
    env = {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    prefix = NAMESPACE if os.geteuid() == 0 else ()
    return ChildProcess("bare nginx", [*prefix, *words], env=env, log=folder / "log")


@contextmanager
def _trusted(kept: Path) -> Iterator[None]:
    """Say that the files are right, as beat does."""
    done = Event()

    def say() -> None:
        while not done.is_set():
            (kept / "checked").write_text(f"{int(time.time())}\n")
            done.wait(10)

    speaker = Thread(target=say)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()


def new_bytes(_: Ground) -> Iterator[Result]:
    """From the commit of a word to an answer at the front server that has it, under load."""
    with house(front=True) as home, telling.desk(home.env) as desk:
        done = Event()
        crowd = Thread(target=_crowd, args=[home.front_port, done])
        crowd.start()
        waits = []
        for number in range(WORDS):
            name = f"vong-{number}"
            for act, words in (("issue", f"({name} v1)"), ("cancel", "ết hiệu lực")):
                given = desk.act(act, name)
                path = f"/canh-bao/{name}/"
                assert until(lambda p=path, w=words: w in telling.get(home.front_port, p)[1])  # type: ignore[misc]
                waits.append(time.time() - given)
        done.set()
        crowd.join()
    waits.sort()
    detail: dict[str, object] = {"p50": round(waits[len(waits) // 2], 3), "words": len(waits)}
    late = waits[int(0.99 * len(waits))]
    yield Result(8, "issue or cancel to new bytes, p99", late, "s", most=1.0, detail=detail)


def words(_: Ground) -> Iterator[Result]:
    """50 rounds of issue, update and cancel under 2,000 requests: what a reader may not see."""
    with house(front=True) as home:
        judged = telling.rounds(home.env, home.front_port, 50, 2000)
    asked = len(judged.answers)
    wrong = len(judged.mixed()) + len(judged.drafts())
    yield Result("words", f"mixed or draft answers of {asked}", wrong, most=0)
    late = (judged.lags() or [0.0])[-1]
    detail: dict[str, object] = {"answers": len(judged.lags())}
    what = "an overtaken word was last seen after"
    yield Result("words", what, late, "s", most=LATEST, detail=detail)


def _crowd(port: int, done: Event) -> None:
    request = b"GET /canh-bao/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n"
    while not done.is_set():
        load.run(port, lambda: request, CLIENTS, 1.0)
