"""Where a warning stands at the desk, and what one officer may do with it now."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from alerts import publishing
from alerts.models import Alert, AlertRevision, MsgType, State
from core.audit import events

CHANGE, ISSUE = "alerts.change_alert", "alerts.issue_alert"
_SAID = {
    "alert_submitted": "Gửi đi duyệt",
    "alert_sent_back": "Trả lại để sửa",
    "alert_issued": "Phát",
    "alert_updated": "Phát bản mới",
    "alert_cancelled": "Hủy",
    "alert_deployed": "Cơ quan xác nhận đã triển khai",
    "delivery_resent": "Gửi lại cho cơ quan",
}


def is_editable(alert: Alert | None) -> bool:
    """A text is changed neither while it waits for review nor after its warning was cancelled."""
    if alert is None:
        return True
    cancelled = alert.current is not None and alert.current.msg_type == MsgType.CANCEL
    return alert.stage == Alert.Stage.DRAFT and not cancelled


def status_text(alert: Alert) -> str:
    """Where a warning stands, for the list and the head of the form."""
    said = alert.current
    if said is None:
        return alert.get_stage_display()
    public = f"{_public(said)}, bản {said.version}"
    if said.state(timezone.now()) is State.SCHEDULED and (now := alert.revisions.current().first()):
        public = f"{_public(now)}, bản {now.version}; {public[0].lower()}{public[1:]}"
    return public if alert.stage == Alert.Stage.DRAFT else f"{public}; bản mới chờ duyệt"


def _public(said: AlertRevision) -> str:
    if said.msg_type == MsgType.CANCEL:
        return "Đã hủy"
    return {
        "scheduled": f"Hẹn {timezone.localtime(said.effective):%H:%M, %d/%m/%Y}",
        "in_force": "Đang có hiệu lực",
        "expired": "Hết hiệu lực",
    }[said.state(timezone.now())]


@dataclass(frozen=True)
class AllowedActions:
    """What this officer may do now with this warning, `missing` what stands against submitting it;
    `seen` names the text on the screen; `returned` says why it came back.
    """

    submit: bool
    missing: list[str]
    send_back: bool
    issue: bool
    own_text: bool
    cancel: bool
    look: bool
    seen: str
    returned: str


def allowed_actions(request: HttpRequest, alert: Alert) -> AllowedActions:
    may_change, may_issue = (request.user.has_perm(name) for name in (CHANGE, ISSUE))
    in_review = alert.stage == Alert.Stage.REVIEW
    said = alert.current
    may_submit = may_change and is_editable(alert) and not publishing.is_unchanged(alert)
    return AllowedActions(
        submit=may_submit,
        missing=publishing.missing_fields(alert) if may_submit else [],
        send_back=in_review and (may_change or may_issue),
        issue=may_issue and in_review and alert.author_id != request.user.pk,
        own_text=may_issue and in_review and alert.author_id == request.user.pk,
        cancel=may_issue
        and said is not None
        and said.msg_type != MsgType.CANCEL
        and request.user.pk
        not in {said.author_id, _author_of(publishing.revision_to_cancel(alert))},
        look=may_change or may_issue,
        seen=publishing.draft_etag(alert) if in_review else "",
        returned=_returned(alert),
    )


def _returned(alert: Alert) -> str:
    """Why a draft was sent back, as long as that is the last act on it."""
    last = events.events_for("alert", alert.pk).first()
    return str(last.detail.get("reason", "")) if last and last.kind == "alert_sent_back" else ""


def publication_notice(given: object) -> str:
    """What an officer reads after giving a word: from when others read it."""
    if isinstance(given, AlertRevision) and given.effective > timezone.now():
        at = timezone.localtime(given.effective)
        return f"Đã ký và hẹn giờ. Mọi người đọc được từ {at:%H:%M, %d/%m/%Y}."
    return "Đã phát. Mọi người đọc được từ lúc này."


def _author_of(word: AlertRevision | None) -> int | None:
    return word.author_id if word else None


def history_lines(alert: Alert) -> Iterator[tuple[Any, str]]:
    """The latest acts on record, each with its name at the desk."""
    for event in events.events_for("alert", alert.pk)[:20]:
        yield event, _SAID.get(event.kind, event.kind)
