"""Questions to the offices that callers claim to speak for; the only writer of them.

A question is the subject and fixed words, nothing of a report. It goes by mail, as a link that lets its
holder answer once. An answer stands beside what else is known: it clears nothing and accuses nobody. That
an office does not use a number, two officers let the public pages tell.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from core import encryption, keys, mail
from core.audit import events, proposals
from core.errors import ActionError, NotAllowedError
from core.form_data import parse_uuid
from core.models import Proposal
from core.outbox import sweeps
from core.province_names import build_page_context
from core.text import lower_initial
from reports.calendar import deadline_rules
from reports.facts.choices import demand_label
from reports.models import OfficeContact, OfficeQuestion, SubjectKind
from reports.numbers import findings, lookup, subjects
from reports.numbers.subjects import Subject
from reports.reference import confirmed_statements

ASK, REVIEW = "reports.add_officequestion", "reports.change_officequestion"
LINK = "link office answer"
LINK_VALIDITY = timedelta(days=5)  # from when the answer was due: it may come late, not for ever
ANSWER_WORKING_DAYS = 1
REMINDER_NOTICE = timedelta(hours=4)  # before the answer is due, at the end of a working day
PUBLIC_FOR = timedelta(days=findings.VALID_DAYS)
MAX_SHOWN = 10
_MAILS = "office_questions.mail"
_MAX_MAILS = 50  # of one call
_LOST_AFTER = timedelta(minutes=10)  # a mail that was begun
Question, Answer = OfficeQuestion.Question, OfficeQuestion.Answer


def build_question(
    typed: str, contact: OfficeContact, question: str, demand: str = "", *, by: User
) -> OfficeQuestion:
    """Return an unsaved question about what was typed; `demand`: a box of the report form, where the
    question is whether the office calls people so. Raises ActionError.
    """
    _require_permission(by, ASK)
    if not mail.mail_is_configured():
        raise ActionError("Cổng chưa có máy chủ thư. Hỏi cơ quan này bằng cách khác.")
    if not contact.email:
        raise ActionError("Nơi này chưa có hộp thư để hỏi.")
    subject = subjects.parse_subject(typed)
    if not subject.key or subjects.has_card(typed):
        raise ActionError("Chưa đọc được một số, một tài khoản hay một đường link ở đây.")
    if question == Question.PRACTICE and not demand:
        raise ActionError("Chọn người gọi đòi gì, để cơ quan biết hỏi về điều gì.")
    what = SubjectKind(subject.kind).label
    text = f"{what[:1].upper()}{what[1:]} này có phải của cơ quan không?"
    if question == Question.PRACTICE:
        text = (
            f"Có người dùng {what} này, xưng là {contact.name}: {lower_initial(demand_label(demand))}."
            " Cơ quan có gọi cho người dân như thế không?"
        )
    due_at = deadline_rules.add_working_days(timezone.now(), ANSWER_WORKING_DAYS)
    named = {"kind": subject.kind, "key": subject.key, "bank": subject.bank}
    words = {"contact": contact, "question": question, "text": text}
    return OfficeQuestion(asked_by=by, due_at=due_at, **named, **words)


def store_question(row: OfficeQuestion) -> None:
    """Store what `build_question` returned; its mail is owed from now on. Raises ActionError."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            events.log_event("office_question", row.pk, "office_asked", by=row.asked_by)
    except IntegrityError as error:
        raise ActionError("Đã hỏi nơi này điều ấy rồi, đang chờ trả lời.") from error


def withdraw(pk: UUID, *, by: User) -> None:
    """Ask no longer: the link opens nothing more. Raises ActionError where it was answered."""
    _require_permission(by, ASK)
    with transaction.atomic():
        if not _lock(pk).is_open:
            raise ActionError("Câu hỏi này đã có trả lời, hoặc đã thôi hỏi.")
        _update(pk, withdrawn_at=Now(), withdrawn_by=by, next_mail_at=None)
        events.log_event("office_question", pk, "office_question_withdrawn", by=by)


# --- the answer of a clerk


def sign_link(row: OfficeQuestion) -> str:
    """Return the address that lets whoever has it answer this question, once and for a time."""
    expiry = str(int((row.due_at + LINK_VALIDITY).timestamp()))
    path = reverse("office_answer", args=[keys.sign_token(LINK, expiry, str(row.pk))])
    return f"{settings.PORTAL_URL}{path}"


def find_by_token(token: str) -> OfficeQuestion | None:
    """Return the question of a genuine link, None where that is over or the row is gone."""
    parts = keys.read_token(LINK, token)
    pk = parse_uuid(parts[0]) if parts else None
    return OfficeQuestion.objects.select_related("contact").filter(pk=pk).first() if pk else None


def record_answer(pk: UUID, answer: str, note: str) -> bool:
    """Record the one answer to a question; return False where it is answered or withdrawn by now. The
    office's mailbox is told, so that it learns of an answer that somebody else gave.
    """
    with transaction.atomic():
        row = OfficeQuestion.objects.select_for_update().filter(pk=pk).first()
        if row is None or not row.is_open:
            return False
        sealed = encryption.encrypt(note.strip(), "note", pk)
        _update(pk, answer=answer, note_sealed=sealed, answered_at=Now(), next_mail_at=Now())
        events.log_event("office_question", pk, "office_answered", outcome=answer)
    return True


# --- what officers make of it


class _Denial(proposals.Act):
    """Telling on public pages that an office does not use something."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        row = _lock(UUID(proposal.target))
        _require_publishable(row)
        _update(row.pk, published_at=Now())


DENIAL = _Denial("office_denial", confirmed_statements.CONFIRM)


def review(pk: UUID, *, publish: bool, by: User) -> Proposal | None:
    """Mark an answer as read, or propose to a colleague to publish it and return that. Raises ActionError."""
    _require_permission(by, REVIEW)
    with transaction.atomic():
        row = _lock(pk)
        if row.answered_at is None:
            raise ActionError("Cơ quan chưa trả lời.")
        _update(pk, reviewed_by=by, reviewed_at=Now())
        events.log_event("office_question", pk, "office_answer_reviewed", by=by)
        if not publish:
            return None
        _require_publishable(row)
        return proposals.propose(DENIAL, pk, {}, by=by)


def is_publishable(row: OfficeQuestion) -> bool:
    return (row.question, row.answer) == (Question.OWN, Answer.NO) and row.published_at is None


def _require_publishable(row: OfficeQuestion) -> None:
    if not is_publishable(row):
        raise ActionError(
            "Chỉ câu trả lời “Không phải của chúng tôi”, chưa hiện, mới cho hiện được."
        )
    if row.kind == SubjectKind.NUMBER and lookup.find_published([row.key]):
        raise ActionError("Đây là số công bố của một cơ quan, ngân hàng.")


def take_down(pk: UUID, *, by: User) -> None:
    """Let the public pages tell it no longer, at once: one officer may. Raises ActionError."""
    _require_permission(by, REVIEW)
    with transaction.atomic():
        if _lock(pk).published_at is None:
            raise ActionError("Câu trả lời này không hiện trên trang.")
        _update(pk, published_at=None)
        events.log_event("office_question", pk, "office_denial_taken_down", by=by)


def list_about(of: Iterable[Subject]) -> list[OfficeQuestion]:
    """Return the newest questions about any of these, withdrawn ones left out. One statement."""
    rows = _filter_about(of).filter(withdrawn_at=None).select_related("contact")
    return list(rows.order_by("-asked_at")[:MAX_SHOWN])


def list_denials(subject: Subject) -> list[OfficeQuestion]:
    """Return the published answers that still count: none older than a clearing of what was asked about.
    One statement, three where there are any.
    """
    rows = _filter_about([subject]).filter(answered_at__gt=timezone.now() - PUBLIC_FOR)
    denials = list(rows.exclude(published_at=None).select_related("contact")[:MAX_SHOWN])
    if not denials:
        return []
    named = subjects.finding_subject(subject)
    _, cleared_at = lookup.load_finding(named.kind, [named.key], named.bank)
    return [row for row in denials if not (cleared_at and row.answered_at < cleared_at)]


def _filter_about(of: Iterable[Subject]) -> QuerySet[OfficeQuestion]:
    named = [
        Q(kind=each.kind, key=each.key) & (Q(bank__in=("", each.bank)) if each.bank else Q())
        for each in map(subjects.finding_subject, of)
        if each.key
    ]
    rows = OfficeQuestion.objects.all()
    return rows.filter(reduce(or_, named)) if named else rows.none()


def _lock(pk: UUID) -> OfficeQuestion:
    row = OfficeQuestion.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise ActionError("Câu hỏi này không còn giữ.")
    return row


def _update(pk: UUID, **changes: Any) -> None:
    OfficeQuestion.objects.filter(pk=pk).update(**changes)


def _require_permission(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotAllowedError("Bạn không có quyền hỏi cơ quan, xem trả lời.")


# --- the mails: the question, one reminder, and that an answer was given


def send_due_mails() -> None:
    """Send the mails that are owed. One that the server refuses is owed again after a pause."""
    owed = OfficeQuestion.objects.filter(next_mail_at__lte=Now()).order_by("next_mail_at")
    sweeps.for_each(_MAILS, sweeps.available(_MAILS, owed)[:_MAX_MAILS], _send_mail)


def _send_mail(row: OfficeQuestion) -> bool:
    """Send the mail that a question owes. Raises MailError."""
    owed = OfficeQuestion.objects.filter(pk=row.pk, next_mail_at__lte=Now())
    if not owed.update(next_mail_at=Now() + _LOST_AFTER):
        return False
    row.refresh_from_db(from_queryset=OfficeQuestion.objects.select_related("contact"))
    if row.contact.email:  # which officers may have taken away since
        words = build_page_context() | {"question": row, "link": sign_link(row)}
        mail.send(mail.render_mail("reports/office_question.txt", [row.contact.email], words))
    remind_at = row.due_at - REMINDER_NOTICE
    is_to_remind = row.is_open and row.sent_at is None and remind_at > timezone.now()
    changes = {"sent_at": Now(), "next_mail_at": remind_at if is_to_remind else None}
    # Of an answer that came meanwhile a mail is owed still.
    OfficeQuestion.objects.filter(pk=row.pk, answered_at=row.answered_at).update(**changes)
    return True
