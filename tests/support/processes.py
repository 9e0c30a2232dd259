"""Helpers that start a program of ours as a process and look at what is left of it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.real_services import UNSET

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str, prefix: tuple[str, ...] = (), **env: str) -> subprocess.Popen[str]:
    """Run Python with these arguments, from the project's folder, output and errors together."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return subprocess.Popen(
        [*prefix, sys.executable, *arguments],
        cwd=ROOT,
        env={**inherited, "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_python(
    env: Mapping[str, str], *words: str, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a program of Python's in the project's folder to its end."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def run_script(script: str, **env: str) -> str:
    """Return what a fresh Python process prints, with the suite's environment but for this."""
    process = start("-W", "ignore", "-c", script, prefix=(), **env)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return output.strip()


def alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def processes_about(word: str) -> list[int]:
    """Return the other processes whose command line, environment or folder contains this word."""
    numbers = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    return [pid for pid in numbers if pid != os.getpid() and alive(pid) and _is_about(pid, word)]


def _is_about(pid: int, word: str) -> bool:
    process = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        description = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        return word.encode() in description or word in str((process / "cwd").readlink())
    return False
