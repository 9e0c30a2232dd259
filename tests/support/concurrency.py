"""Several things at the same instant, each with a database connection of its own; a server beside a
test.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from socketserver import BaseServer
from typing import Any

from django.db import connection


def in_parallel(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The results of all works, started at the same instant; raises what one of them raises."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """The server answers meanwhile. It looks every 10 ms whether it may end; by itself it would every
    500, and each test would wait for that.
    """
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
