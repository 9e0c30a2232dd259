"""Each catalogue is whole, and its compiled form says what its source says; needs gettext."""

# ruff: noqa: INP001

import gettext
import io
import shutil
import subprocess
import sys
from pathlib import Path


def words(compiled: bytes) -> dict[object, object]:
    return dict(gettext.GNUTranslations(io.BytesIO(compiled))._catalog)  # type: ignore[attr-defined]  # noqa: SLF001


def stale(source: Path) -> bool:
    """Whether the committed .mo differs from what its .po compiles to."""
    fresh = subprocess.run(  # noqa: S603
        ["msgfmt", "--check", "-o", "-", source],  # noqa: S607
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or words(compiled.read_bytes()) != words(fresh)


def lacking(source: Path) -> list[str]:
    """The lines of words without a translation, or with one that is only guessed."""
    messages: list[str] = []
    for kind in ("--untranslated", "--only-fuzzy"):
        command = ["msgattrib", kind, "--no-obsolete", "--no-wrap", source]
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout  # noqa: S603
        messages += [line for line in output.splitlines() if line.startswith("msgid ")][1:]
    return messages


def main() -> int:
    sources = sorted(Path("locale").rglob("*.po"))
    if not shutil.which("msgfmt"):
        sys.stdout.write("not checked: there is no msgfmt here (Debian: gettext)\n")
        return 0
    wrong = [str(source) for source in sources if stale(source)]
    for source in wrong:
        sys.stdout.write(f"{source} is not compiled: manage.py compilemessages\n")
    missing = [(source, line) for source in sources for line in lacking(source)]
    for source, line in missing:
        sys.stdout.write(f"{source} does not translate {line}\n")
    return bool(wrong or missing)


if __name__ == "__main__":
    sys.exit(main())
