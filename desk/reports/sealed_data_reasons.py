"""Why an officer looks at what is sealed: each look has its reason, and is one showing.

A page knows the officer's newest look at this report. A form that was pressed already (Back, a page
loaded again, two presses) comes with an older one, and is asked for a reason of its own.
"""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.http import HttpRequest

from core.audit import events
from core.models import AuditEvent
from desk.reports import detail
from reports.models import Report

SEALED = ("contact", "phrase", "story")
REASONS = (
    "Gọi lại người báo",
    "Người báo gọi đến, kiểm tra câu hẹn",
    "Đối chiếu lời kể gốc",
    "Lập phiếu chuyển đơn vị",
)
MIN_COUNT, MAX_COUNT = 5, 300  # signs of a reason
_KEPT = "Chưa hiện. "


def latest_reveal_id(report: Report, by: User) -> int:
    """The key of the officer's newest look at a sealed thing of a report, 0 for none."""
    looks = events.events_for("report", report.pk).filter(
        kind="revealed", actor=by, detail__what__in=SEALED
    )
    return looks.values_list("pk", flat=True).first() or 0


def latest_reveal_in(recorded: Sequence[AuditEvent], report: Report, by: User) -> int:
    """The same where the newest events of the report are at hand, of which there may be older ones
    only if they are as many as a page shows.
    """
    for event in recorded:
        if event.kind == "revealed" and event.actor == by and event.detail.get("what") in SEALED:
            return int(event.pk)
    return latest_reveal_id(report, by) if len(recorded) >= detail.MAX_EVENTS else 0


def reveal_reason(request: HttpRequest) -> str:
    """What was given as reason, on one line."""
    return " ".join(request.POST.get("why", "").replace("\0", "").split())[:MAX_COUNT]


def reveal_refusal(request: HttpRequest, report: Report, by: User) -> str:
    """Why nothing is shown, in an officer's words; "" where it may be."""
    if len(reveal_reason(request)) < MIN_COUNT:
        return f"{_KEPT}Ghi vì sao cần xem, ví dụ: {REASONS[0].lower()}."
    if request.POST.get("seen", "0") != str(latest_reveal_id(report, by)):
        return f"{_KEPT}Mỗi lý do chỉ hiện một lần, lần ấy đã hiện. Cần xem nữa thì bấm lại."
    return ""
