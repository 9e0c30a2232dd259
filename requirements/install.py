"""Install a hashed lock into the environment that runs this, showing how far it is."""
# ruff: noqa: INP001

import re
import subprocess
import sys
from pathlib import Path

STEP = 10


def install(lock: Path) -> int:
    """Pip's exit code; its words are shown only when it fails."""
    total = len(re.findall(r"^[A-Za-z0-9].*==", lock.read_text(), re.MULTILINE))
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--progress-bar=off"]
    words: list[str] = []
    seen = 0
    with subprocess.Popen(  # noqa: S603
        [*command, "--no-input", "--requirement", str(lock)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as pip:
        for line in pip.stdout or ():
            words.append(line)
            if line.startswith(("Collecting ", "Requirement already")):
                seen += 1
                if seen % STEP == 0:
                    show(f"  {seen} of {total} packages found")
            elif line.startswith("Installing collected"):
                show("  installing them …")
    if pip.returncode:
        show("".join(words[-20:]))
    return pip.returncode


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(install(Path(sys.argv[1])))
