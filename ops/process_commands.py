"""The roles and their command lines, for `serve`, the image and units of systemd."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parents[1]
GUNICORN = ["-m", "gunicorn", "--config", "python:portal.gunicorn"]
CELERY = ["-m", "celery", "--quiet", "-A", "portal"]
WORKER_OPTIONS = ["--concurrency=2", "--without-gossip", "--without-mingle"]
ROLES = ("web", "relay", "worker", "beat")
AFTER_WEB = ["nice", "-n", "5"]  # on a machine that is full, residents' pages come first


def resolve_data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").absolute()


def is_first_look(portal_url: str) -> bool:
    """Return whether it is http on this very machine: only there are people and servers made up."""
    url = urlsplit(portal_url)
    return url.scheme != "https" and url.hostname in {"127.0.0.1", "localhost", "::1"}


def command(role: str, bind: str = "") -> list[str]:
    """Return the command line of a role; `bind` is where web listens. Raises KeyError for another."""
    nice = AFTER_WEB if role != "web" else []
    return [*nice, sys.executable, *python_arguments(role, bind)]


def python_arguments(role: str, bind: str = "") -> list[str]:
    """Return what a role gives to Python. Raises KeyError for another."""
    quiet = ["--loglevel", "WARNING"]
    return {
        "web": [*GUNICORN, "--bind", bind, "portal.wsgi"],
        "relay": [str(BASE_DIR / "manage.py"), "run_outbox_relay"],
        "worker": [*CELERY, "worker", *WORKER_OPTIONS, *quiet],
        "beat": [*CELERY, "beat", "--pidfile=", *quiet],
    }[role]


def main() -> None:
    """Become the role of the command line; web listens on every address, or on the second word."""
    role, host = [*sys.argv[1:3], "0.0.0.0"][:2]  # noqa: S104  # nosec B104
    arguments = command(role, f"{host}:{os.environ.get('PORT') or 8000}")
    os.execvp(arguments[0], arguments)  # noqa: S606  # nosec B606


if __name__ == "__main__":
    main()
