"""python -m bench.linking_client SECONDS: link reports of bench/data/links_dev.jsonl, one after the other
and each in a transaction of its own, for so long; prints the median time in milliseconds.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from reports.campaigns.offline_clustering import StoryInput, fingerprint_story

_FILE = Path(__file__).parent / "data" / "links_dev.jsonl"
_FIELDS = ("id", "caller_number", "claimed_to_be", "text", "bank_account", "at")


def load_stories() -> list[StoryInput]:
    rows = map(json.loads, _FILE.read_text(encoding="utf-8").splitlines())
    return [StoryInput(*(row[field] for field in _FIELDS)) for row in rows]


def main() -> None:
    import django  # noqa: PLC0415  # only this process needs the portal

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    end = time.monotonic() + float(sys.argv[1])
    print(json.dumps({"p50": 1000 * statistics.median(_time_links(end))}))


def _time_links(end: float) -> Iterator[float]:
    """Of each link, from the beginning of its transaction until COMMIT."""
    from django.db import transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from reports.campaigns import matching  # noqa: PLC0415
    from reports.campaigns.candidate_search import IncomingReport  # noqa: PLC0415
    from reports.models import ExtractedFacts  # noqa: PLC0415
    from reports.submission import intake  # noqa: PLC0415

    fingerprints = [fingerprint_story(story) for story in load_stories()]
    for number, fingerprint in enumerate(cycle(fingerprints)):
        typed = intake.ReportSubmission(story=f"tin {number} của {os.getpid()}")
        report = intake.submit_report(typed, f"newcomer-{os.getpid()}-{number:09}").report
        ExtractedFacts.objects.create(
            report=report, scenario="other", priority=0, rules_version="bench"
        )
        newcomer = IncomingReport(report.pk, timezone.now(), fingerprint, "đợt")
        started = time.perf_counter()
        with transaction.atomic():
            matching.link_report(newcomer)
        yield time.perf_counter() - started
        if time.monotonic() > end:
            return


if __name__ == "__main__":
    main()
