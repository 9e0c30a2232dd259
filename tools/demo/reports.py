"""Invented reports for a demo, and decisions on some of them.

The plan is constant: a second run finds its reports by their submission keys and leaves decided
cases alone. Two campaigns are bursts, one all over the province, one in a ward; the rest is spread
over the weeks before.
"""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.utils import timezone

from core.audit.proposals import bypass_four_eyes
from core.models import Proposal
from core.outbox import queue
from core.permissions import users_with_permission
from reports.campaigns import bursts
from reports.cases import workflow
from reports.models import Case, PublicStatement
from reports.monitoring import daily_counts, queue_stats
from reports.public import statistics
from reports.reference import gazetteer
from reports.retention import purge
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from reports.tracking.followups import FollowupSubmission, submit_followup
from tools.demo import require_first_look

REPORTS = 300
_WEEKS = 10
_OLD_AGE = timedelta(days=35)
_OLD_ENDS = ("close:warned", "close:insufficient", "close:warned", "close:duplicate")
_FILE = Path(__file__).with_name("reports.json")
_WHY = "Ví dụ cho lần xem đầu."


@dataclass(frozen=True)
class DemoReport:
    """An invented report, and the end of its case ("" stays new)."""

    key: str
    typed: ReportSubmission
    end: str
    age: timedelta


# What was typed, from which commune, and how long ago.
Draft = tuple[ReportSubmission, str, timedelta]


@lru_cache(maxsize=1)
def _load_data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


def fill_desk(wait: float = 0) -> str:
    """Create the reports and count all figures; return what was done. Raises CommandError.

    `wait`: seconds that the worker has to read them before.
    """
    require_first_look()
    officer = _find_officer()
    reports, decisions = create_demo_data(officer)
    publish_statements()
    end = time.monotonic() + wait
    while time.monotonic() < end and queue_stats.queue_state().waiting:
        time.sleep(0.5)
    statistics.update_statistics()
    bursts.detect_and_store()
    daily_counts.update_daily_counts()
    queue_stats.store_queue_balance()
    purge.run_until(purge.start_run(), inf)  # some of them are older than a night
    if reports or decisions:
        return f"{reports} invented reports, {decisions} decisions. See /{settings.ADMIN_PATH}/."
    return "The invented reports are there already."


def _find_officer() -> User:
    """Return an officer who may decide all that the demo decides. Raises CommandError."""
    deciders = users_with_permission("reports.close_case", include_superusers=False)
    officer = deciders.filter(is_active=True).order_by("pk").first()
    if officer is None:
        raise CommandError("No officer may decide here yet: start `make run` first.")
    return officer


def create_demo_data(officer: User) -> tuple[int, int]:
    """Submit the planned reports as residents would, decide some; return both counts."""
    reports, decisions, now = 0, 0, timezone.now()
    for planned in demo_reports():
        accepted = intake.submit_demo_report(planned.typed, planned.key, now - planned.age)
        reports += not accepted.again
        case = Case.objects.get(report=accepted.report)
        if planned.end and case.version == 1:
            apply_outcome(case, planned.end, officer)
            decisions += 1
    queue.notify()
    return reports, decisions


def publish_statements() -> None:
    """Publish every statement that nobody has decided about."""
    decided = Proposal.objects.filter(kind="statement").values("target")
    with bypass_four_eyes():
        PublicStatement.objects.exclude(pk__in=decided).update(is_public=True)


def demo_reports() -> Iterator[DemoReport]:
    """Yield the same reports each time, campaigns and single calls mixed."""
    dice = random.Random(140)  # noqa: S311  # no secret: always the same  # nosec B311
    drafts = [*_draft_campaigns(dice), *_draft_single_calls(dice)]
    dice.shuffle(drafts)
    table = gazetteer.communes()
    for number, (typed, commune, age) in enumerate(drafts):
        place = gazetteer.match_place(commune, table)
        old_end = _OLD_ENDS[number % len(_OLD_ENDS)] if age > _OLD_AGE else ""
        yield DemoReport(
            key=f"demo-report-{number:04}",
            typed=replace(typed, commune_raw=commune, commune_id=place.codename),
            end=_ENDS[number % len(_ENDS)] or old_end,
            age=age,
        )


def _draft_campaigns(dice: random.Random) -> Iterator[Draft]:
    for order, campaign in enumerate(_load_data()["campaigns"], start=1):
        about = {"account": f"0550{order:02}000140", "link": f"dich-vu-{order}.example"}
        for _ in range(campaign["reports"]):
            story = dice.choice(campaign["stories"]).format(**about)
            typed, commune = _draft_submission(
                dice, story, campaign["number"], campaign["office"], campaign["ticked"]
            )
            place = _choose_place(dice, campaign, commune)
            yield typed, place, _choose_age(dice, campaign.get("days"))


def _choose_place(dice: random.Random, campaign: dict[str, Any], usual: str) -> str:
    """Return where a report of a campaign comes from: a burst has one ward, or all of them."""
    everywhere = [commune.name for commune in gazetteer.communes()] or [usual]
    at = str(campaign.get("at", ""))
    return {"all": dice.choice(everywhere), "": usual}.get(at, at)


def _choose_age(dice: random.Random, days: float | None) -> timedelta:
    """Return an age: a burst's within its days, any other evenly over ten weeks."""
    return timedelta(days=dice.uniform(0.02, days or _WEEKS * 7))


def _draft_single_calls(dice: random.Random) -> Iterator[Draft]:
    """Yield calls with a story each: a repeated story would be a campaign."""
    planned = sum(campaign["reports"] for campaign in _load_data()["campaigns"])
    for number, call in enumerate(dice.sample(_load_data()["single"], REPORTS - planned)):
        caller = "" if dice.random() < 0.2 else f"0992 1{37 * number:05}"
        typed, commune = _draft_submission(dice, call["story"], caller, call["office"], [])
        yield typed, commune, _choose_age(dice, None)


def _draft_submission(
    dice: random.Random, story: str, number: str, office: str, ticked: list[str]
) -> tuple[ReportSubmission, str]:
    tail, commune = dice.choice(_load_data()["tails"]), dice.choice(_load_data()["communes"])
    typed = ReportSubmission(
        happening_now=True if dice.random() < 0.06 else None,
        channel="number" if number else "hidden",
        caller_number=number,
        claimed_office=office,
        story=f"{story} {tail}".strip(),
        demands=tuple(dice.sample(ticked, dice.randint(0, len(ticked)))),
        money_lost=dice.choice([None, None, False]),
        contact=f"0992 2{dice.randrange(100_000):05}" if dice.random() < 0.6 else "",
    )
    return typed, commune


# --- decisions: half stay new, every status and outcome occurs


def apply_outcome(case: Case, end: str, officer: User) -> None:
    verb, _, word = end.partition(":")
    words: dict[str, Any] = {
        "close": {"outcome": word},
        "hand_over": {"unit": word, "uncalled_reason": _WHY},
    }.get(verb, {})
    if verb == "withdraw":
        wish = FollowupSubmission(kind="withdrawal")
        submit_followup(case.report, wish, f"demo-{case.pk}")
    if verb != "take":
        words |= {"reason": _WHY}
    workflow.decide(verb, case.pk, by=officer, version=case.version, **words)


_ENDS = (
    "", "take", "", "close:warned", "", "", "ask", "", "close:duplicate", "",
    "take", "", "act", "", "", "hand_over:Công an xã", "", "close:not_scam", "", "junk",
    "", "take", "", "", "withdraw", "", "close:insufficient", "", "close:scam", "",
)  # fmt: skip
