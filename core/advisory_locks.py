"""PostgreSQL's advisory locks, by name."""

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
    """Return whether this connection has the lock of that name, until `unlock` or its end."""
    return fetch_all("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]) == [(True,)]


def lock(name: str) -> None:
    """Wait for the lock of that name; this connection has it until `unlock` or its end."""
    fetch_all("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])


def unlock(name: str) -> None:
    fetch_all("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
