"""Words given under load: readers at the front server ask while warnings are issued, updated and
cancelled, and every answer is judged afterwards. `python -m bench --benchmark words` asks the whole.
"""

import contextlib
import http.client
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from tools.servers import ROOT

DOORS = (
    "/canh-bao/{}/", "/canh-bao/{}/van-ban.txt", "/canh-bao/{}/nhung/", "/nhung/song/canh-bao/{}/",
    "/canh-bao/{}/in/", "/canh-bao/", "/nhung/", "/nhung/song/", "/", "/canh-bao/rss.xml",
    "/canh-bao/atom.xml", "/canh-bao/feed.json", "/en/canh-bao/{}/", "/en/canh-bao/{}/van-ban.txt",
    "/en/canh-bao/",
)  # fmt: skip
_LISTS = tuple(door for door in DOORS if "{}" not in door and door != "/")
_ENTRY = re.compile(r'<li>.*?</li>|<item>.*?</item>|<entry>.*?</entry>|\{"id":.*?\}', re.DOTALL)
_MARK = re.compile(r"\(([\w-]+) v(\d)\)")
_OVER = ("hết hiệu lực", "Hết hiệu lực", "no longer in force", "No longer in force", "Ended on")
VERSIONS = {"issue": 1, "update": 2, "cancel": 3}


@dataclass(frozen=True)
class Answer:
    """What a reader got, who asked at `asked`."""

    path: str
    asked_at: float
    status: int
    text: str


@dataclass
class PublisherProcess:
    """A process that gives words (tools/publisher.py); `given` is by name when each version was."""

    process: "subprocess.Popen[str]"
    acted_at: dict[str, dict[int, float]] = field(default_factory=dict)

    def act(self, act: str, name: str) -> float:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{act} {name}\n")
        self.process.stdin.flush()
        at = float(self.process.stdout.readline())
        if version := VERSIONS.get(act):
            self.acted_at.setdefault(name, {})[version] = at
        return at


@contextmanager
def publisher_process(env: Mapping[str, str], code: Path = ROOT) -> Iterator[PublisherProcess]:
    with subprocess.Popen(
        [sys.executable, "-m", "tools.publisher"],
        cwd=code,
        env={**os.environ, **env, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield PublisherProcess(process)
        assert process.stdin
        process.stdin.close()


def fetch_page(port: int, path: str) -> tuple[int, str]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(line):
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def run_rounds(env: Mapping[str, str], port: int, count: int, requests: int) -> "ConsistencyReport":
    """So many rounds of issue, update and cancel while so many requests are made, spread over them."""
    answers: list[Answer] = []
    names = [f"vong-{number}" for number in range(count)]
    done, at = Event(), [names[0]]

    def send_requests(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311
        while not done.is_set() or len(answers) < requests:
            path = dice.choice(DOORS).format(at[0])
            asked_at = time.time()
            answers.append(Answer(path, asked_at, *fetch_page(port, path)))
            time.sleep(dice.uniform(0, 0.02))

    readers = [Thread(target=send_requests, args=[seed]) for seed in range(4)]
    with publisher_process(env) as ours:
        for reader in readers:
            reader.start()
        for number, name in enumerate(names, 1):
            at[0] = name
            for act in ("issue", "draft", "update", "cancel"):
                ours.act(act, name)
                _wait_for_requests(answers, requests * number // count, act)
        done.set()
        for reader in readers:
            reader.join()
        return ConsistencyReport(answers, ours.acted_at)


def _wait_for_requests(answers: list[Answer], wanted: int, act: str) -> None:
    """A moment after each act; after the last of a round, until its share was asked."""
    time.sleep(0.15)
    while act == "cancel" and len(answers) < wanted:
        time.sleep(0.01)


@dataclass
class ConsistencyReport:
    """All answers beside what was said when."""

    answers: list[Answer]
    acted_at: dict[str, dict[int, float]]

    def mixed_versions(self) -> list[Answer]:
        """Two versions of one warning in one answer, or an answer that is none."""
        return [a for a in self.answers if a.status not in {200, 404} or _is_mixed(a)]

    def drafts(self) -> list[Answer]:
        return [answer for answer in self.answers if "DRAFT" in answer.text]

    def staleness(self) -> list[float]:
        """How long after a later word an answer still showed the one before; seconds, sorted."""
        return sorted(late for answer in self.answers for late in self._late(answer))

    def breaches(self, latest: float) -> list[str]:
        """What no reader may see; `latest` seconds may a word be seen after the next one."""
        wrong = {"mixed": self.mixed_versions(), "drafts": self.drafts()}
        lines = [f"{what}: {answers[0].path}" for what, answers in wrong.items() if answers]
        late = (self.staleness() or [0.0])[-1]
        return lines + ([f"a word was seen {late:.1f} s after the next"] if late > latest else [])

    def _late(self, answer: Answer) -> Iterator[float]:
        for name, version in _list_versions(answer):
            later = self.acted_at.get(name, {}).get(version + 1)
            if later and answer.asked_at > later:
                yield answer.asked_at - later


def _list_versions(answer: Answer) -> Iterator[tuple[str, int]]:
    """Each warning with the version that stands for it here: a list is judged entry by entry."""
    for part in _split_entries(answer):
        versions: dict[str, int] = {}
        for name, version in _MARK.findall(part):
            versions[name] = max(versions.get(name, 0), int(version))
        # A cancel repeats what it ends: such a part tells of the end.
        over = any(words in part for words in _OVER)
        yield from dict.fromkeys(versions, 3).items() if over else versions.items()


def _split_entries(answer: Answer) -> list[str]:
    """The entries of a list, and what stands around them; else the whole."""
    if answer.path not in _LISTS:
        return [answer.text]
    return [*_ENTRY.findall(answer.text), _ENTRY.sub("", answer.text)]


def _is_mixed(answer: Answer) -> bool:
    versions_by_name: dict[str, set[str]] = {}
    for name, version in _MARK.findall(answer.text):
        versions_by_name.setdefault(name, set()).add(version)
    return any(len(versions) > 1 for versions in versions_by_name.values())
