"""Apply a decision to many reports, each on its own, against the version the officer saw."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from core.audit import events
from core.errors import ActionError, NotAllowedError, StaleVersionError
from reports.campaigns import manual_grouping, membership
from reports.cases import blockers, replies, workflow
from reports.models import Campaign, CampaignLink, CannedReply, Case, Message, Report

MAX_COUNT = 500  # reports of one form
TIMEOUT_SECONDS = 6.0  # nothing is begun after that
MAX_MESSAGES = 100  # of one press
MESSAGE_PAUSE = timedelta(hours=24)  # in which nobody is written to a second time by a press
ATTACH, SHIFT, MESSAGE = "attach", "shift", "message"


@dataclass(frozen=True)
class ReportVersion:
    """A report as the officer saw it: number, version of its case, campaign."""

    report: UUID
    number: str
    version: int
    campaign: UUID | None = None


@dataclass
class Result:
    """The public numbers that were done, and those refused with a code."""

    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def apply_to_each(
    verb: str, rows: Sequence[ReportVersion], by: User, words: Mapping[str, Any]
) -> Result:
    """Apply a verb to each; return the result. Raises ActionError, with nothing done."""
    return _for_each(rows, lambda row: _refuse_or_decide(verb, row, by, words))


def _for_each(rows: Sequence[ReportVersion], act: Callable[[ReportVersion], str]) -> Result:
    """Act on each, which returns the code of a refusal, and begin none when the time is over."""
    result, until = Result(), monotonic() + TIMEOUT_SECONDS
    for row in rows:
        if why := "late" if monotonic() > until else act(row):
            result.refused.append((row.number, why))
        else:
            result.done.append(row.number)
    return result


@transaction.atomic
def hand_over_shift(
    rows: Sequence[ReportVersion], by: User, officer: User | None, reason: str
) -> Result:
    """Pass reports to a colleague, or back to the queue, in one transaction. Raises ActionError."""
    words = {"reason": reason} | ({"officer": officer} if officer else {})
    in_order = sorted(rows, key=lambda row: row.report)  # as any other press locks them
    return apply_to_each("assign" if officer else "give_back", in_order, by, words)


def list_recipients(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return those whose reporter may get a message of many, which nobody gets twice a day."""
    since = timezone.now() - MESSAGE_PAUSE
    sent = Message.objects.filter(report=OuterRef("pk"), sent_at__gte=since).exclude(actor=None)
    set_aside = (Case.Status.JUNK, Case.Status.WITHDRAWN)
    return reports.filter(~Exists(sent), erased_at=None).exclude(case__status__in=set_aside)


def message_each(rows: Sequence[ReportVersion], by: User, reply: CannedReply) -> Result:
    """Send a prepared text to the first MAX_MESSAGES reporters who may get one, in the language of the
    report, its blanks filled.
    """
    left = MAX_MESSAGES

    def send(row: ReportVersion) -> str:
        nonlocal left
        why = _send_reply(row, by, reply) if left else "late"
        left -= not why
        return why

    return _for_each(rows, send)


def _send_reply(row: ReportVersion, by: User, reply: CannedReply) -> str:
    recipients = list_recipients(Report.objects.filter(pk=row.report))
    found = blockers.annotate_refusals(recipients.select_related("case", "facts"), MESSAGE).first()
    if found is None:
        return "written"
    if found.refusal:
        return str(found.refusal)
    try:
        text = replies.fill(reply, found.case, found.language)
        return _try_decide("message", row, by, {"reason": text})
    except ActionError:
        return "blank"
    except DatabaseError:
        return "database"


def find_refusals(verb: str, rows: Sequence[ReportVersion]) -> dict[UUID, str]:
    """Return why an act on many would leave out which of the rows, before anything is done."""
    if verb not in {MESSAGE, *blockers.ASKED_AGAIN}:
        return {}
    reports = Report.objects.filter(pk__in=[row.report for row in rows])
    refused = blockers.annotate_refusals(reports, verb).exclude(refusal="")
    found: dict[UUID, str] = dict(refused.order_by().values_list("pk", "refusal"))
    if verb == MESSAGE:
        may_get = set(list_recipients(reports).order_by().values_list("pk", flat=True))
        found |= {row.report: "written" for row in rows if row.report not in may_get}
    return found


def _refuse_or_decide(verb: str, row: ReportVersion, by: User, words: Mapping[str, Any]) -> str:
    """Decide on one; return the code of a refusal, "" for done."""
    if verb in blockers.ASKED_AGAIN:
        found = blockers.closing_blockers(row.report)
        if blockers.list_asked(verb, found, words.get("outcome", "")):
            return "pending"  # it needs a confirmation on its own page
    return _try_decide(verb, row, by, words)


def _try_decide(verb: str, row: ReportVersion, by: User, words: Mapping[str, Any]) -> str:
    try:
        workflow.decide(verb, row.report, by=by, version=row.version, **words)
    except StaleVersionError:
        return "stale"
    except workflow.InvalidTransitionError:
        return "status"
    except NotAllowedError:
        events.log_event("report", row.report, "refused", by=by, verb=verb)
        return "permission"
    except (
        workflow.ReasonMissingError,
        workflow.ForbiddenWordingError,
        workflow.ForbiddenLinkError,
    ):
        raise
    except ActionError:
        return "other"
    except DatabaseError:
        return "database"
    return ""


def attach(target: UUID, rows: Sequence[ReportVersion], actor: membership.Actor) -> Result:
    """Attach those not moved since; return the result. Raises NotAllowedError."""
    result = Result()
    unmoved = list(_filter_unmoved(rows, target, result))
    for start in range(0, len(unmoved), membership.MAX_REPORTS):
        _attach_batch(target, unmoved[start : start + membership.MAX_REPORTS], actor, result)
    return result


def _filter_unmoved(
    rows: Sequence[ReportVersion], target: UUID, result: Result
) -> Iterator[ReportVersion]:
    reports = [row.report for row in rows]
    links = CampaignLink.objects.filter(report__in=reports).values_list("report", "campaign")
    campaign_of: dict[UUID, UUID] = dict(links)
    for row in rows:
        campaign = campaign_of.get(row.report)
        if campaign != row.campaign:
            result.refused.append((row.number, "moved"))
        elif campaign == target:
            result.refused.append((row.number, "there"))
        else:
            yield row


def _attach_batch(
    target: UUID, part: Sequence[ReportVersion], actor: membership.Actor, result: Result
) -> None:
    version = Campaign.objects.values_list("version", flat=True).get(pk=target)
    try:
        manual_grouping.attach(target, {row.report: row.campaign for row in part}, actor, version)
    except NotAllowedError:
        raise
    except ActionError:
        result.refused += [(row.number, "moved") for row in part]
    else:
        result.done += [row.number for row in part]


def store_result(
    key: UUID, verb: str, result: Result, by: User, officer: int | None = None
) -> None:
    told = {"verb": verb, "done": result.done, "refused": result.refused}
    to = {"officer": officer} if officer else {}
    events.log_event("bulk", key, "bulk_action_done", by=by, **told, **to)


def load_result(key: UUID, by: User) -> tuple[str, Result] | None:
    """Return verb and result of this officer's form, None if unknown; of two sends, both."""
    details = [event.detail for event in events.events_for("bulk", key).filter(actor=by)]
    if not details:
        return None
    done = dict.fromkeys(number for detail in details for number in detail["done"])
    refused = {number: why for detail in details for number, why in detail["refused"]}
    left = [(number, why) for number, why in refused.items() if number not in done]
    return details[0]["verb"], Result(list(done), left)
