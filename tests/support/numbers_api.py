"""Addresses of the API of published numbers."""

import hashlib

from tests.support.number_factories import KEY

PROGRAMS = "/kiem-tra/cho-phan-mem/"


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


HASH = hash_of(KEY)
