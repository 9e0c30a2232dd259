"""python -m tools.soak_test: reports under random kills, then the residents' books beside the rows.

Everything that the portal consists of is killed, frozen, emptied or cut while residents send;
afterwards nothing may be lost, nothing be there twice, everything be triaged exactly once. The
exit status is 1 when anything is amiss. All figures go into build/soak.json.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from secrets import randbelow
from shutil import which
from typing import Any

from tools import publishing_rounds
from tools.client_journal import Answer, ClientJournal, Reconciliation
from tools.portal_stack import PortalStack, portal_stack, wait_until

RESIDENTS = 12
PUBLISHING_ROUNDS = (50, 2000)  # rounds of issue, update and cancel; requests meanwhile
MAX_STALENESS_SECONDS = 5.0  # seconds for which a reader may still find a word after the next one
WARM_SHARE = 0.05  # of the time, before the first fault
RECOVERY_TIMEOUT_SECONDS = 90.0  # seconds: a lease, a back-off and a busy machine
GROWTH = (1.2, 6.0)  # a role may hold so many times what it held, and so many MB more
RESULTS = Path(__file__).resolve().parent.parent / "build" / "soak.json"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"

Fault = Callable[[PortalStack, random.Random], object]
Timeline = list[
    tuple[float, str]
]  # the faults in the order in which they were caused, each with its time


def _kill_role(role: str, stack: PortalStack, _: random.Random) -> None:
    stack.kill(role, most=1)


def _kill_supervisor(stack: PortalStack, _: random.Random) -> None:
    stack.kill_child("serve")
    stack.start_serve()


def _kill_valkey(stack: PortalStack, dice: random.Random) -> None:
    stack.kill_child("valkey")
    time.sleep(dice.uniform(0, 2))
    stack.start_valkey()


def _empty_valkey(stack: PortalStack, _: random.Random) -> None:
    with stack.broker() as broker:
        broker.flushall()


def _freeze_valkey(stack: PortalStack, dice: random.Random) -> None:
    stack.freeze("valkey")
    time.sleep(dice.uniform(1, 4))
    stack.thaw("valkey")


def _restart_postgres(stack: PortalStack, _: random.Random) -> None:
    stack.stop_postgres()
    stack.start_postgres()


def _kill_postgres(stack: PortalStack, dice: random.Random) -> None:
    stack.kill_postgres()
    time.sleep(dice.uniform(0, 1))
    stack.start_postgres()


def _cut_connections(stack: PortalStack, _: random.Random) -> None:
    stack.ask(CUT)


FAULTS: Mapping[str, Fault] = {
    **{
        f"{role} killed": partial(_kill_role, role)
        for role in ("web worker", "web master", "relay", "worker", "worker child", "beat")
    },
    "supervisor killed": _kill_supervisor,
    "Valkey killed": _kill_valkey,
    "Valkey emptied": _empty_valkey,
    "Valkey frozen": _freeze_valkey,
    "PostgreSQL restarted": _restart_postgres,
    "PostgreSQL killed": _kill_postgres,
    "connections cut": _cut_connections,
}


@dataclass(frozen=True)
class SoakPlan:
    """How much, for how long, and which faults in which order; `pauses` between two of them."""

    reports: int
    seconds: float
    seed: int
    pauses: tuple[float, float] = (1.5, 5.0)
    faults: Sequence[str] = tuple(sorted(FAULTS))


@dataclass(frozen=True)
class SoakResult:
    """What came of one run; memory in MB by role, the largest process of each."""

    seed: int
    faults: dict[str, int]
    books: Reconciliation
    balance: dict[str, Any]
    recovered_in: float | None
    memory_before: dict[str, float]
    memory_after: dict[str, float]
    slowest: list[str]  # the answers that took longest, each with the fault before it

    def breaches(self) -> list[str]:
        """What may not be; empty when all is well."""
        times, more = GROWTH
        late = ["not recovered in time"] if self.recovered_in is None else []
        sums = [] if self.balance["balanced"] else ["the queue does not balance"]
        left = [f"{name}: {n}" for name in ("waiting", "failed") if (n := self.balance[name])]
        # The relay has done the workers' work while no broker answered, and holds the words for it.
        held = self.memory_before | {"relay": self.memory_before.get("worker child", 0)}
        grown = [
            f"{role} grew from {before:.0f} to {self.memory_after.get(role, 0):.0f} MB"
            for role, before in self.memory_before.items()
            if self.memory_after.get(role, 0) > held[role] * times + more
        ]
        return [*self.books.breaches(), *late, *sums, *left, *grown]

    def table(self) -> str:
        """For a person."""
        figures = asdict(self.books) | {"wrong": len(self.books.wrong)}
        answers = figures.pop("answers")
        lines = [f"seed {self.seed}"]
        lines += [
            f"  {name.replace('_', ' '):<18} {_format_figure(figures[name])}" for name in figures
        ]
        lines += [f"  triaged            {self.balance}"]
        lines += ["answers", *_format_figures(answers), "faults", *_format_figures(self.faults)]
        memory = {
            role: f"{before:.1f} -> {self.memory_after.get(role, 0):.1f} MB"
            for role, before in self.memory_before.items()
        }
        recovered = "never" if self.recovered_in is None else f"{self.recovered_in:.1f} s"
        lines += ["memory", *_format_figures(memory), f"recovered in {recovered}"]
        lines += ["slowest answers", *(f"  {line}" for line in self.slowest)]
        return "\n".join(lines + [f"BREACH  {line}" for line in self.breaches()])


def _format_figure(value: float) -> str:
    return f"{value:.2f} s" if isinstance(value, float) else str(value)


def _format_figures(figures: Mapping[str, object]) -> list[str]:
    return [f"  {name:<22} {value}" for name, value in sorted(figures.items())]


def run_soak(stack: PortalStack, plan: SoakPlan, say: Callable[[str], object]) -> SoakResult:
    """Send the reports over the seconds, with one fault after another meanwhile."""
    fronted = [stack.front_port] if stack.front_port else []
    journal = ClientJournal([stack.port, *fronted], fronted)
    started = time.monotonic()
    journal.start(RESIDENTS, plan.reports, plan.seconds)
    time.sleep(max(3.0, plan.seconds * WARM_SHARE))
    before = _measure_memory(stack)
    faults = _cause_faults(stack, plan, started + plan.seconds * (1 - WARM_SHARE), say)
    in_time = journal.stop(RECOVERY_TIMEOUT_SECONDS)
    recovered = _measure_recovery(stack)
    return SoakResult(
        plan.seed,
        dict(Counter(name for _, name in faults)),
        journal.reconcile(stack.database),
        stack.balance(),
        recovered if in_time else None,
        before,
        _measure_memory(stack),
        _describe_slowest(journal.answers, faults),
    )


def _describe_slowest(answers: list[Answer], faults: Timeline) -> list[str]:
    slowest = sorted(answers, key=lambda answer: answer.seconds)[-3:]
    return [
        f"{answer.seconds:.1f} s of {answer.limit:.1f} s, {answer.kind}, asked "
        + (f"{answer.asked_at - at:.1f} s after {name}" if name else "before any fault")
        for answer in reversed(slowest)
        for at, name in [
            max((each for each in faults if each[0] < answer.asked_at), default=(0, ""))
        ]
    ]


def _cause_faults(
    stack: PortalStack, plan: SoakPlan, until_then: float, say: Callable[[str], object]
) -> Timeline:
    """Cause one fault after another, each as often as every other and once at least; the next when
    every role is back, as an answer's limit is that of one fault.
    """
    dice = random.Random(plan.seed)  # noqa: S311  # to be repeated, not to be secret
    timeline: Timeline = []
    deck: list[str] = []
    while True:
        deck = deck or dice.sample(plan.faults, len(plan.faults))
        pause = dice.uniform(*plan.pauses)
        if time.monotonic() + pause > until_then and len(timeline) >= len(plan.faults):
            return timeline
        time.sleep(pause)
        name = deck.pop()
        say(name)
        timeline.append((time.monotonic(), name))
        FAULTS[name](stack, dice)
        stack.wait_for_roles()
        wait_until(stack.is_serving)


def _measure_recovery(stack: PortalStack) -> float | None:
    started = time.monotonic()
    if wait_until(
        lambda: stack.wait_until_idle(1.0) and stack.wait_for_roles(1.0) and stack.is_serving(),
        RECOVERY_TIMEOUT_SECONDS,
    ):
        return time.monotonic() - started
    return None


def _measure_memory(stack: PortalStack) -> dict[str, float]:
    return {role: round(max(sizes), 1) for role, sizes in stack.memory().items() if sizes}


def _find_stale_answers(stack: PortalStack) -> list[str]:
    """What readers saw that they may not see, while words were given."""
    return publishing_rounds.run_rounds(stack.env, stack.front_port, *PUBLISHING_ROUNDS).breaches(
        MAX_STALENESS_SECONDS
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=None, help="the same faults in the same order")
    chosen = parser.parse_args()
    seed = randbelow(1_000_000) if chosen.seed is None else chosen.seed
    print(f"seed {seed}: {chosen.reports} reports in {chosen.minutes:g} minutes", flush=True)
    started = time.monotonic()

    def say(fault: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {fault}", file=sys.stderr, flush=True)

    with portal_stack(
        front=which("nginx", path="/usr/sbin:/usr/bin") is not None, durable=True
    ) as stack:
        outcome = run_soak(stack, SoakPlan(chosen.reports, 60 * chosen.minutes, seed), say)
        stale = (
            _find_stale_answers(stack)
            if stack.front_port
            else ["public pages not judged: no nginx here"]
        )
    print(outcome.table())
    print("\n".join(f"words: {line}" for line in stale))
    RESULTS.parent.mkdir(exist_ok=True)
    breaches = outcome.breaches() + stale
    figures = asdict(outcome) | {"breaches": breaches}
    RESULTS.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
