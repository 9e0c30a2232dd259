"""Questions to the offices that callers claim to speak for; the only writer of them.

A question is what it is about and fixed words, nothing of a report. It goes by mail, as a link whose holder
answers once. An answer stands beside what else is known: it clears nothing and accuses nobody. That an
office does not use a number, two officers let the public pages tell.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

import structlog
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
from core.models import Proposal
from core.outbox import sweeps
from core.province_names import build_page_context
from core.text import lower_initial
from reports.calendar import deadline_rules
from reports.facts.choices import demand_label
from reports.models import Office, OfficeQuestion, SubjectKind
from reports.numbers import findings, lookup, subjects
from reports.numbers.subjects import Subject
from reports.reference import confirmed_statements

log = structlog.get_logger(__name__)

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
    typed: str, office: Office, question: str, demand: str = "", *, by: User
) -> OfficeQuestion:
    """Return an unsaved question about what was typed; `demand`: a box of the report form, of which it is
    asked whether the office calls people so. Raises ActionError.
    """
    _require_permission(by, ASK)
    if not (mail.mail_is_configured() and office.email):
        raise ActionError("Cổng chưa gửi được thư cho cơ quan này. Hỏi bằng cách khác.")
    subject = subjects.parse_subject(typed)
    if not subject.key or subjects.has_card(typed):
        raise ActionError("Chưa đọc được một số, một tài khoản hay một đường link ở đây.")
    what = SubjectKind(subject.kind).label
    text = f"{what[:1].upper()}{what[1:]} này có phải của cơ quan không?"
    if question == Question.PRACTICE:
        if not demand:
            raise ActionError("Chọn người gọi đòi gì, để cơ quan biết hỏi về điều gì.")
        claim = (
            f"Có người dùng {what} này, xưng là {office}: {lower_initial(demand_label(demand))}."
        )
        text = f"{claim} Cơ quan có gọi cho người dân như thế không?"
    due_at = deadline_rules.add_working_days(timezone.now(), ANSWER_WORKING_DAYS)
    asked = {"office": office, "question": question, "text": text, "asked_by": by, "due_at": due_at}
    return OfficeQuestion(kind=subject.kind, key=subject.key, bank=subject.bank, **asked)


def store_question(row: OfficeQuestion) -> None:
    """Store what `build_question` returned; its mail is owed from now on. Raises ActionError."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            events.log_event("office_question", row.pk, "office_asked", by=row.asked_by)
    except IntegrityError as error:
        raise ActionError("Đã hỏi cơ quan này điều ấy rồi, đang chờ trả lời.") from error


def withdraw(pk: UUID, *, by: User) -> None:
    """Ask no longer: the link opens nothing more. Raises ActionError where it was answered."""
    _require_permission(by, ASK)
    with transaction.atomic():
        if not _lock(pk).is_open:
            raise ActionError("Câu hỏi này đã có trả lời, hoặc đã thôi hỏi.")
        OfficeQuestion.objects.filter(pk=pk).update(withdrawn_at=Now(), next_mail_at=None)
        events.log_event("office_question", pk, "office_question_withdrawn", by=by)


# --- the answer of a clerk


def sign_link(row: OfficeQuestion) -> str:
    """Return the address that lets whoever has it answer this question, once and for a time."""
    expiry = str(int((row.due_at + LINK_VALIDITY).timestamp()))
    token = keys.sign_token(LINK, expiry, str(row.pk))
    return f"{settings.PORTAL_URL}{reverse('office_answer', args=[token])}"


def find_by_token(token: str) -> OfficeQuestion | None:
    """Return the question of a genuine link, None where that is over or the row is gone."""
    parts = keys.read_token(LINK, token)
    rows = OfficeQuestion.objects.select_related("office")
    return rows.filter(pk=parts[0]).first() if parts else None


def record_answer(pk: UUID, answer: str, note: str) -> bool:
    """Record the one answer to a question; return False where it is answered or withdrawn by now. The
    office's mailbox is told, so that it learns of an answer that somebody else gave.
    """
    sealed = encryption.encrypt(note.strip(), "note", pk)
    rows = OfficeQuestion.objects.filter(pk=pk, answered_at=None, withdrawn_at=None)
    given = {"answer": answer, "note_sealed": sealed, "answered_at": Now(), "next_mail_at": Now()}
    with transaction.atomic():
        if not rows.update(**given):
            return False
        events.log_event("office_question", pk, "office_answered", outcome=answer)
    return True


# --- what officers make of it


class _Denial(proposals.Act):
    """Telling on public pages that an office does not use something."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        row = _lock(UUID(proposal.target))
        if why := publication_blocker(row):
            raise ActionError(why)
        OfficeQuestion.objects.filter(pk=row.pk).update(published_at=Now())


DENIAL = _Denial("office_denial", confirmed_statements.CONFIRM)


def review(pk: UUID, *, publish: bool, by: User) -> Proposal | None:
    """Mark an answer as read; to publish it is proposed to a colleague, and that returned. Raises
    ActionError.
    """
    _require_permission(by, REVIEW)
    with transaction.atomic():
        row = _lock(pk)
        if row.answered_at is None:
            raise ActionError("Cơ quan chưa trả lời.")
        if publish and (why := publication_blocker(row)):
            raise ActionError(why)
        OfficeQuestion.objects.filter(pk=pk).update(reviewed_at=Now())
        events.log_event("office_question", pk, "office_answer_reviewed", by=by)
        return proposals.propose(DENIAL, pk, {}, by=by) if publish else None


def publication_blocker(row: OfficeQuestion) -> str:
    """Return why an answer may not be told in public, in a sentence, or ""."""
    if (row.question, row.answer) != (Question.OWN, Answer.NO) or row.published_at:
        return "Chỉ câu trả lời “Không phải của chúng tôi”, chưa hiện, mới cho hiện được."
    is_published = row.kind == SubjectKind.NUMBER and lookup.find_published([row.key])
    return "Đây là số công bố của một cơ quan, ngân hàng." if is_published else ""


def take_down(pk: UUID, *, by: User) -> None:
    """Let the public pages tell it no longer, at once: one officer may. Raises ActionError."""
    _require_permission(by, REVIEW)
    with transaction.atomic():
        if _lock(pk).published_at is None:
            raise ActionError("Câu trả lời này không hiện trên trang.")
        OfficeQuestion.objects.filter(pk=pk).update(published_at=None)
        events.log_event("office_question", pk, "office_denial_taken_down", by=by)


def list_about(*named: Subject) -> list[OfficeQuestion]:
    """Return the newest questions about any of these, withdrawn ones left out. One statement."""
    rows = _filter_about(named).filter(withdrawn_at=None).select_related("office")
    return list(rows.order_by("-asked_at")[:MAX_SHOWN])


def list_denials(subject: Subject) -> list[OfficeQuestion]:
    """Return the published answers that still count: none older than a clearing of what was asked about.
    One statement, three or four where there are any.
    """
    rows = _filter_about([subject]).filter(answered_at__gt=timezone.now() - PUBLIC_FOR)
    denials = rows.exclude(published_at=None).select_related("office")
    if not denials:
        return []
    named = subjects.finding_subject(subject)
    _, cleared_at = lookup.load_finding(named.kind, [named.key], named.bank)
    return list(denials.filter(answered_at__gt=cleared_at) if cleared_at else denials)


def _filter_about(named: Iterable[Subject]) -> QuerySet[OfficeQuestion]:
    every = (each.named for each in map(subjects.finding_subject, named) if each.key)
    return OfficeQuestion.objects.filter(reduce(or_, every, Q(pk=None)))


def _lock(pk: UUID) -> OfficeQuestion:
    row = OfficeQuestion.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise ActionError("Câu hỏi này không còn giữ.")
    return row


def _require_permission(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotAllowedError("Bạn không có quyền hỏi cơ quan, xem trả lời.")


# --- the mails: the question, one reminder, and that an answer was given, which the officer reads too


def send_due_mails() -> None:
    """Send the mails that are owed. One that the server refuses is owed again after a pause."""
    owed = OfficeQuestion.objects.filter(next_mail_at__lte=Now()).order_by("next_mail_at")
    sweeps.for_each(_MAILS, sweeps.available(_MAILS, owed)[:_MAX_MAILS], _send_mail)


def _send_mail(row: OfficeQuestion) -> bool:
    """Send the mail that a question owes; return False where it owes none. Raises MailError."""
    owed = OfficeQuestion.objects.filter(pk=row.pk, next_mail_at__lte=Now())
    if not owed.update(next_mail_at=Now() + _LOST_AFTER):
        return False
    row = OfficeQuestion.objects.select_related("office", "asked_by").get(pk=row.pk)
    changes: dict[str, Any] = {}
    if row.office.email:  # which officers may have taken away since
        words = build_page_context() | {"question": row, "link": sign_link(row)}
        mail.send(mail.render_mail("reports/office_question.txt", [row.office.email], words))
        changes["sent_at"] = Now()
    if row.answered_at:
        _tell_asker(row)
    remind_at = row.due_at - REMINDER_NOTICE
    is_to_remind = row.is_open and row.sent_at is None and remind_at > timezone.now()
    changes["next_mail_at"] = remind_at if is_to_remind else None
    # Of an answer that came meanwhile a mail is owed still, of what was withdrawn none.
    same = OfficeQuestion.objects.filter(pk=row.pk, answered_at=row.answered_at, withdrawn_at=None)
    return bool(same.update(**changes))


def _tell_asker(row: OfficeQuestion) -> None:
    """Mail who asked that an answer is there; should the server refuse, the start page says it too."""
    if row.asked_by.is_active and row.asked_by.email:
        words = {"question": row, "desk": f"{settings.PORTAL_URL}/{settings.ADMIN_PATH}/"}
        letter = mail.render_mail("reports/office_answered.txt", [row.asked_by.email], words)
        mail.send_or_log(letter, log, "office_question.mail_failed", question=str(row.pk))
