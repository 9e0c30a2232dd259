"""The status of a warning at the desk, and what one officer may do with it now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from alerts import publishing
from alerts.models import Alert, AlertRevision, MsgType, State
from core.audit import events
from core.text import lower_initial

CHANGE, ISSUE = "alerts.change_alert", "alerts.issue_alert"
_EVENT_LABELS = {
    "alert_submitted": "Gửi đi duyệt",
    "alert_sent_back": "Trả lại để sửa",
    "alert_issued": "Phát",
    "alert_updated": "Phát bản mới",
    "alert_cancelled": "Hủy",
    "alert_deployed": "Cơ quan xác nhận đã triển khai",
    "delivery_resent": "Gửi lại cho cơ quan",
}


def is_editable(alert: Alert | None) -> bool:
    """Return whether the text is neither in review nor of a cancelled warning."""
    if alert is None:
        return True
    cancelled = alert.current is not None and alert.current.msg_type == MsgType.CANCEL
    return alert.stage == Alert.Stage.DRAFT and not cancelled


def status_text(alert: Alert) -> str:
    """Return the status of a warning, for the list and the head of the form."""
    latest = alert.current
    if latest is None:
        return alert.get_stage_display()
    text = f"{_state_label(latest)}, bản {latest.version}"
    is_scheduled = latest.state(timezone.now()) is State.SCHEDULED
    if is_scheduled and (current := alert.revisions.current().first()):
        text = f"{_state_label(current)}, bản {current.version}; {lower_initial(text)}"
    return text if alert.stage == Alert.Stage.DRAFT else f"{text}; bản mới chờ duyệt"


def _state_label(revision: AlertRevision) -> str:
    return {
        State.CANCELLED: "Đã hủy",
        State.SCHEDULED: f"Hẹn {timezone.localtime(revision.effective):%H:%M, %d/%m/%Y}",
        State.IN_FORCE: "Đang có hiệu lực",
        State.EXPIRED: "Hết hiệu lực",
    }[revision.state(timezone.now())]


@dataclass(frozen=True)
class AllowedActions:
    """What an officer may do with a warning. `missing`: what a submission lacks; `draft_etag`: the digest of
    the text on the screen; `returned`: why it was sent back.
    """

    submit: bool
    missing: list[str]
    send_back: bool
    issue: bool
    own_text: bool
    cancel: bool
    preview: bool
    draft_etag: str
    returned: str


def allowed_actions(request: HttpRequest, alert: Alert) -> AllowedActions:
    may_change, may_issue = (request.user.has_perm(name) for name in (CHANGE, ISSUE))
    in_review = alert.stage == Alert.Stage.REVIEW
    is_own = alert.author_id == request.user.pk
    may_submit = may_change and is_editable(alert) and not publishing.is_unchanged(alert)
    return AllowedActions(
        submit=may_submit,
        missing=publishing.missing_fields(alert) if may_submit else [],
        send_back=in_review and (may_change or may_issue),
        issue=may_issue and in_review and not is_own,
        own_text=may_issue and in_review and is_own,
        cancel=may_issue and _may_cancel(alert, request.user.pk),
        preview=may_change or may_issue,
        draft_etag=publishing.draft_etag(alert) if in_review else "",
        returned=_return_reason(alert),
    )


def _may_cancel(alert: Alert, officer: int | None) -> bool:
    """Return whether there is something to cancel that the officer did not write."""
    latest = alert.current
    if latest is None or latest.msg_type == MsgType.CANCEL:
        return False
    repeated = publishing.revision_to_cancel(alert)
    return officer not in {latest.author_id, repeated.author_id if repeated else None}


def _return_reason(alert: Alert) -> str:
    """Return why a draft was sent back, if that is the last event about it."""
    event = events.events_for("alert", alert.pk).first()
    if event is None or event.kind != "alert_sent_back":
        return ""
    return str(event.detail.get("reason", ""))


def publication_notice(revision: object) -> str:
    """Return from when others can read a revision that was just issued."""
    if isinstance(revision, AlertRevision) and revision.effective > timezone.now():
        at = timezone.localtime(revision.effective)
        return f"Đã ký và hẹn giờ. Mọi người đọc được từ {at:%H:%M, %d/%m/%Y}."
    return "Đã phát. Mọi người đọc được từ lúc này."


def history_lines(alert: Alert) -> Iterator[tuple[Any, str]]:
    for event in events.events_for("alert", alert.pk)[:20]:
        yield event, _EVENT_LABELS.get(event.kind, event.kind)
