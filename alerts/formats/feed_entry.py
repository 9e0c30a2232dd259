"""What all formats for programs share: addresses, whom to ring, times, what is told of a warning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alerts.models import AlertRevision, State

_NEVER = datetime.fromtimestamp(0, tz=UTC)


@dataclass(frozen=True)
class FeedEntry:
    """A warning as a feed's entry: `name` is the revision's for good, `address` its page, `since`
    when readers had it first.
    """

    name: str
    address: str
    title: str
    text: str
    summary: str
    since: datetime


def feed_entry(revision: AlertRevision, now: datetime) -> FeedEntry:
    """What a reader of feeds is told at `now`; of a withdrawn warning no more than that."""
    words, state = revision.frozen_content, revision.state(now)
    ended = _ended(words.message.ending, state)
    withdrawn = words.message.ending == "error"
    reason = words.message.reason
    advice = "\n".join(words.advice)
    return FeedEntry(
        name=revision.identifier,
        address=words.message.web,
        title=f"{ended}{words.title}",
        summary=reason if withdrawn else words.summary,
        text=reason if withdrawn else "\n".join(filter(None, (reason, words.summary, advice))),
        since=words.message.effective,
    )


def _ended(ending: str, state: State) -> str:
    if ending == "error":
        return "[Đã rút lại] "
    return "[Hết hiệu lực] " if state in {State.CANCELLED, State.EXPIRED} else ""


def cap_message_url(revision: AlertRevision, portal: str) -> str:
    """Where the CAP message stands for good."""
    return f"{portal}/canh-bao/cap/{revision.identifier}.xml"


def last_changed(revisions: Sequence[AlertRevision]) -> datetime:
    """When a word last took effect; the beginning of time where none did."""
    return max(
        (revision.frozen_content.message.effective for revision in revisions), default=_NEVER
    )


def published_at(revisions: Sequence[AlertRevision]) -> str:
    """The same, as RFC 3339 has it."""
    return last_changed(revisions).isoformat()
