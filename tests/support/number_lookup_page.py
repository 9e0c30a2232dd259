"""The page on which the public looks a number up, and the API of published numbers."""

import hashlib
from typing import Any

from django.test import Client

from tests.support.number_factories import KEY, NUMBER

CHECK, PROGRAMS = "/kiem-tra/", "/kiem-tra/cho-phan-mem/"
RANGE = "/api/v1/findings/range/"


def hash_of(key: str, kind: str = "number") -> str:
    return hashlib.sha256(f"{kind}:{key}".encode()).hexdigest()


HASH = hash_of(KEY)


def ask(client: Client, number: str = NUMBER, path: str = CHECK) -> Any:
    return client.post(path, {"number": number})
