"""A disk that is soon full, for tests of what happens then."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int = 1, mode: str = "1777") -> Iterator[None]:
    """A tmpfs of its own over a folder, for everybody or as `mode` says; a machine that mounts
    none skips, with the reason.
    """
    folder.mkdir(exist_ok=True)
    options = f"size={megabytes}m,mode={mode}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        unmount(folder)


def unmount(folder: Path) -> None:
    """There is room again: what lies below the small disk."""
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
