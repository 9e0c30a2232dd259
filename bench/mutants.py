"""`make mutants`: break one named line at a time; each break must turn its tests red.

The list is bench/mutants.toml. A break that no test notices, or that no longer fits the code,
fails the run: then a guard is not held by anything.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("mutants.toml")
AT_ONCE = 2
PASSED, FAILED = 0, 1  # what pytest's exit codes mean; every other is an error of the list
PATIENCE = 300


@dataclass(frozen=True)
class Mutant:
    """One break: in `file`, `old` becomes `new`, and one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied_to(self, text: str) -> str:
        """The broken text; raises ValueError when `old` does not stand there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.old!r} stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def read_list(only: str = "") -> list[Mutant]:
    """The mutants whose name or file holds `only`."""
    entries = tomllib.loads(LIST.read_text())["mutant"]
    mutants = [Mutant(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]
    return [mutant for mutant in mutants if only in mutant.name or only in mutant.file]


def copy_tree(target: Path) -> None:
    """The project as git sees it, with what is not committed yet."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run_tests(tree: Path, tests: tuple[str, ...], *, aloud: bool = False) -> int:
    """Pytest's exit code; hanging counts as failing."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(
            command, cwd=tree, capture_output=not aloud, check=False, timeout=PATIENCE
        ).returncode
    except subprocess.TimeoutExpired:
        return FAILED


def verdict(mutant: Mutant, tree: Path) -> str:
    """`killed`, `SURVIVED`, or what is wrong with the entry."""
    file = tree / mutant.file
    sound = file.read_text()
    try:
        file.write_text(mutant.applied_to(sound))
        code = run_tests(tree, mutant.tests)
    except ValueError as error:
        return f"DOES NOT FIT: {error}"
    finally:
        file.write_text(sound)
    return {FAILED: "killed", PASSED: "SURVIVED"}.get(code, f"ERROR: pytest ended with {code}")


def hunt(mutants: list[Mutant], trees: list[Path]) -> Iterator[str]:
    """The verdicts in the order of the list, several trees at work at once."""
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)

    def judge(mutant: Mutant) -> str:
        tree = free.get()
        started = time.monotonic()
        try:
            return f"{verdict(mutant, tree):<10} {time.monotonic() - started:5.1f} s"
        finally:
            free.put(tree)

    with ThreadPoolExecutor(len(trees)) as pool:
        for mutant, word in zip(mutants, pool.map(judge, mutants), strict=True):
            print(f"{word}  {mutant.name} ({mutant.file})", flush=True)
            yield word


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--only", default="", help="part of a name or a file")
    mutants = read_list(parser.parse_args().only)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees = [Path(folder) / str(number) for number in range(AT_ONCE)]
        for tree in trees:
            copy_tree(tree)
        named = tuple(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
        if not named or run_tests(trees[0], named, aloud=True) != PASSED:
            print("The tests that should notice are not green to begin with, or there are none.")
            return 1
        words = list(hunt(mutants, trees))
    wrong = [word for word in words if not word.startswith("killed")]
    print(f"{len(words) - len(wrong)} of {len(words)} breaks were noticed.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
