"""Ours and the limit in turn, the median pair, a table and a file of JSON."""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

PAIRS = 5
SECONDS = 5.0
RESULTS = Path(__file__).resolve().parent.parent / "build" / "bench.json"


@dataclass(frozen=True)
class Result:
    """One line of the table. `least` and `most` are the bar; `goal` is what we aim for."""

    bar: int | str
    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    goal: float | None = None
    detail: dict[str, object] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        enough = self.least is None or self.value >= self.least
        return enough and (self.most is None or self.value <= self.most)


Figures = dict[str, object]


def measure_ratio(
    ours: Callable[[float], float], limit: Callable[[float], float]
) -> tuple[float, Figures]:
    """The median of ours / limit over pairs measured in turn, and all figures."""
    ratios = measure_ratios(
        lambda seconds: {"": ours(seconds)}, lambda seconds: {"": limit(seconds)}
    )
    return ratios[""]


def measure_ratios(
    ours: Callable[[float], Mapping[str, float]], limit: Callable[[float], Mapping[str, float]]
) -> dict[str, tuple[float, Figures]]:
    """`ratio_of` for measurements that give several figures each, by name."""
    ours(1.0), limit(1.0)  # warm
    pairs = [(ours(SECONDS), limit(SECONDS)) for _ in range(PAIRS)]
    return {
        name: _find_median([(mine[name], theirs[name]) for mine, theirs in pairs])
        for name in pairs[0][0]
    }


def _find_median(pairs: Sequence[tuple[float, float]]) -> tuple[float, Figures]:
    ratios = [mine / theirs for mine, theirs in pairs]
    figures: Figures = {
        "ours": [round(mine, 1) for mine, _ in pairs],
        "limit": [round(theirs, 1) for _, theirs in pairs],
        "ratios": [round(ratio, 3) for ratio in ratios],
    }
    return statistics.median(ratios), figures


def format_table(results: Sequence[Result]) -> str:
    """The results for a person."""
    lines = [f"{'bar':>6}  {'':4}  {'value':>9}  {'allowed':<12}  what"]
    for result in results:
        allowed = _format_limits(result)
        verdict = "ok" if result.passed else "MISS"
        value = f"{result.value:.2f} {result.unit}".strip()
        lines.append(f"{result.bar:>6}  {verdict:<4}  {value:>9}  {allowed:<12}  {result.what}")
    return "\n".join(lines)


def _format_limits(result: Result) -> str:
    parts = []
    if result.least is not None:
        parts.append(f">= {result.least:g}")
    if result.most is not None:
        parts.append(f"<= {result.most:g}")
    if result.goal is not None:
        parts.append(f"(goal {result.goal:g})")
    return " ".join(parts)


def write_results(results: Sequence[Result]) -> None:
    """The results for a machine."""
    RESULTS.parent.mkdir(exist_ok=True)
    rows = [asdict(result) | {"passed": result.passed} for result in results]
    RESULTS.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
