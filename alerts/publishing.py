"""From draft to word given: submit, issue, update, cancel. The only writer of AlertRevision.

Two people make every word: who wrote the text last does not issue it. All acts lock the alert,
so that of two clicks one wins and the other reads why it did not.
"""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from alerts.delivery import service
from alerts.formats import signatures
from alerts.models import MAX_LOUDSPEAKER_SYLLABLES, Alert, AlertRevision, CancelReason, MsgType
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
from alerts.static_pages import generator
from core.audit import events
from core.province import province

log = structlog.get_logger(__name__)

_NUMBERING = 140_01  # the advisory lock under which numbers are given
_KINDS = {
    MsgType.ALERT: "alert_issued",
    MsgType.UPDATE: "alert_updated",
    MsgType.CANCEL: "alert_cancelled",
}
_NO_TIME = datetime.fromtimestamp(0, tz=UTC)


class PublishingError(Exception):
    """An act that cannot be done now; the message tells a person why."""


class FourEyesError(PublishingError):
    """One person would have written and issued the same text."""


class NotReadyError(PublishingError):
    """The text lacks something, or the warning stands at another stage."""


class SignatureFailedError(PublishingError):
    """The signature failed; nothing was issued."""


class StaleDraftError(PublishingError):
    """The text has changed since the person looked at it."""


def build_content(alert: Alert, message: MessageHeader) -> Content:
    """The draft's text as it stands, under the head of `message`."""
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
    )


def draft_etag(alert: Alert) -> str:
    """Names the draft's text: who issues says with it which text they have read."""
    return digest(_compose(alert, _message(alert, _next_kind(alert), _NO_TIME)).content)


def preview(alert: Alert) -> AlertRevision:
    """The next revision as it would be, unsaved: for the eyes of the desk."""
    return _compose(
        alert, _message(alert, _next_kind(alert), timezone.now().replace(microsecond=0))
    )


def is_unchanged(alert: Alert) -> bool:
    """Whether the draft has nothing to add to the word that was given last."""
    said = alert.current
    if said is None or said.expires != alert.expires:
        return False
    if said.effective != _start(alert.effective, said.sent):
        return False
    return build_content(alert, said.frozen_content.message) == said.frozen_content


@transaction.atomic
def submit(alert: Alert, *, by: User) -> None:
    """Hand a draft over for review. Raises NotReadyError with all that is missing."""
    alert = _locked(alert)
    if alert.stage != Alert.Stage.DRAFT:
        raise NotReadyError("Cảnh báo này đã được trình, đang chờ duyệt.")
    _refuse_cancelled(alert)
    if is_unchanged(alert):
        raise NotReadyError("Chưa có gì khác với bản đang đăng.")
    if found := missing_fields(alert):
        raise NotReadyError("Chưa trình được. " + " ".join(found))
    alert.stage, alert.author = Alert.Stage.REVIEW, by
    alert.save(update_fields=["stage", "author"])
    events.log_event("alert", alert.pk, "alert_submitted", by=by)


@transaction.atomic
def send_back(alert: Alert, *, by: User, reason: str = "") -> None:
    """Give a submitted text back to its writer, who may change it again and reads why; a writer who
    takes it back owes no reason.
    """
    alert = _locked(alert)
    if alert.stage != Alert.Stage.REVIEW:
        raise NotReadyError("Cảnh báo này không ở khâu chờ duyệt.")
    reason = _one_line(reason)
    if by != alert.author and not reason:
        raise NotReadyError("Ghi vì sao trả lại, để người soạn biết sửa gì.")
    alert.stage = Alert.Stage.DRAFT
    alert.save(update_fields=["stage"])
    events.log_event("alert", alert.pk, "alert_sent_back", by=by, reason=reason)


@transaction.atomic
def issue(alert: Alert, *, by: User, seen: str | None = None) -> AlertRevision:
    """Give the first word of a warning. `seen` is the draft_digest that `by` has read."""
    alert = _reviewed(alert, by, seen)
    if alert.current:
        raise NotReadyError("Cảnh báo này đã phát. Phát bản mới bằng cách cập nhật.")
    return _say(alert, MsgType.ALERT, by)


@transaction.atomic
def update(alert: Alert, *, by: User, seen: str | None = None) -> AlertRevision:
    """Replace the word given by the text in review; the older word stays on record."""
    alert = _reviewed(alert, by, seen)
    if not alert.current:
        raise NotReadyError("Cảnh báo này chưa phát lần nào.")
    return _say(alert, MsgType.UPDATE, by)


@transaction.atomic
def cancel(
    alert: Alert, *, by: User, reason: str, ending: CancelReason = CancelReason.OVER
) -> AlertRevision:
    """Take a warning back, for good, and with it what waits for its hour. The public reads `reason`."""
    alert = _locked(alert)
    reason = _one_line(reason)
    if not alert.current:
        raise NotReadyError("Cảnh báo này chưa phát, không có gì để hủy.")
    if not reason:
        raise NotReadyError("Ghi lý do hủy. Người dân sẽ đọc lý do này.")
    _refuse_cancelled(alert)
    for word in {alert.current, revision_to_cancel(alert)}:
        _refuse_author(word.author if word else None, by)
    return _say(alert, MsgType.CANCEL, by, ending, reason)


def revision_to_cancel(alert: Alert) -> AlertRevision | None:
    """The word that a Cancel repeats: what stands now, not what waits for its hour; where nothing
    stands yet, what waits, and then nobody reads either. An expired word stands, too.
    """
    return alert.revisions.current().select_related("author").first() or alert.current


def _next_kind(alert: Alert) -> MsgType:
    return MsgType.UPDATE if alert.current else MsgType.ALERT


def _one_line(reason: str) -> str:
    return " ".join(reason.replace("\0", " ").split())  # PostgreSQL holds no NUL


def _locked(alert: Alert) -> Alert:
    rows = Alert.objects.select_for_update(of=("self",)).select_related("current__author")
    return rows.get(pk=alert.pk)


def _reviewed(alert: Alert, by: User, seen: str | None) -> Alert:
    alert = _locked(alert)
    _refuse_cancelled(alert)
    if alert.stage != Alert.Stage.REVIEW:
        raise NotReadyError("Cảnh báo này không ở khâu chờ duyệt, chưa phát được.")
    if seen is not None and seen != draft_etag(alert):
        raise StaleDraftError("Nội dung đã đổi từ lúc bạn mở xem. Đọc lại rồi hãy phát.")
    if alert.expires and alert.expires <= timezone.now():
        raise NotReadyError("Hạn hiệu lực đã qua. Trả lại để sửa hạn.")
    _refuse_author(alert.author, by)
    return alert


def _refuse_author(author: User | None, by: User) -> None:
    if author is None or author == by:
        raise FourEyesError("Người soạn không tự phát, không tự hủy. Nhờ một người khác duyệt.")


def _refuse_cancelled(alert: Alert) -> None:
    if alert.current and alert.current.msg_type == MsgType.CANCEL:
        raise NotReadyError("Cảnh báo này đã hủy. Muốn báo lại thì soạn cảnh báo mới.")


def missing_fields(alert: Alert) -> list[str]:
    """What a draft lacks before it can be submitted, in sentences."""
    found = []
    try:
        alert.full_clean()
    except ValidationError as error:
        found += [f"{_label(name)}: {_lack(said)}" for name, said in error.error_dict.items()]
    if not alert.steps.exists():
        found.append("Họ lừa thế nào: cần ít nhất một bước.")
    if (read := len(alert.loudspeaker.split())) > MAX_LOUDSPEAKER_SYLLABLES:
        found.append(
            f"Bài đọc loa xã: {read} tiếng, đọc hơn một phút. Bớt còn {MAX_LOUDSPEAKER_SYLLABLES} tiếng."
        )
    return found


def _label(name: str) -> str:
    if name == "__all__":
        return "Chung"
    field = Alert._meta.get_field(name)  # noqa: SLF001
    return capfirst(str(getattr(field, "verbose_name", name)))


def _lack(errors: list[ValidationError]) -> str:
    return "chưa ghi." if errors[0].code == "blank" else " ".join(ValidationError(errors).messages)


def _say(
    alert: Alert, kind: MsgType, by: User, ending: str = "", reason: str = ""
) -> AlertRevision:
    """Write the revision, name it as the latest, put the act on record."""
    sent = timezone.now().replace(microsecond=0)
    if alert.year is None:
        alert.year, alert.number = _next_number(timezone.localtime(sent).year)
    revision = _compose(alert, _message(alert, kind, sent, ending, reason))
    revision.issued_by = by
    revision.save(force_insert=True)
    _seal(revision)
    alert.current, alert.stage = revision, Alert.Stage.DRAFT
    alert.save(update_fields=["current", "stage", "year", "number"])
    events.log_event("alert", alert.pk, _KINDS[kind], by=by, identifier=revision.identifier)
    generator.enqueue_rebuild()
    service.enqueue_deliveries(revision)
    return revision


def _seal(revision: AlertRevision) -> None:
    """What cannot be signed is not said: the whole act is undone."""
    try:
        signatures.sign_revision(revision)
    except signatures.SigningError as error:
        log.error("alert.not_sealed", error=str(error))  # noqa: TRY400 - a key may be in the trace
        raise SignatureFailedError("Chưa phát: máy không ký được bản này. Báo kỹ thuật.") from None


def _next_number(year: int) -> tuple[int, int]:
    """The year's next number; one issue at a time draws, and what rolls back leaves no gap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING])
    last = Alert.objects.filter(year=year).aggregate(last=Max("number"))["last"]
    return year, (last or 0) + 1


def _message(
    alert: Alert, kind: MsgType, sent: datetime, ending: str = "", reason: str = ""
) -> MessageHeader:
    """The head of the next message. A Cancel starts at once."""
    version = alert.current.version + 1 if alert.current else 1
    later = alert.effective if kind != MsgType.CANCEL else None
    until = alert.expires if kind != MsgType.CANCEL else None
    return MessageHeader(
        identifier=f"{province.warning_code}-{alert.year or 0}-{alert.number or 0:04}-{version}",
        sender=urlsplit(settings.PORTAL_URL).hostname or "",
        sent=timezone.localtime(sent),
        msg_type=kind.value,
        version=version,
        references=_references(alert),
        effective=timezone.localtime(_start(later, sent)),
        expires=timezone.localtime(until) if until else None,
        web=settings.PORTAL_URL + reverse("warnings:detail", args=[alert.slug]),
        ending=ending,
        reason=reason,
    )


def _start(wanted: datetime | None, sent: datetime) -> datetime:
    """When a word takes effect, whole seconds; never before it is sent."""
    return max(wanted.replace(microsecond=0), sent) if wanted else sent


def _references(alert: Alert) -> tuple[str, ...]:
    """CAP's names of all that was said before: "sender,identifier,sent"."""
    before = (revision.frozen_content.message for revision in alert.revisions.order_by("version"))
    return tuple(f"{m.sender},{m.identifier},{m.sent.isoformat()}" for m in before)


def _compose(alert: Alert, message: MessageHeader) -> AlertRevision:
    """A revision, unsaved. A Cancel repeats what was said, not what is being written."""
    cancelled = revision_to_cancel(alert) if message.msg_type == MsgType.CANCEL else None
    if cancelled:
        content = replace(cancelled.frozen_content, message=message).as_json()
    else:
        content = build_content(alert, message).as_json()
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
