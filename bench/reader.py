"""How well stories are read: the five figures over stories that nobody tunes on, and the cost."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.harness import Result
from bench.servers import BenchServers
from reports.extraction import evaluation
from reports.extraction.story_reader import extract_from_story

DATA = Path(__file__).parent / "data"
UNSEEN = DATA / "unseen.jsonl"
# By another hand, who was asked to digress, mock, hint and leave the end out.
HARDER = DATA / "unseen_second.jsonl"
THIRD = DATA / "unseen_third.jsonl"
FOURTH = DATA / "unseen_fourth.jsonl"  # a quarter of its people are in danger as they write
# Of people in danger and of everyday ones, "danger": [], by two writers who knew no other story.
DANGERS = {"unseen": DATA / "danger_unseen.jsonl", "fresh": DATA / "danger_fresh.jsonl"}
_ROUNDS = 3
# What a process holds of its own before and after it has read its first story, in kB.
_MEMORY = """
from pathlib import Path
from reports.extraction.story_reader import extract_from_story
held = lambda: int(Path("/proc/self/smaps_rollup").read_text().split("Private_Dirty:")[1].split()[0])
before = held()
extract_from_story("Có người gọi xưng công an.")
print(held() - before)
"""


def evaluate_reader(_: BenchServers) -> Iterator[Result]:
    """Macro F1, accuracy, demands, money, ongoing; milliseconds a story; megabytes."""
    labels = _load_labels(UNSEEN)
    for what, value, least in _list_figures(labels):
        yield Result("stories", f"{what}, {len(labels)} unseen stories", value, least=least)
    for file, name in ((HARDER, "harder"), (THIRD, "third"), (FOURTH, "fourth")):
        others = _load_labels(file)
        for what, value, goal in _list_figures(others):
            yield Result("stories", f"{what}, {len(others)} {name} ones", value, goal=goal)
    for name, file in DANGERS.items():
        yield from _list_urgent_shares(name, _load_labels(file))
    yield Result("stories", "a story is read, median", _measure_median_ms(labels), "ms", most=3)
    yield Result("stories", "more memory in a worker", _measure_memory_growth(), "MB", most=15)


def _load_labels(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _list_figures(labels: list[dict[str, Any]]) -> Iterator[tuple[str, float, float]]:
    """What each is, how good it is, and how good it must be."""
    judged = evaluation.evaluate(labels)
    demands = evaluation.micro_average(evaluation.actions(judged)).f1
    yield "scenario macro F1", evaluation.macro_f1(evaluation.scenarios(judged)), 0.85
    yield "scenario accuracy", evaluation.accuracy(judged), 0.88
    yield "demanded actions micro F1", demands, 0.85
    right, hidden = evaluation.loss_metrics(judged)
    yield "state of loss", right, 0.88
    yield "losses not read as none", 1 - hidden, 0.985
    yield "money exact", evaluation.accuracy(judged, "money_lost_vnd"), 0.85
    yield "ongoing F1", evaluation.ongoing(judged).f1, 0.85


def _list_urgent_shares(name: str, labels: list[dict[str, Any]]) -> Iterator[Result]:
    """Of the stories of people in danger and of the everyday ones, how many are Khẩn or above."""
    found, disturbed = evaluation.urgent_shares(evaluation.evaluate(labels))
    yield Result("stories", f"dangers urgent, {len(labels)} {name} stories", found, goal=0.95)
    yield Result(
        "stories", f"everyday not urgent, {len(labels)} {name} stories", 1 - disturbed, goal=0.95
    )


def _measure_median_ms(labels: list[dict[str, Any]]) -> float:
    """The median over the stories of their fastest reading."""
    return statistics.median(min(map(_measure_ms, [label["text"]] * _ROUNDS)) for label in labels)


def _measure_ms(text: str) -> float:
    started = time.process_time()
    extract_from_story(text)
    return (time.process_time() - started) * 1000


def _measure_memory_growth() -> float:
    done = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, check=True)
    return int(done.stdout) / 1024
