"""Several things at the same instant, each with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def in_parallel(works: list[Callable[[], Any]]) -> list[Any]:
    """The results of all works, started at the same instant in threads of their own."""
    results: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(place: int) -> None:
        start.wait()
        results[place] = works[place]()
        connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
