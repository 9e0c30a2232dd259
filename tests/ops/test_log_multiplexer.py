"""Many processes, one terminal, and nobody waits for its reader."""

import os
import time
from collections.abc import Iterator

import pytest

from ops.log_multiplexer import LONGEST_LINE, Console, Lines


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_each_line_says_who_said_it(pipe: tuple[int, int]) -> None:
    Console(pipe[1]).say("web", "một\nhai")
    assert os.read(pipe[0], 100).decode() == "web      | một\nweb      | hai\n"


def test_a_full_pipe_costs_no_time_and_the_gap_is_told(pipe: tuple[int, int]) -> None:
    console = Console(pipe[1])
    started = time.monotonic()
    for number in range(5000):
        console.say("web", f"line {number} " + "x" * 100)
    assert time.monotonic() - started < 2
    os.read(pipe[0], 1 << 20)
    console.say("web", "after")
    heard = os.read(pipe[0], 1 << 20).decode().splitlines()
    assert "lines not shown" in heard[-2]
    assert heard[-1] == "web      | after"


def test_a_reader_that_went_away_breaks_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    console = Console(writing)
    console.say("web", "one")
    console.say("web", "two")
    os.close(writing)


def test_lines_are_put_together_from_pieces() -> None:
    lines = Lines()
    assert lines.feed(b"a") == []
    assert lines.feed("b\ncó".encode()[:-1]) == ["ab"]
    assert lines.feed("ó".encode()[-1:] + b"\n") == ["có"]


def test_a_line_without_end_takes_bounded_memory() -> None:
    lines = Lines()
    for _ in range(100):
        lines.feed(b"x" * 1000)
    assert len(lines._rest) <= LONGEST_LINE
