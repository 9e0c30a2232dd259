"""One terminal for many processes: each line with the name of who said it.

Nobody may have to wait for a reader. When the terminal or the pipe behind it takes nothing more,
lines are counted and dropped; when a line has no end, it is cut.
"""

import os
import select

LONGEST_LINE = 4000  # with its prefix under the 4096 bytes that a pipe takes without waiting


class Console:
    """Writes to a file descriptor, or drops."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._dropped = 0
        self._closed = False

    def say(self, name: str, text: str) -> None:
        """One or more lines in the name of a process."""
        for line in text.splitlines():
            if self._dropped and self._write(f"{name:<8} | … {self._dropped} lines not shown"):
                self._dropped = 0
            if not self._write(f"{name:<8} | {line}"):
                self._dropped += 1

    def announce(self, text: str) -> None:
        """A word of our own, in nobody's name."""
        for line in text.splitlines():
            self._write(line)

    def _write(self, line: str) -> bool:
        data = line.encode(errors="replace")[:LONGEST_LINE] + b"\n"
        if self._closed or not select.select([], [self._descriptor], [], 0)[1]:
            return False
        try:
            os.write(self._descriptor, data)
        except OSError:  # the reader is gone
            self._closed = True
        return True


class Lines:
    """Turns what a pipe brings into whole lines; one without end is cut."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        return [line.decode(errors="replace") for line in whole]
