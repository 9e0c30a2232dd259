"""Style sheets and scripts of the last releases: a kept page asks for those that it was written with."""

import contextlib
import json
import shutil
from pathlib import Path

from django.conf import settings

RELEASES = 3


def copy_release_assets(home: Path) -> None:
    """Copy what this release collected, once, and remove what only older ones used. Where nothing
    is collected, files have no hash in their names and there is nothing to keep.
    """
    names = _collected()
    releases = _load_generations(home)
    if not names or (releases and releases[0] == names):
        return
    folder = home / "assets" / "static"
    for name in names:
        _copy(settings.STATIC_ROOT / name, folder / name)
    releases = [names, *(each for each in releases if each != names)][:RELEASES]
    wanted = {name for release in releases for name in release}
    for file in [file for file in folder.rglob("*") if file.is_file()]:
        if str(file.relative_to(folder)) not in wanted:
            file.unlink()
    draft = home / "assets" / ".releases"
    draft.write_text(json.dumps(releases))
    draft.replace(home / "assets" / "releases.json")


def _collected() -> list[str]:
    """Files whose names hold their hash, compressed forms too; below STATIC_ROOT."""
    root: Path = settings.STATIC_ROOT
    try:
        named = json.loads((root / "staticfiles.json").read_text())["paths"].values()
    except (OSError, ValueError, KeyError):
        return []
    forms = (f"{name}{ending}" for name in set(named) for ending in ("", ".gz", ".br"))
    return sorted(name for name in forms if (root / name).is_file())


def _load_generations(home: Path) -> list[list[str]]:
    with contextlib.suppress(OSError, ValueError):
        known: list[list[str]] = json.loads((home / "assets" / "releases.json").read_text())
        return known
    return []


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}")
    shutil.copyfile(source, draft)
    draft.replace(target)
