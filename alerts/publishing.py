"""From draft to revision: submit, issue, update, cancel. The only writer of AlertRevision.

Every revision takes two people: the last author does not issue it. All actions lock the alert, so
that of two clicks one wins and the other is told why it did not.
"""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from alerts.delivery import deliveries
from alerts.formats import signatures
from alerts.models import (
    MAX_LOUDSPEAKER_SYLLABLES,
    Alert,
    AlertRevision,
    AlertTranslation,
    CancelReason,
    MsgType,
)
from alerts.models.content import (
    Content,
    Document,
    EnglishContent,
    ImpersonatedOffice,
    MessageHeader,
    Place,
    Step,
    digest,
    nonblank_lines,
)
from alerts.public_words import find_strangers
from alerts.static_pages import generator
from core import database
from core.audit import events
from core.province import province

log = structlog.get_logger(__name__)

_EVENT_KINDS = {
    MsgType.ALERT: "alert_issued",
    MsgType.UPDATE: "alert_updated",
    MsgType.CANCEL: "alert_cancelled",
}
_MAX_REASON_CHARS, MAX_STEPS = 500, 12
_EPOCH = datetime.fromtimestamp(0, tz=UTC)


class PublishingError(Exception):
    """The action is refused; the message tells an officer why."""


def build_content(alert: Alert, message: MessageHeader) -> Content:
    """Return the draft's text under the header of `message`."""
    return Content(
        slug=alert.slug,
        title=alert.title,
        short_title=alert.short_title,
        summary=alert.summary,
        advice=nonblank_lines(alert.advice),
        steps=tuple(Step(step.title, step.text, step.quote) for step in alert.steps.all()),
        sms=alert.sms,
        sms_share=alert.sms_share,
        loudspeaker=alert.loudspeaker.replace("\r\n", "\n").strip(),
        audience=alert.audience,
        scenario=alert.scenario,
        urgency=alert.urgency,
        severity=alert.severity,
        certainty=alert.certainty,
        response_type=tuple(alert.response_type),
        reviewed_on=alert.reviewed_on,
        document=Document(
            number=alert.document_number,
            dated=alert.document_date,
            office=alert.document_office,
            subject=alert.document_subject,
            recipients=nonblank_lines(alert.document_recipients),
            note=alert.document_note,
        ),
        message=message,
        communes=tuple(Place(each.codename, each.code, each.name) for each in alert.communes.all()),
        offices=tuple(ImpersonatedOffice(each.codename, each.name) for each in alert.offices.all()),
        sms_marked=alert.sms_marked,
        english=EnglishContent(alert.title_en, alert.summary_en, nonblank_lines(alert.advice_en)),
        translations=tuple(each.as_content() for each in _list_translations(alert)),
    )


def _list_translations(alert: Alert) -> list[AlertTranslation]:
    """Return the draft's further languages in the order of the pages."""
    rows = alert.translations.select_related("sound").defer("sound__data")
    return sorted(rows, key=lambda each: each.position)


def draft_etag(alert: Alert) -> str:
    """Return a digest of the draft; an approver sends it to name the text they have read."""
    return digest(_compose(alert, _next_header(alert, _next_kind(alert), _EPOCH)).content)


def preview(alert: Alert) -> AlertRevision:
    """Return the next revision as it would be, unsaved."""
    sent = timezone.now().replace(microsecond=0)
    return _compose(alert, _next_header(alert, _next_kind(alert), sent))


def is_unchanged(alert: Alert) -> bool:
    """Return whether the draft says the same as the latest revision."""
    latest = alert.current
    if latest is None or latest.expires != alert.expires:
        return False
    if latest.effective != _start_time(alert.effective, latest.sent):
        return False
    return build_content(alert, latest.frozen_content.message) == latest.frozen_content


@transaction.atomic
def submit(alert: Alert, *, by: User) -> None:
    """Submit a draft for review. Raises PublishingError with all that is missing."""
    alert = _lock_alert(alert)
    if alert.stage != Alert.Stage.DRAFT:
        raise PublishingError("Cảnh báo này đã được trình, đang chờ duyệt.")
    _refuse_cancelled(alert)
    if is_unchanged(alert):
        raise PublishingError("Chưa có gì khác với bản đang đăng.")
    if problems := missing_fields(alert):
        raise PublishingError("Chưa trình được. " + " ".join(problems))
    alert.stage, alert.author = Alert.Stage.REVIEW, by
    alert.save(update_fields=["stage", "author"])
    events.log_event("alert", alert.pk, "alert_submitted", by=by)


@transaction.atomic
def send_back(alert: Alert, *, by: User, reason: str = "") -> None:
    """Return a submitted text to its author with the reason, which the author needs not give.

    Raises PublishingError.
    """
    alert = _lock_alert(alert)
    if alert.stage != Alert.Stage.REVIEW:
        raise PublishingError("Cảnh báo này không ở khâu chờ duyệt.")
    # PostgreSQL holds no NUL.
    reason = " ".join(reason.replace("\0", " ").split())[:_MAX_REASON_CHARS]
    if by != alert.author and not reason:
        raise PublishingError("Ghi vì sao trả lại, để người soạn biết sửa gì.")
    alert.stage = Alert.Stage.DRAFT
    alert.save(update_fields=["stage"])
    events.log_event("alert", alert.pk, "alert_sent_back", by=by, reason=reason)


@transaction.atomic
def issue(alert: Alert, *, by: User, read_etag: str | None = None) -> AlertRevision:
    """Issue the first revision. `read_etag` is the draft_etag of the text that `by` has read."""
    alert = _lock_reviewed(alert, by, read_etag)
    if alert.current:
        raise PublishingError("Cảnh báo này đã phát. Phát bản mới bằng cách cập nhật.")
    return _issue_revision(alert, MsgType.ALERT, by)


@transaction.atomic
def update(alert: Alert, *, by: User, read_etag: str | None = None) -> AlertRevision:
    """Issue the text in review in place of the current revision, which stays on record."""
    alert = _lock_reviewed(alert, by, read_etag)
    if not alert.current:
        raise PublishingError("Cảnh báo này chưa phát lần nào.")
    return _issue_revision(alert, MsgType.UPDATE, by)


@transaction.atomic
def cancel(alert: Alert, *, by: User, ending: CancelReason = CancelReason.OVER) -> AlertRevision:
    """Cancel a warning for good, with what waits for its time, in the fixed words of `ending`."""
    alert = _lock_alert(alert)
    if not alert.current:
        raise PublishingError("Cảnh báo này chưa phát, không có gì để hủy.")
    _refuse_cancelled(alert)
    for revision in {alert.current, revision_to_cancel(alert)}:
        _refuse_author(revision.author if revision else None, by)
    return _issue_revision(alert, MsgType.CANCEL, by, ending)


def revision_to_cancel(alert: Alert) -> AlertRevision | None:
    """Return the revision that a Cancel repeats: the current one, else the one that waits."""
    return alert.revisions.current().select_related("author").first() or alert.current


def _next_kind(alert: Alert) -> MsgType:
    return MsgType.UPDATE if alert.current else MsgType.ALERT


def _lock_alert(alert: Alert) -> Alert:
    rows = Alert.objects.select_for_update(of=("self",)).select_related("current__author")
    return rows.get(pk=alert.pk)


def _lock_reviewed(alert: Alert, by: User, read_etag: str | None) -> Alert:
    alert = _lock_alert(alert)
    _refuse_cancelled(alert)
    if alert.stage != Alert.Stage.REVIEW:
        raise PublishingError("Cảnh báo này không ở khâu chờ duyệt, chưa phát được.")
    if read_etag is not None and read_etag != draft_etag(alert):
        raise PublishingError("Nội dung đã đổi từ lúc bạn mở xem. Đọc lại rồi hãy phát.")
    if alert.expires and alert.expires <= timezone.now():
        raise PublishingError("Hạn hiệu lực đã qua. Trả lại để sửa hạn.")
    _refuse_author(alert.author, by)
    if problems := _list_strangers(alert):  # a finding may be over by now
        raise PublishingError("Chưa phát. Trả lại để sửa. " + " ".join(problems))
    return alert


def _refuse_author(author: User | None, by: User) -> None:
    if author is None or author == by:
        raise PublishingError("Người soạn không tự phát, không tự hủy. Nhờ một người khác duyệt.")


def _refuse_cancelled(alert: Alert) -> None:
    if alert.current and alert.current.msg_type == MsgType.CANCEL:
        raise PublishingError("Cảnh báo này đã hủy. Muốn báo lại thì soạn cảnh báo mới.")


def missing_fields(alert: Alert) -> list[str]:
    """Return what a draft lacks, or has too much, before it can be submitted, in sentences."""
    problems = []
    try:
        alert.full_clean()
    except ValidationError as error:
        fields = error.error_dict.items()
        problems += [f"{_field_label(name)}: {_problem_text(errors)}" for name, errors in fields]
    if not 1 <= alert.steps.count() <= MAX_STEPS:
        problems.append(f"Họ lừa thế nào: cần từ một đến {MAX_STEPS} bước.")
    if (length := len(alert.loudspeaker.split())) > MAX_LOUDSPEAKER_SYLLABLES:
        problems.append(
            f"Bài đọc loa xã: {length} tiếng, đọc hơn một phút. Bớt còn {MAX_LOUDSPEAKER_SYLLABLES} tiếng."
        )
    voices = [each for row in _list_translations(alert) for each in row.missing_parts()]
    return problems + voices + _list_strangers(alert)


def _list_strangers(alert: Alert) -> list[str]:
    return find_strangers(build_content(alert, _next_header(alert, _next_kind(alert), _EPOCH)))


def _field_label(name: str) -> str:
    if name == "__all__":
        return "Chung"
    field = Alert._meta.get_field(name)  # noqa: SLF001
    return capfirst(str(getattr(field, "verbose_name", name)))


def _problem_text(errors: list[ValidationError]) -> str:
    return "chưa ghi." if errors[0].code == "blank" else " ".join(ValidationError(errors).messages)


def _issue_revision(alert: Alert, kind: MsgType, by: User, ending: str = "") -> AlertRevision:
    """Write and sign the revision, make it the latest, log the event, enqueue what follows."""
    sent = timezone.now().replace(microsecond=0)
    if alert.year is None:
        alert.year, alert.number = _next_number(timezone.localtime(sent).year)
    revision = _compose(alert, _next_header(alert, kind, sent, ending))
    revision.issued_by = by
    revision.save(force_insert=True)
    _sign(revision)
    alert.current, alert.stage = revision, Alert.Stage.DRAFT
    alert.save(update_fields=["current", "stage", "year", "number"])
    events.log_event("alert", alert.pk, _EVENT_KINDS[kind], by=by, identifier=revision.identifier)
    generator.enqueue_rebuild()
    deliveries.enqueue_deliveries(revision)
    if kind == MsgType.ALERT and alert.campaign:
        deliveries.enqueue_notices(revision, alert.campaign)
    return revision


def _sign(revision: AlertRevision) -> None:
    """Sign it. Raises PublishingError, which rolls the action back."""
    try:
        signatures.sign_revision(revision)
    except signatures.SigningError as error:
        log.error("alert.signing_failed", error=str(error))  # noqa: TRY400 - a key may be in the trace
        raise PublishingError("Chưa phát: máy không ký được bản này. Báo kỹ thuật.") from None


def _next_number(year: int) -> tuple[int, int]:
    """Return the year and its next number; a roll-back leaves no gap."""
    database.lock_until_commit("numbers of warnings")
    highest = Alert.objects.filter(year=year).aggregate(highest=Max("number"))["highest"]
    return year, (highest or 0) + 1


def _next_header(alert: Alert, kind: MsgType, sent: datetime, ending: str = "") -> MessageHeader:
    """Return the header of the next message. A Cancel starts at once."""
    version = alert.current.version + 1 if alert.current else 1
    effective, expires = alert.effective, alert.expires
    if kind == MsgType.CANCEL:
        effective = expires = None
    return MessageHeader(
        identifier=f"{province.warning_code}-{alert.year or 0}-{alert.number or 0:04}-{version}",
        sender=urlsplit(settings.PORTAL_URL).hostname or "",
        sent=timezone.localtime(sent),
        msg_type=kind.value,
        version=version,
        references=_references(alert),
        effective=timezone.localtime(_start_time(effective, sent)),
        expires=timezone.localtime(expires) if expires else None,
        web=settings.PORTAL_URL + reverse("warnings:detail", args=[alert.slug]),
        ending=ending,
    )


def _start_time(effective: datetime | None, sent: datetime) -> datetime:
    return max(effective.replace(microsecond=0), sent) if effective else sent


def _references(alert: Alert) -> tuple[str, ...]:
    heads = (revision.frozen_content.message for revision in alert.revisions.order_by("version"))
    return tuple(f"{head.sender},{head.identifier},{head.sent.isoformat()}" for head in heads)


def _compose(alert: Alert, message: MessageHeader) -> AlertRevision:
    """Return an unsaved revision. A Cancel repeats the current one, not what is being written."""
    cancelled = revision_to_cancel(alert) if message.msg_type == MsgType.CANCEL else None
    content = build_content(alert, message).as_json()
    if cancelled:
        content = cancelled.content | {"message": content["message"]}
    return AlertRevision(
        alert=alert,
        version=message.version,
        msg_type=message.msg_type,
        identifier=message.identifier,
        sent=message.sent,
        effective=message.effective,
        expires=message.expires,
        references=" ".join(message.references),
        content=content,
        content_hash=digest(content),
        author=cancelled.author if cancelled else alert.author,
    )
