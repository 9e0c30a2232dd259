"""Pages that the front server keeps on disk."""

import time
from pathlib import Path

from tests.support.nginx_front import ask


def kept_as(front: int, path: str) -> tuple[int, str | None]:
    """Return status and X-Kept, which names a page that stands in for the portal."""
    answer, _ = ask(front, path)
    return answer.status, answer.headers["X-Kept"]


def checked(home: Path, seconds_ago: int) -> None:
    """Write the time of the check in one step: the loop reads half a file as 0."""
    wanted, draft = home / "wanted", home / ".checked"
    word = wanted.read_text() if wanted.exists() else ""
    draft.write_text(f"{int(time.time()) - seconds_ago} {word}\n")
    draft.replace(home / "checked")
