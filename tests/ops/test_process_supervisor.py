"""Many processes, one terminal, and nobody waits for its reader."""

import os
import time
from collections.abc import Iterator

import pytest

from ops.process_supervisor import MAX_LINE_BYTES, LogMultiplexer


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_each_line_says_who_said_it_and_is_put_together_from_pieces(pipe: tuple[int, int]) -> None:
    output = LogMultiplexer(pipe[1])
    output.write_lines("web", "một\nhai")
    for piece in (b"a", "b\ncó".encode()[:-1], "ó".encode()[-1:] + b"\n"):
        output.feed("web", piece)
    heard = os.read(pipe[0], 100).decode().splitlines()
    assert heard == ["web      | một", "web      | hai", "web      | ab", "web      | có"]


def test_a_full_pipe_costs_no_time_and_the_gap_is_told(pipe: tuple[int, int]) -> None:
    output = LogMultiplexer(pipe[1])
    started = time.monotonic()
    for number in range(5000):
        output.write_lines("web", f"line {number} " + "x" * 100)
    assert time.monotonic() - started < 20  # a hundredth of a second for each line would be fifty
    os.read(pipe[0], 1 << 20)
    output.write_lines("web", "after")
    heard = os.read(pipe[0], 1 << 20).decode().splitlines()
    assert "lines not shown" in heard[-2]
    assert heard[-1] == "web      | after"


def test_a_reader_that_went_away_breaks_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    output = LogMultiplexer(writing)
    output.write_lines("web", "one")
    output.write_lines("web", "two")
    os.close(writing)


def test_a_line_without_end_takes_bounded_memory(pipe: tuple[int, int]) -> None:
    output = LogMultiplexer(pipe[1])
    for _ in range(100):
        output.feed("web", b"x" * 1000)
    assert len(output._unfinished["web"]) <= MAX_LINE_BYTES
