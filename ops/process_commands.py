"""What each process is called and how it is run, for the supervisor and for the image alike."""

import os
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[1]
CELERY = ["-m", "celery", "--quiet", "-A", "portal"]
ROLES = ("web", "relay", "worker", "beat")


def command(role: str, data_dir: Path, bind: str) -> list[str]:
    """The command line of a role; `bind` is where web listens. Raises KeyError for another."""
    quiet = ["--loglevel", "WARNING"]
    schedule = str(data_dir / "beat-schedule")
    arguments = {
        "web": [
            "-m",
            "gunicorn",
            "--config",
            "python:portal.gunicorn",
            "--bind",
            bind,
            "portal.wsgi",
        ],
        "relay": [str(BASE_DIR / "manage.py"), "relay"],
        "worker": [
            *CELERY,
            "worker",
            "--concurrency=2",
            "--without-gossip",
            "--without-mingle",
            *quiet,
        ],
        "beat": [*CELERY, "beat", "--pidfile=", "--schedule", schedule, *quiet],
    }
    return [sys.executable, *arguments[role]]


def main() -> None:
    """Become the role that the command line names."""
    role = sys.argv[1]
    data_dir = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").absolute()
    arguments = command(role, data_dir, f"0.0.0.0:{os.environ.get('PORT') or 8000}")
    os.execv(arguments[0], arguments)  # noqa: S606  # nosec B606


if __name__ == "__main__":
    main()
