"""The page on which the public looks a number up."""

from typing import Any

from django.test import Client

from tests.support.number_factories import NUMBER

CHECK = "/kiem-tra/"


def ask(client: Client, number: str = NUMBER, path: str = CHECK) -> Any:
    return client.post(path, {"number": number})
