"""What was checked, and how it went."""

import sys
import time


class NotRunError(Exception):
    """It could not be tried here, and is not passed."""


class Outcome:
    """Prints each check as it is made; `failed` counts those that went wrong."""

    def __init__(self) -> None:
        self.checked = self.failed = 0
        self.started = time.monotonic()

    def check(self, name: str, found: object, wanted: object = True) -> None:
        """Compare and say so."""
        self.checked += 1
        if found == wanted:
            self.say(f"ok   {name}")
        else:
            self.failed += 1
            self.say(f"BAD  {name}: {found!r} instead of {wanted!r}")

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self.started:5.0f} s  {text}\n")
        sys.stdout.flush()
