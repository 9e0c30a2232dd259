"""The status of a report for its reporter: steps, messages, files.

Never an officer's name or reason, never the call-back phrase.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import encryption
from core.province import province
from core.province_names import insert_hotline
from core.text import normalize
from reports.attachments import storage
from reports.attachments.filetypes import by_media_type, format_size
from reports.calendar import deadline_rules
from reports.facts import abuse_flags
from reports.models import Case, Message, Report, TransferSlip
from reports.models.report_views import views_of_report
from reports.public import office_texts
from reports.public.office_texts import OfficeNumberText
from reports.reference import confirmed_statements

Status, Outcome = Case.Status, Case.Outcome

MAX_MESSAGES = 100  # on a page, the latest
MAX_MESSAGE_LENGTH = 4000  # characters
# Words of no Vietnamese sentence, with or without marks.
_ENGLISH_WORDS = re.compile(r"\b(?:you|your|we|our|and|of|please|are|which|what|thank)\b")

_CLOSED = _("Đã xử lý xong trên trang này")
_INSUFFICIENT = _("Chưa đủ để làm tiếp. Có gì mới, bạn ghi thêm ở đây.")
_STEPS = {
    Status.IN_REVIEW: (_("Đang kiểm tra"), _("Cán bộ đang đối chiếu với các tin khác.")),
    Status.WAITING: (
        _("Chờ bạn trả lời"),
        insert_hotline(_("Cán bộ cần hỏi thêm. Tự bấm {hotline}, đọc số tin ở trên.")),
    ),
    Status.CRIME_REPORT: (_("Đã chuyển cơ quan điều tra"), _("Tin có dấu hiệu tội phạm.")),
    Status.JUNK: (_CLOSED, _INSUFFICIENT),
    Status.WITHDRAWN: (_CLOSED, _("Bạn đã đề nghị rút tin.")),
}
_OUTCOMES = {
    Outcome.WARNED: _("Tin đã góp vào cảnh báo cho mọi người."),
    Outcome.SCAM: _(
        "Cán bộ thấy có dấu hiệu lừa đảo. Tin của bạn giúp nhận ra những cuộc gọi giống vậy."
        " Kẻ gian gọi nữa thì cúp máy. Có gì mới, bạn ghi thêm ở đây."
    ),
    Outcome.DUPLICATE: _("Trùng tin bạn đã gửi."),
    Outcome.INSUFFICIENT: _INSUFFICIENT,
    Outcome.NOT_SCAM: _("Cán bộ thấy không phải lừa đảo. Chưa đúng thì báo lại."),
}
_ANSWERS_OF_UNIT = {
    TransferSlip.Outcome.HELPED: _("Nơi đó đã gặp người báo và ngăn chặn."),
    TransferSlip.Outcome.ACCEPTED: _("Nơi đó nhận giải quyết, đang kiểm tra tiếp."),
    TransferSlip.Outcome.FORWARDED: _("Nơi đó đã chuyển cơ quan điều tra."),
    TransferSlip.Outcome.NO_GROUNDS: _INSUFFICIENT,
    TransferSlip.Outcome.UNREACHED: _(
        "Nơi đó chưa liên hệ được với bạn. Gọi số ở trên, hoặc ghi số mới của bạn ở đây."
    ),
}
_DEADLINE_RULES = {
    "first_review": deadline_rules.add_hours,
    "notified_unit": deadline_rules.add_working_days,
}


@dataclass(frozen=True)
class PublicDeadline:
    """A confirmed promise for one report."""

    due: datetime
    sentence: str


@dataclass(frozen=True)
class ProgressStep:
    word: str | Promise
    sentence: str | Promise = ""
    at: datetime | None = None
    is_done: bool = False
    is_to_come: bool = False
    number: OfficeNumberText | None = None  # of the unit that took the report over

    @property
    def text(self) -> str:
        """Return the sentence, with the number and address of the unit behind it."""
        line = self.number
        words = (self.sentence, line.number, line.address) if line else (self.sentence,)
        return " ".join(filter(None, map(str, words)))


@dataclass(frozen=True)
class UploadResult:
    """The line about one thing that was just sent; `status` is an HTTP status."""

    name: str
    text: str | Promise
    status: int = 422

    @property
    def is_taken(self) -> bool:
        return self.status == 200


@dataclass(frozen=True)
class SentFile:
    """A stored file as its sender sees it; without a name once it was erased."""

    id: UUID
    name: str
    word: str
    size: str
    at: datetime
    erased_at: datetime | None


@dataclass(frozen=True)
class ConversationMessage:
    """One message as the reporter sees it, of the desk or their own; only the desk asks questions."""

    is_from_reporter: bool
    is_question: bool
    at: datetime
    text: str
    is_cut: bool
    language: str  # vi or en, by its words


@dataclass(frozen=True)
class Conversation:
    """The messages both ways, oldest first."""

    messages: tuple[ConversationMessage, ...]

    @property
    def last_question(self) -> ConversationMessage | None:
        return next((each for each in reversed(self.messages) if each.is_question), None)

    @property
    def question(self) -> ConversationMessage | None:
        """Return the desk's last question while it is not answered."""
        return None if self.answered_at else self.last_question

    @property
    def answered_at(self) -> datetime | None:
        """Return when the reporter wrote last, if that was after the desk's last question."""
        newest = reversed(self.messages)
        last = next((each for each in newest if each.is_from_reporter or each.is_question), None)
        return last.at if last and last.is_from_reporter and self.last_question else None


def files_sent(report: Report) -> list[SentFile]:
    return [
        SentFile(
            file.pk,
            encryption.decrypt_field(file, "name") or "",
            by_media_type(file.media_type).word,
            format_size(file.size),
            timezone.localtime(file.received_at),
            file.erased_at and timezone.localtime(file.erased_at),
        )
        for file in storage.files_of_report(report)
    ]


def conversation(report: Report) -> Conversation:
    """Return the latest messages between desk and reporter. One statement."""
    rows = report.messages.filter(erased_at=None).order_by("-id")[:MAX_MESSAGES]
    return Conversation(tuple(_build_message(row) for row in reversed(rows)))


def _build_message(message: Message) -> ConversationMessage:
    text = encryption.decrypt_field(message, "text") or ""
    at = timezone.localtime(message.sent_at)
    shown, is_cut = text[:MAX_MESSAGE_LENGTH], len(text) > MAX_MESSAGE_LENGTH
    origin = message.actor_id is None, message.is_question
    return ConversationMessage(*origin, at, shown, is_cut, _detect_language(text))


def _detect_language(text: str) -> str:
    """Return vi or en by the words: officers write either on any page."""
    words = text.split()
    is_plain = 2 * sum(map(str.isascii, words)) > len(words)
    return "en" if is_plain and _ENGLISH_WORDS.search(normalize(text)) else "vi"


def progress_steps(report: Report, case: Case, messages: Conversation) -> list[ProgressStep]:
    """Return the steps done, the present one and those to come. One statement, three after a
    hand-over.
    """
    read_at = _first_read_at(report)
    steps = [ProgressStep(_("Đã nhận"), "", report.received_local, is_done=True)]
    if read_at:
        steps.append(
            ProgressStep(_("Cán bộ đã đọc"), "", read_at, is_done=case.status != Status.NEW)
        )
    elif case.status == Status.NEW:
        steps.append(ProgressStep(_("Chờ cán bộ đọc"), _format_review_promise(report)))
    if case.status == Status.HANDED_OVER:
        steps += _list_handover_steps(case)
    elif case.status != Status.NEW:
        steps.append(_build_state_step(case, messages))
    return [*steps, *_list_future_steps(report, case)]


def public_deadline(codename: str, report: Report) -> PublicDeadline | None:
    """Return the promise `first_review` or `notified_unit` for a report, None until it is confirmed."""
    statement = confirmed_statements.statements().get(codename)
    if statement is None or not statement.amount:
        return None
    due = _DEADLINE_RULES[codename](report.received_at, statement.amount)
    sentence = statement.text.replace("{time}", deadline_rules.format_deadline(due))
    return PublicDeadline(due, sentence)


def urgent_promise(report: Report) -> str:
    """Return what the desk's clock says of a report of somebody under pressure, "" where it does not run."""
    due = deadline_rules.due_at(deadline_rules.CALL, report.received_at)
    if abuse_flags.is_deprioritized(report.all_flags) or due < timezone.now():
        return ""
    sentence = gettext(
        "Tin này xếp lên đầu. Có số của bạn thì cán bộ trực được nhắc gọi trước %(time)s."
    )
    return sentence % {"time": f"{timezone.localtime(due):%H:%M}"}


def _format_review_promise(report: Report) -> str:
    """Return the sentence on the first look, with its time once that promise is confirmed."""
    every = gettext("Tin nào cũng có cán bộ đọc.")
    if report.happening_now:
        return f"{every} {urgent_promise(report)}".rstrip()
    promise = public_deadline("first_review", report)
    if promise is None:
        return every
    if promise.due < timezone.now():
        late = gettext("Tin này chậm hơn dự kiến. Gấp thì gọi %(hotline)s.")
        return f"{every} {late % {'hotline': province.hotline}}"
    return f"{every} {promise.sentence}"


def _list_future_steps(report: Report, case: Case) -> Iterable[ProgressStep]:
    """Yield the step after this one, once that promise is confirmed and until it is due."""
    promise = public_deadline("notified_unit", report)
    if case.status in Case.OPEN and promise and promise.due > timezone.now():
        yield ProgressStep(_("Báo nơi nhận xử lý"), promise.sentence, is_to_come=True)


def _list_handover_steps(case: Case) -> Iterable[ProgressStep]:
    """Yield to whom the report went and how to reach them, what they did, and what comes next."""
    slip = TransferSlip.objects.under_way().filter(report=case.pk).first()
    received_at, answered_at = (slip.received_at, slip.answered_at) if slip else (None, None)
    yield _build_handover_step(case, is_done=bool(received_at))
    if received_at:
        at = timezone.localtime(received_at)
        yield ProgressStep(_("Nơi đó đã nhận tin"), "", at, is_done=bool(answered_at))
    if slip and answered_at:
        answer = _ANSWERS_OF_UNIT[TransferSlip.Outcome(slip.outcome)]
        yield ProgressStep(_("Nơi đó đã trả lời"), answer, timezone.localtime(answered_at))
    else:
        word = _("Nơi đó trả lời") if received_at else _("Nơi đó nhận tin")
        yield ProgressStep(word, _("Việc ở nơi đó đến đâu, trang này ghi đến đó."), is_to_come=True)


def _build_handover_step(case: Case, *, is_done: bool) -> ProgressStep:
    number = office_texts.find_unit_number(case)
    text = gettext("Tin đã chuyển đến %(unit)s.") % {"unit": case.unit_name}
    if number is None:
        ask = gettext("Cần hỏi, tự bấm %(hotline)s, đọc số tin ở trên. Đừng tìm số trên mạng.")
        text = f"{text} {ask % {'hotline': province.hotline}}"
    at = timezone.localtime(case.changed_at)
    return ProgressStep(_("Đã chuyển nơi xử lý"), text, at, is_done=is_done, number=number)


def _build_state_step(case: Case, messages: Conversation) -> ProgressStep:
    at = timezone.localtime(case.changed_at)
    if case.status == Status.CLOSED:
        return ProgressStep(_CLOSED, _OUTCOMES[Outcome(case.outcome)], at)
    if case.status == Status.WAITING and messages.last_question:
        return _build_waiting_step(at, messages)
    if case.status == Status.WITHDRAWN and case.report.erased_at:
        return ProgressStep(_CLOSED, _("Dữ liệu đã xóa theo đề nghị của bạn."), at)
    word, sentence = _STEPS[Status(case.status)]
    text = str(sentence)
    if case.status == Status.CRIME_REPORT and (
        law := confirmed_statements.statements().get("investigators")
    ):
        text = f"{text} {law.text}"
    return ProgressStep(word, text, at)


def _build_waiting_step(at: datetime, messages: Conversation) -> ProgressStep:
    if messages.answered_at is None:
        return ProgressStep(_("Chờ bạn trả lời"), _("Cán bộ hỏi thêm một câu, ở đầu trang."), at)
    answered = f"{messages.answered_at:%H:%M, %d/%m/%Y}"
    text = gettext("Đã nhận câu trả lời của bạn lúc %(at)s.") % {"at": answered}
    return ProgressStep(_("Cán bộ đã hỏi thêm"), text, at)


def _first_read_at(report: Report) -> datetime | None:
    view = views_of_report(report.pk).first()
    return timezone.localtime(view.created_at) if view else None
