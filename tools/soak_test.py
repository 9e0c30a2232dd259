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
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from secrets import randbelow
from shutil import which
from typing import Any

from tools import publishing_rounds
from tools.client_journal import ClientJournal, Reconciliation
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


def _killed(role: str, home: PortalStack, _: random.Random) -> None:
    home.kill(role, most=1)


def _supervisor_killed(home: PortalStack, _: random.Random) -> None:
    home.kill_child("serve")
    home.start_serve()


def _valkey_killed(home: PortalStack, dice: random.Random) -> None:
    home.kill_child("valkey")
    time.sleep(dice.uniform(0, 2))
    home.start_valkey()


def _valkey_emptied(home: PortalStack, _: random.Random) -> None:
    with home.broker() as broker:
        broker.flushall()


def _valkey_frozen(home: PortalStack, dice: random.Random) -> None:
    home.freeze("valkey")
    time.sleep(dice.uniform(1, 4))
    home.thaw("valkey")


def _postgres_restarted(home: PortalStack, _: random.Random) -> None:
    home.stop_postgres()
    home.start_postgres()


def _postgres_killed(home: PortalStack, dice: random.Random) -> None:
    home.kill_postgres()
    time.sleep(dice.uniform(0, 1))
    home.start_postgres()


def _connections_cut(home: PortalStack, _: random.Random) -> None:
    home.ask(CUT)


FAULTS: Mapping[str, Fault] = {
    **{
        f"{role} killed": partial(_killed, role)
        for role in ("web worker", "web master", "relay", "worker", "worker child", "beat")
    },
    "supervisor killed": _supervisor_killed,
    "Valkey killed": _valkey_killed,
    "Valkey emptied": _valkey_emptied,
    "Valkey frozen": _valkey_frozen,
    "PostgreSQL restarted": _postgres_restarted,
    "PostgreSQL killed": _postgres_killed,
    "connections cut": _connections_cut,
}


@dataclass(frozen=True)
class SoakPlan:
    """How much, for how long, and which faults in which order; `pauses` between two of them."""

    reports: int
    seconds: float
    seed: int
    pauses: tuple[float, float] = (1.5, 5.0)


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

    def breaches(self) -> list[str]:
        """What may not be; empty when all is well."""
        times, more = GROWTH
        late = ["not recovered in time"] if self.recovered_in is None else []
        sums = [] if self.balance["balanced"] else ["the queue does not balance"]
        left = [f"{name}: {n}" for name in ("waiting", "failed") if (n := self.balance[name])]
        grown = [
            f"{role} grew from {before:.0f} to {self.memory_after.get(role, 0):.0f} MB"
            for role, before in self.memory_before.items()
            if self.memory_after.get(role, 0) > before * times + more
        ]
        return [*self.books.breaches(), *late, *sums, *left, *grown]

    def table(self) -> str:
        """For a person."""
        told = asdict(self.books) | {"wrong": len(self.books.wrong)}
        answers = told.pop("answers")
        lines = [f"seed {self.seed}"]
        lines += [f"  {name.replace('_', ' '):<18} {_format_figure(told[name])}" for name in told]
        lines += [f"  triaged            {self.balance}"]
        lines += ["answers", *_format_figures(answers), "faults", *_format_figures(self.faults)]
        memory = {
            role: f"{before:.1f} -> {self.memory_after.get(role, 0):.1f} MB"
            for role, before in self.memory_before.items()
        }
        recovered = "never" if self.recovered_in is None else f"{self.recovered_in:.1f} s"
        lines += ["memory", *_format_figures(memory), f"recovered in {recovered}"]
        return "\n".join(lines + [f"BREACH  {line}" for line in self.breaches()])


def _format_figure(value: float) -> str:
    return f"{value:.2f} s" if isinstance(value, float) else str(value)


def _format_figures(figures: Mapping[str, object]) -> list[str]:
    return [f"  {name:<22} {value}" for name, value in sorted(figures.items())]


def run_soak(home: PortalStack, plan: SoakPlan, say: Callable[[str], object]) -> SoakResult:
    """Send the reports over the seconds, with one fault after another meanwhile."""
    fronted = [home.front_port] if home.front_port else []
    ledger = ClientJournal([home.port, *fronted], fronted)
    started = time.monotonic()
    ledger.start(RESIDENTS, plan.reports, plan.seconds)
    time.sleep(max(3.0, plan.seconds * WARM_SHARE))
    before = _measure_memory(home)
    faults = _cause_faults(home, plan, started + plan.seconds * (1 - WARM_SHARE), say)
    in_time = ledger.stop(RECOVERY_TIMEOUT_SECONDS)
    recovered = _measure_recovery(home)
    return SoakResult(
        plan.seed,
        faults,
        ledger.reconcile(home.database),
        home.balance(),
        recovered if in_time else None,
        before,
        _measure_memory(home),
    )


def _cause_faults(
    home: PortalStack, plan: SoakPlan, until_then: float, say: Callable[[str], object]
) -> dict[str, int]:
    """One fault after another, each as often as every other and once at least; how often each came."""
    dice = random.Random(plan.seed)  # noqa: S311  # to be repeated, not to be secret
    done: Counter[str] = Counter()
    deck: list[str] = []
    while True:
        deck = deck or dice.sample(sorted(FAULTS), len(FAULTS))
        pause = dice.uniform(*plan.pauses)
        if time.monotonic() + pause > until_then and len(done) == len(FAULTS):
            return dict(done)
        time.sleep(pause)
        name = deck.pop()
        say(name)
        FAULTS[name](home, dice)
        done[name] += 1


def _measure_recovery(home: PortalStack) -> float | None:
    started = time.monotonic()
    if wait_until(
        lambda: home.wait_until_idle(1.0) and home.wait_for_roles(1.0) and home.is_serving(),
        RECOVERY_TIMEOUT_SECONDS,
    ):
        return time.monotonic() - started
    return None


def _measure_memory(home: PortalStack) -> dict[str, float]:
    return {role: round(max(held), 1) for role, held in home.memory().items() if held}


def _find_stale_answers(home: PortalStack) -> list[str]:
    """What readers saw that they may not see, while words were given."""
    return publishing_rounds.run_rounds(home.env, home.front_port, *PUBLISHING_ROUNDS).breaches(
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
    ) as home:
        outcome = run_soak(home, SoakPlan(chosen.reports, 60 * chosen.minutes, seed), say)
        told = (
            _find_stale_answers(home)
            if home.front_port
            else ["public pages not judged: no nginx here"]
        )
    print(outcome.table())
    print("\n".join(f"words: {line}" for line in told))
    RESULTS.parent.mkdir(exist_ok=True)
    breaches = outcome.breaches() + told
    figures = asdict(outcome) | {"breaches": breaches}
    RESULTS.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
