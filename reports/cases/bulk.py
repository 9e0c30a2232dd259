"""One decision about many reports: each through the workflow by itself, with the version that the
officer saw, so that a refused one leaves the others and a repeated form acts on nothing twice.
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
    """A report as the officer saw it: number, version of its case, campaign."""

    report: UUID
    number: str
    version: int
    campaign: UUID | None = None


@dataclass
class Result:
    """Public numbers: those done, and those refused with a code."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def apply_to_each(
    verb: str, rows: Sequence[ReportVersion], by: User, given: Mapping[str, Any]
) -> Result:
    """Apply a verb of the workflow to each. Raises WorkflowError where the texts are invalid: then nothing
    was done.
    """
    result, until = Result(), monotonic() + TIMEOUT_SECONDS
    for row in rows:
        is_late = monotonic() > until
        why = (
            "late"
            if is_late
            else _needs_confirmation(verb, row) or _try_decide(verb, row, by, given)
        )
        if why:
            result.refused.append((row.number, why))
        else:
            result.done.append(row.number)
    return result


def _try_decide(verb: str, row: ReportVersion, by: User, given: Mapping[str, Any]) -> str:
    """Decide on one; return the code of a refusal, "" for done."""
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


def _needs_confirmation(verb: str, row: ReportVersion) -> str:
    """Return "pending" where closing it needs a confirmation on its own page, else ""."""
    if verb != "close":
        return ""
    report = Report.objects.select_related("case", "facts").get(pk=row.report)
    return "pending" if closing_checks.closing_blockers(report) else ""


def attach(target: UUID, rows: Sequence[ReportVersion], hand: grouping_locks.Actor) -> Result:
    """Attach to a campaign all reports that are still in the campaign in which the officer saw them.
    Raises GroupingError without the permission.
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
    """Log the result under the form's own key."""
    events.log_event(
        "bulk", key, "bulk_done", by=by, verb=verb, done=result.done, refused=result.refused
    )


def load_result(key: UUID, by: User) -> tuple[str, Result] | None:
    """Return verb and result of a form of this officer; of one sent twice at once, both together."""
    told = [event.detail for event in events.events_for("bulk", key).filter(actor=by)]
    if not told:
        return None
    done = dict.fromkeys(number for detail in told for number in detail["done"])
    refused = {number: why for detail in told for number, why in detail["refused"]}
    left = [(number, why) for number, why in refused.items() if number not in done]
    return told[0]["verb"], Result(list(done), left)
