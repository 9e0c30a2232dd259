"""BACKUP_KEY: an age identity, as `age-keygen` makes them too. It seals archives and nothing else."""

import pyrage


def generate_backup_key() -> str:
    """Return a fresh BACKUP_KEY."""
    return str(pyrage.x25519.Identity.generate())


def parse_backup_key(key: str) -> pyrage.x25519.Identity | None:
    """Return the age identity that `key` spells, or None when it is none."""
    try:
        return pyrage.x25519.Identity.from_str(key)
    except pyrage.IdentityError:
        return None
