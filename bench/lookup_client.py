"""python -m bench.lookup_client named|unknown|heard|plan REPORTS SECONDS: looks at numbers of the database
that the environment names (bench/lookup.py fills it) and prints what it found as JSON. With `head`
it prints how what the newest key sealed begins.
"""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

WARM = 200


def main() -> None:
    what, reports, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from core import encryption  # noqa: PLC0415  # after the set-up
    from reports.extraction import phones  # noqa: PLC0415
    from reports.numbers import lookup, report_counts  # noqa: PLC0415

    def look_up(key: str) -> str:
        return lookup.lookup_number(phones.ParsedCaller(key, "international", key)).kind.value

    if what == "head":
        print(json.dumps({"head": encryption.newest_key_prefix().hex()}))
        return
    keys = draw_keys(what, reports)
    for key in (next(keys) for _ in range(WARM)):
        assert look_up(key) == ("odd" if what == "unknown" else "several"), key
    if what == "plan":
        print(json.dumps(explain_lookup(look_up, next(keys))))
    elif what == "heard":
        since = report_counts.counting_window_start()
        print(
            json.dumps(
                time_lookups(lambda key: report_counts.summary_for(key, since), keys, seconds)
            )
        )
    else:
        print(json.dumps(time_lookups(look_up, keys, seconds)))


def draw_keys(what: str, reports: int) -> Iterator[str]:
    """Keys over the whole table; an unknown one lies among the known."""
    chance = random.Random(13)  # noqa: S311
    while True:
        report = chance.randrange(reports)
        last = report // 2 % 5 * 137 + (what == "unknown")
        yield f"+999{report // 10:08}{last:03}"


def time_lookups(
    look_up: Callable[[str], object], keys: Iterator[str], seconds: float
) -> dict[str, float]:
    """The median in milliseconds."""
    taken = []
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        look_up(next(keys))
        taken.append(time.perf_counter() - started)
    return {"p50": 1000 * statistics.median(taken), "looks": len(taken)}


def explain_lookup(look_up: Callable[[str], object], key: str) -> dict[str, int]:
    """What the statement about the number itself does: the scans that look for it, the buffers of
    those (index and table), and of the whole statement, which also reads the reports that name it.
    """
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as seen:
        look_up(key)
    with connection.cursor() as cursor:
        plans = [_explain(cursor, query["sql"]) for query in seen.captured_queries]
    own = next(nodes for nodes in plans if any(_is_scan_for(node, key) for node in nodes))
    scans = [node for node in own if _is_scan_for(node, key)]
    below = [child for node in scans for child in node.get("Plans", [])]
    touched = sum(map(_count_buffers, scans)) - sum(map(_count_buffers, below))
    return {
        "scans": len(scans),
        "buffers": touched,
        "buffers_of_the_statement": _count_buffers(own[0]),
        "buffers_of_all_six": sum(_count_buffers(nodes[0]) for nodes in plans),
    }


def _explain(cursor: Any, statement: str) -> list[dict[str, Any]]:
    """All nodes of its plan as it ran, the root first."""
    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}")
    todo, nodes = [cursor.fetchone()[0][0]["Plan"]], []
    while todo:
        nodes.append(node := todo.pop())
        todo += node.get("Plans", [])
    return nodes


def _is_scan_for(node: dict[str, Any], key: str) -> bool:
    is_number = node.get("Relation Name") == "reports_indicator" or "indicator" in node.get(
        "Index Name", ""
    )
    return is_number and f"'{key}'" in str(node.get("Index Cond", node.get("Filter", "")))


def _count_buffers(node: dict[str, Any]) -> int:
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


if __name__ == "__main__":
    main()
