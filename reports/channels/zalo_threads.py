"""Threads of texts by Zalo: what one user writes without a long pause is one report, and is bounded.

A frightened person tells a story in many short texts: the first is the report, the others are its
follow-ups. Of a user nothing but a keyed hash is kept, for a day: that long a text is counted, and known
when Zalo, which is said to try for twelve hours, sends it again.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Now

from core.database import lock_until_commit
from core.keys import FieldKey, field_keys, newest_key
from reports.models import Followup, Report, ZaloThread

PAUSE = timedelta(minutes=30)  # between two calls; who is held on the line writes more often
KEPT = timedelta(days=1)
MAX_MESSAGES_A_DAY = 100  # of one user: several long stories, and little of a desk's day
Threads = QuerySet[ZaloThread]


def lock_threads(user_id: str) -> Threads:
    """Return the user's threads; until COMMIT nobody else takes in a text of this user."""
    lock_until_commit(f"zalo {_compute_index(user_id).hex()}")
    return list_threads(user_id)


def list_threads(user_id: str) -> Threads:
    """Return the user's threads of the last day, the latest first."""
    indexes = [_compute_index(user_id, key) for key in field_keys()]
    threads = ZaloThread.objects.filter(user_index__in=indexes, last_message_at__gt=Now() - KEPT)
    return threads.order_by("-last_message_at")


def is_filed(threads: Threads, submission_key: str) -> bool:
    """Return whether the text of that key is a report already, or a follow-up in one of the threads."""
    later = Followup.objects.filter(report__in=threads.values("report"))
    filed = Report.objects.filter(submission_key=submission_key)
    return filed.exists() or later.filter(submission_key=submission_key).exists()


def is_full(threads: Threads) -> bool:
    """Return whether the user has written as much as is taken in a day."""
    count: int = threads.aggregate(count=Sum("messages", default=0))["count"]
    return count >= MAX_MESSAGES_A_DAY


def find_open_report(threads: Threads) -> Report | None:
    """Return the report that the user is telling, None where the next text begins one."""
    open_threads = threads.filter(last_message_at__gt=Now() - PAUSE)
    thread = open_threads.select_related("report").first()
    return thread.report if thread else None


def count_text(user_id: str, report_id: UUID) -> None:
    """Count one text more of the user to that report, the last so far."""
    ZaloThread.objects.update_or_create(
        report_id=report_id,
        defaults={"messages": F("messages") + 1, "last_message_at": Now()},
        create_defaults={"user_index": _compute_index(user_id)},
    )


def drop_expired() -> None:
    ZaloThread.objects.filter(last_message_at__lte=Now() - KEPT).delete()


def _compute_index(user_id: str, key: FieldKey | None = None) -> bytes:
    return (key or newest_key()).mac("zalo user", user_id.encode())
