"""PostgreSQL's advisory locks, by name."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.database import fetch_all


def lock_until_commit(name: str) -> None:
    """Wait for the lock of that name and hold it until the transaction ends."""
    fetch_all("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def try_lock_until_commit(name: str) -> bool:
    """Return whether this transaction has the lock of that name; wait for nobody."""
    return fetch_all("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name]) == [
        (True,)
    ]


def try_lock(name: str) -> bool:
    """Return whether this connection has the lock of that name, until its end."""
    return fetch_all("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]) == [(True,)]


@contextmanager
def hold(name: str, *, waits: bool = True) -> Iterator[bool]:
    """Yield whether the block has the lock of that name, until it ends or this process dies."""
    if waits:
        fetch_all("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    has_lock = waits or try_lock(name)
    try:
        yield has_lock
    finally:
        if has_lock:
            fetch_all("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
