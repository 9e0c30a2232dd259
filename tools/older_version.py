"""The version before this one, from the history of git."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from tools.servers import ROOT


def find_revision() -> str:
    """Return the newest release before this state, else the commit that last changed a migration;
    "" where git knows no history.
    """
    return _ask_git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD~") or _ask_git(
        "log", "-1", "--format=%H", "--", "*/migrations/*.py"
    )


def check_out(revision: str, folder: Path) -> None:
    """Write the files of a revision into a folder."""
    command = ["git", "archive", revision]  # the developer's own git
    archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")


def _ask_git(*words: str) -> str:
    command = ["git", *words]
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
