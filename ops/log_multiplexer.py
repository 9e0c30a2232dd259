"""One terminal for many processes: each line with the name of who said it.

Nobody may have to wait for a reader. When the terminal or the pipe behind it takes nothing more,
lines are counted and dropped; when a line has no end, it is cut.
"""

import os
import select
from collections import defaultdict

MAX_LINE_BYTES = 4000  # with its prefix under the 4096 bytes that a pipe takes without waiting


class LogMultiplexer:
    """Writes to a file descriptor, or drops."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._dropped = 0
        self._closed = False
        self._unfinished: dict[str, bytes] = defaultdict(bytes)

    def feed(self, name: str, data: bytes) -> None:
        """Write the whole lines of what a process's pipe brought; the rest waits for its end."""
        *whole, rest = (self._unfinished[name] + data).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            whole, rest = [*whole, rest], b""
        self._unfinished[name] = rest
        for line in whole:
            self.write_lines(name, line.decode(errors="replace"))

    def write_lines(self, name: str, text: str) -> None:
        """Write lines in the name of a process."""
        for line in text.splitlines():
            if self._dropped and self._write(f"{name:<8} | … {self._dropped} lines not shown"):
                self._dropped = 0
            if not self._write(f"{name:<8} | {line}"):
                self._dropped += 1

    def announce(self, text: str) -> None:
        """Write lines of our own, in nobody's name."""
        for line in text.splitlines():
            self._write(line)

    def _write(self, line: str) -> bool:
        data = line.encode(errors="replace")[:MAX_LINE_BYTES] + b"\n"
        if self._closed or not select.select([], [self._descriptor], [], 0)[1]:
            return False
        try:
            os.write(self._descriptor, data)
        except OSError:  # the reader is gone
            self._closed = True
        return True
