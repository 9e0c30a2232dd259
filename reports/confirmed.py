"""What officers have confirmed for the public pages: sentences, promises, the banks' numbers.

Kept for a minute, so that a page asks the database rarely; while the database is away what was
read last goes on, and before that nothing: an unconfirmed sentence is never shown.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import Error as DatabaseTrouble
from django.utils.translation import get_language

from reports.models import BankLine, Statement

T = TypeVar("T")
_KEPT_FOR = 60  # seconds
_PAUSE = 10  # seconds until a database that was away is asked again


@dataclass(frozen=True)
class Said:
    """A confirmed sentence in the language of the page; `amount` is its figure, if it has one."""

    text: str
    amount: int | None


@dataclass
class _Kept(Generic[T]):
    """What `read` gave last, and when it is to be read again (monotonic)."""

    read: Callable[[], T]
    nothing: T
    value: T = field(init=False)
    due: float = 0.0

    def __post_init__(self) -> None:
        self.value = self.nothing

    def get(self) -> T:
        if time.monotonic() >= self.due:
            try:
                self.value, pause = self.read(), _KEPT_FOR
            except DatabaseTrouble:
                pause = _PAUSE
            self.due = time.monotonic() + pause
        return self.value

    def forget(self) -> None:
        self.value, self.due = self.nothing, 0.0


def _read_statements() -> dict[str, Statement]:
    return {row.codename: row for row in Statement.objects.filter(is_public=True)}


_no_statements: dict[str, Statement] = {}
_no_banks: tuple[BankLine, ...] = ()
_statements = _Kept(_read_statements, _no_statements)
_banks = _Kept(lambda: tuple(BankLine.objects.all()), _no_banks)


def statements() -> dict[str, Said]:
    """The confirmed sentences by codename (data/statements.json lists them all)."""
    english = get_language() == "en"
    return {
        codename: Said(row.text_en if english else row.text, row.amount)
        for codename, row in _statements.get().items()
    }


def banks() -> tuple[BankLine, ...]:
    """The banks' numbers that officers have verified, by name; none until they have."""
    return _banks.get()


def forget() -> None:
    """Read everything anew at the next call."""
    _statements.forget()
    _banks.forget()
