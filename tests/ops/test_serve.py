"""One command starts all, keeps all running, stops all; nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.outbox.queue import enqueue
from ops.child_process import StartError
from ops.process_supervisor import pause_seconds
from ops.serve import open_listener, resolve_database_url
from tests.support.processes import alive, processes_about, start
from tests.support.real_services import get_database_url
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import wait_until
from tools.servers import find_free_port

# A supervisor over small children: one that serves, one that says its number and sleeps.
SMALL = """
import os, socket, sys
from pathlib import Path
from ops.child_process import ChildProcess
from ops.process_supervisor import ProcessSupervisor

data_dir, script = Path(sys.argv[1]), sys.argv[2]
listener = socket.create_server(("127.0.0.1", 0))
port = str(listener.getsockname()[1])
web = f"import socket; s = socket.socket(fileno={listener.fileno()})\\n" \\
    "while True:\\n line = s.accept()[0]; line.recv(99); line.send(b'HTTP/1.0 200 ok'); line.close()"
children = [
    ChildProcess("web", [sys.executable, "-c", web], pass_fds=(listener.fileno(),)),
    ChildProcess("worker", ["sh", "-c", script, str(data_dir)], env=os.environ | {"PORT": port}),
]
supervisor = ProcessSupervisor(children, data_dir, sys.argv[3])
supervisor.run_until_signal(listener.getsockname(), lambda: "ready")
print("stopped", flush=True)
"""
NOWHERE = "postgresql://x@/x?host=/nonexistent"
Process = subprocess.Popen[str]
Runner = Callable[..., Process]


@pytest.fixture
def run_small(tmp_path: Path) -> Iterator[Runner]:
    """Yield what starts SMALL, perhaps changed, around a worker; no process survives the test."""
    started: list[Process] = []

    def run(script: str, program: str = SMALL, database: str = NOWHERE) -> Process:
        started.append(start("-c", program, str(tmp_path), f"echo up $$; {script}", database))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def read_until(process: Process, word: str, within: float = 20) -> str:
    """The first line with this word; the test fails when it does not come in time."""
    assert process.stdout
    watchdog = threading.Timer(within, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            if word in line:
                return line
    finally:
        watchdog.cancel()
    raise AssertionError(f"{word!r} was never said")


def restarts(tmp_path: Path, name: str) -> int:
    return int(json.loads((tmp_path / "supervisor.json").read_text())["restarts"][name])


def test_a_child_that_dies_is_started_again_counted_and_what_it_left_swept_away(
    tmp_path: Path, run_small: Runner
) -> None:
    process = run_small("sleep 61.5 & echo left $!; wait")
    first = int(read_until(process, "up").split()[-1])
    left = int(read_until(process, "left").split()[-1])
    allowance = CpuAllowance()
    os.kill(first, signal.SIGKILL)
    read_until(process, "starts again")
    assert int(read_until(process, "up").split()[-1]) != first
    assert allowance.is_within(5)
    assert wait_until(lambda: not alive(left))
    assert restarts(tmp_path, "worker") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_all(tmp_path: Path, run_small: Runner, number: signal.Signals) -> None:
    process = run_small("exec sleep 60")
    assert process.stdout
    assert process.stdout.readline() == "ready\n"  # web answers, and the others begin
    assert process.stdout.readline().startswith("worker   | up ")
    process.send_signal(number)
    assert read_until(process, "stopped")
    assert process.wait(30) == 0
    assert not processes_about(str(tmp_path))


def test_web_answers_until_the_others_have_ended(tmp_path: Path, run_small: Runner) -> None:
    last = "import os, socket; s = socket.create_connection(('127.0.0.1', os.environ['PORT']), 20);"
    (tmp_path / "last.py").write_text(f"{last} s.settimeout(20); s.send(b'x'); print(s.recv(9))")
    farewell = f"trap '{sys.executable} {tmp_path}/last.py; exit' TERM; echo armed; while :; do sleep 0.1; done"
    process = run_small(farewell)
    read_until(process, "armed")
    process.send_signal(signal.SIGTERM)
    assert read_until(process, "HTTP/1.0")


def test_a_second_ctrl_c_does_not_wait_for_the_stubborn(tmp_path: Path, run_small: Runner) -> None:
    process = run_small("trap '' TERM; echo armed; while :; do sleep 0.1; done")
    read_until(process, "armed")
    process.send_signal(signal.SIGINT)
    read_until(process, "stopping")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not processes_about(str(tmp_path))


def test_output_that_nobody_reads_stops_nobody(tmp_path: Path, run_small: Runner) -> None:
    beat = tmp_path / "beat"
    script = f"while :; do seq 2000; date +%s%N > {beat}; done"
    run_small(script)
    assert wait_until(beat.exists)
    seen: set[str] = set()

    def goes_on() -> bool:
        seen.add(beat.read_text())
        return len(seen) > 3

    assert wait_until(goes_on)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_claims_nothing_is_restarted_and_counted(
    tmp_path: Path, run_small: Runner
) -> None:
    enqueue("nothing", "key")
    hasty = SMALL.replace(
        "\ndata_dir,",
        "\nimport ops.worker_stall_probe as s; s.PATIENCE_SECONDS = 1; s.POLL_INTERVAL_SECONDS = 0.2\ndata_dir,",
        1,
    )
    process = run_small("exec sleep 60", hasty, get_database_url())
    read_until(process, "worker leases nothing")
    assert wait_until(lambda: restarts(tmp_path, "worker") == 1)
    assert json.loads((tmp_path / "supervisor.json").read_text())["stalls"] == 1


def test_pauses_grow_with_early_deaths_and_a_steady_time_is_rewarded(run_small: Runner) -> None:
    process = run_small("exit 1")
    pauses = [float(read_until(process, "worker ended").split()[-2]) for _ in range(4)]
    assert pauses == [0.2, 0.4, 0.8, 1.6]
    assert [pause_seconds(deaths) for deaths in (6, 7, 1000)] == [6.4, 10.0, 10.0]
    assert pause_seconds(0) == 0.0  # of a child that ran for startsecs


def test_a_local_server_that_runs_already_is_taken_over_and_started_again(
    tmp_path: Path, run_small: Runner
) -> None:
    server = 'ChildProcess("server", ["sleep", "62.5"], log=data_dir / "log")'
    begun = SMALL.replace(
        "\nsupervisor =", f"\nchildren.insert(0, {server}); children[0].start()\nsupervisor =", 1
    )
    process = run_small("exec sleep 60", begun)

    def servers() -> list[int]:
        return [pid for pid in processes_about("62.5") if pid != process.pid]

    read_until(process, "up")
    [first] = servers()
    os.kill(first, signal.SIGKILL)
    read_until(process, "server ended, starts again in")
    assert wait_until(lambda: servers() not in ([], [first]))
    assert restarts(tmp_path, "server") == 1
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert not servers()


# --- the command itself


def one_line(process: Process) -> str:
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert len(output.splitlines()) == 1, output
    return output


@pytest.mark.parametrize("module", ["ops.serve", "tools.dev_server"])
def test_a_port_in_use_is_one_line_and_nothing_is_left(tmp_path: Path, module: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = one_line(start("-m", module, PORT=port, DATA_DIR=str(tmp_path / "var")))
    assert f"port {port} cannot be used: Address already in use" in line
    assert not (tmp_path / "var").exists()


def test_a_port_that_becomes_free_is_waited_for() -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    threading.Timer(0.3, taken.close).start()
    with open_listener("127.0.0.1", port, wait=5) as listener:
        assert listener.getsockname()[1] == int(port)


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_what_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(StartError, match="is not a port number"):
        open_listener("127.0.0.1", port)


def test_what_is_no_folder_is_one_line() -> None:
    process = start("-m", "ops.serve", PORT=str(find_free_port()), DATA_DIR="/proc/nowhere")
    assert "DATA_DIR /proc/nowhere cannot be written" in one_line(process)


def test_a_database_address_from_a_file_is_read_or_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgres://x\n")
    assert resolve_database_url({"DATABASE_URL_FILE": str(tmp_path / "url")}) == "postgres://x"
    with pytest.raises(StartError, match="DATABASE_URL_FILE cannot be read"):
        resolve_database_url({"DATABASE_URL_FILE": str(tmp_path / "none")})


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=3) as answer:
        return int(answer.status)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Process, str]]:
    """The real thing, with local servers, on a port of its own."""
    port = str(find_free_port())
    with tempfile.TemporaryDirectory() as short:
        where = {"PORT": port, "DATA_DIR": str(tmp_path / "var"), "TMPDIR": short}
        process = start("manage.py", "serve", **where)
        try:
            read_until(process, "Serving on port", within=90)
            yield process, f"http://127.0.0.1:{port}/livez"
        finally:
            process.kill()
            process.communicate()


@pytest.mark.alone
def test_kill_9_of_the_whole_portal_leaves_no_process(
    served: tuple[Process, str], tmp_path: Path
) -> None:
    process, _ = served
    # Supervisor, two servers, web and worker with their children, relay, beat; and PostgreSQL's.
    assert wait_until(lambda: len(processes_about(str(tmp_path))) >= 15, seconds=20)
    process.kill()
    assert wait_until(lambda: not processes_about(str(tmp_path)), seconds=5)


@pytest.mark.alone
def test_a_new_start_takes_over_the_servers_of_the_old_one(
    served: tuple[Process, str], tmp_path: Path
) -> None:
    """It is given no address, and those that the old one remembered end with it."""
    old, url = served
    port = url.split(":")[2].partition("/")[0]
    new = start("manage.py", "serve", "--wait", "30", PORT=port, DATA_DIR=str(tmp_path / "var"))
    try:
        command = Path(f"/proc/{new.pid}/cmdline")
        assert wait_until(lambda: b"ops.serve" in command.read_bytes(), seconds=30)
        old.terminate()
        old.communicate(timeout=20)
        assert wait_until(lambda: answers(url.replace("livez", "readyz")), seconds=20)
    finally:
        new.kill()
        new.communicate()


def answers(url: str) -> bool:
    """Return whether the database answers: what it lacks is the tables, which `serve` does not make."""
    try:
        get(url)
    except urllib.error.HTTPError as error:
        return b"UndefinedTable" in error.read()
    except OSError:  # a worker may take a call in its very last moment
        return False
    return False
