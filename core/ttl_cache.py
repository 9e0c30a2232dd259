"""A small reading of the database that a page may use without asking each time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import Error as DatabaseTrouble

T = TypeVar("T")
_CACHE_SECONDS = 60  # seconds
_PAUSE = 10  # seconds until a database that was away is asked again


@dataclass
class TTLCache(Generic[T]):
    """What `read` gave last, for a minute; `nothing` before the database has ever answered."""

    read: Callable[[], T]
    nothing: T
    value: T = field(init=False)
    due: float = 0.0  # monotonic

    def __post_init__(self) -> None:
        self.value = self.nothing

    def get(self) -> T:
        if time.monotonic() >= self.due:
            try:
                self.value, pause = self.read(), _CACHE_SECONDS
            except DatabaseTrouble:
                pause = _PAUSE
            self.due = time.monotonic() + pause
        return self.value

    def invalidate(self) -> None:
        self.value, self.due = self.nothing, 0.0
