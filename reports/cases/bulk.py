"""One decision about many reports: each through workflow by itself, with the version that the officer
saw, so that one that is refused leaves the others be. Whoever sends the same again acts on nothing twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import DatabaseError

from core.audit import events
from reports.campaigns import grouping_locks, manual_grouping
from reports.cases import closing_checks, workflow
from reports.models import Campaign, CampaignLink, Report

MAX_COUNT = 500  # reports of one press
TIMEOUT_SECONDS = 6.0  # seconds; what is not begun by then is left as it is
VERBS = ("assign", "close", "junk")
ATTACH = "attach"


@dataclass(frozen=True)
class ReportVersion:
    """A report as the officer saw it: its number, its case's version, the campaign it lay in."""

    report: UUID
    number: str
    version: int
    campaign: UUID | None = None


@dataclass
class Result:
    """Public numbers: what was done, and what was not with the code of why."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def apply_to_each(
    verb: str, rows: Sequence[ReportVersion], by: User, given: Mapping[str, Any]
) -> Result:
    """Carry a verb of workflow out for each. Raises WorkflowError where the words themselves will not
    do: then nothing was done.
    """
    result, until = Result(), monotonic() + TIMEOUT_SECONDS
    for row in rows:
        is_late = monotonic() > until
        why = "late" if is_late else _asks_first(verb, row) or _decided(verb, row, by, given)
        if why:
            result.refused.append((row.number, why))
        else:
            result.done.append(row.number)
    return result


def _decided(verb: str, row: ReportVersion, by: User, given: Mapping[str, Any]) -> str:
    """Why one was refused; "" for done."""
    try:
        workflow.ACTIONS[verb](row.report, by=by, version=row.version, **given)
    except workflow.StaleVersion:
        return "stale"
    except workflow.InvalidTransition:
        return "status"
    except workflow.NotAllowed:
        events.log_event("report", row.report, "refused", by=by, verb=verb)
        return "permission"
    except (workflow.ReasonMissing, workflow.ForbiddenWording, workflow.LinkNotAllowed):
        raise
    except workflow.WorkflowError:
        return "other"
    except DatabaseError:
        return "trouble"
    return ""


def _asks_first(verb: str, row: ReportVersion) -> str:
    """Whether ending it wants a tick on its own page; "" for no."""
    if verb != "close":
        return ""
    report = Report.objects.select_related("case", "facts").get(pk=row.report)
    return "pending" if closing_checks.closing_blockers(report) else ""


def attach(target: UUID, rows: Sequence[ReportVersion], hand: grouping_locks.Actor) -> Result:
    """Lay all that still lie where they were seen into a campaign. Raises GroupingError without the
    right to it.
    """
    result = Result()
    fit = list(_still_there(rows, target, result))
    for start in range(0, len(fit), grouping_locks.MAX_REPORTS):
        _attach(target, fit[start : start + grouping_locks.MAX_REPORTS], hand, result)
    return result


def _still_there(
    rows: Sequence[ReportVersion], target: UUID, result: Result
) -> Iterator[ReportVersion]:
    reports = [row.report for row in rows]
    links = CampaignLink.objects.filter(report__in=reports).values_list("report", "campaign")
    now: dict[UUID, UUID] = dict(links)
    for row in rows:
        lies_in = now.get(row.report)
        if lies_in != row.campaign:
            result.refused.append((row.number, "moved"))
        elif lies_in == target:
            result.refused.append((row.number, "there"))
        else:
            yield row


def _attach(
    target: UUID, part: Sequence[ReportVersion], hand: grouping_locks.Actor, result: Result
) -> None:
    version = Campaign.objects.values_list("version", flat=True).get(pk=target)
    try:
        manual_grouping.attach(target, {row.report: row.campaign for row in part}, hand, version)
    except grouping_locks.NotAllowedError:
        raise
    except grouping_locks.GroupingError:
        result.refused += [(row.number, "moved") for row in part]
    else:
        result.done += [row.number for row in part]


def store_result(key: UUID, verb: str, result: Result, by: User) -> None:
    """Put a press on record under its own key."""
    events.log_event(
        "bulk", key, "bulk_done", by=by, verb=verb, done=result.done, refused=result.refused
    )


def load_result(key: UUID, by: User) -> tuple[str, Result] | None:
    """The verb and what became of a press of this officer; what two presses at once did, together."""
    told = [event.detail for event in events.events_for("bulk", key).filter(actor=by)]
    if not told:
        return None
    done = dict.fromkeys(number for detail in told for number in detail["done"])
    refused = {number: why for detail in told for number, why in detail["refused"]}
    left = [(number, why) for number, why in refused.items() if number not in done]
    return told[0]["verb"], Result(list(done), left)
