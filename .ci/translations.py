"""Each compiled catalogue says what its source says; needs gettext's msgfmt."""

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
    fresh = subprocess.run(
        ["msgfmt", "--check", "-o", "-", source], stdout=subprocess.PIPE, check=True
    ).stdout
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or words(compiled.read_bytes()) != words(fresh)


def main() -> int:
    sources = sorted(Path("locale").rglob("*.po"))
    if not shutil.which("msgfmt"):
        sys.stdout.write("not checked: there is no msgfmt here (Debian: gettext)\n")
        return 0
    wrong = [str(source) for source in sources if stale(source)]
    for source in wrong:
        sys.stdout.write(f"{source} is not compiled: manage.py compilemessages\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
