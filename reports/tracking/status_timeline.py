"""Where a report stands, in the words that its reporter is told. Never an officer's name, never
a reason that an officer wrote, never the call-back phrase.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import encryption
from core.audit import events
from core.province import province
from core.text import normalize
from reports.attachments import storage
from reports.attachments.filetypes import by_media_type, format_size
from reports.calendar import deadline_rules
from reports.models import Campaign, CampaignLink, Case, Message, Report
from reports.reference import confirmed_statements

S, O = Case.Status, Case.Outcome  # noqa: E741

MAX_MESSAGES = 100  # that a page shows, the latest
MAX_MESSAGE_LENGTH = 4000  # signs
# Words that no Vietnamese sentence has, with or without its marks.
_ENGLISH = re.compile(r"\b(?:you|your|we|our|and|of|please|are|which|what|thank)\b")
MIN_OTHERS = 5  # reports of a wave that are counted aloud; fewer could point at somebody

_CLOSED = _("Đã xử lý xong trên trang này")
_INSUFFICIENT = _("Chưa đủ để làm tiếp. Có gì mới, bạn ghi thêm ở đây.")
_WORDS = {
    S.IN_REVIEW: (_("Đang kiểm tra"), _("Cán bộ đang đối chiếu với các tin khác.")),
    S.WAITING: (
        _("Chờ bạn trả lời"),
        format_lazy(
            _("Cán bộ cần hỏi thêm. Tự bấm {hotline}, đọc số tin ở trên."), hotline=province.hotline
        ),
    ),
    S.HANDED_OVER: (
        _("Đã chuyển nơi xử lý"),
        _("Tin đã chuyển đến {unit}. Cần hỏi, gọi nơi đó."),
    ),
    S.ACTIONED: (_("Đã chuyển cơ quan điều tra"), _("Tin có dấu hiệu tội phạm.")),
    S.JUNK: (_CLOSED, _INSUFFICIENT),
    S.WITHDRAWN: (_CLOSED, _("Bạn đã đề nghị rút tin.")),
}
_OUTCOMES = {
    O.WARNED: _("Tin đã góp vào cảnh báo cho mọi người."),
    O.SCAM: _(
        "Cán bộ thấy có dấu hiệu lừa đảo. Tin của bạn giúp nhận ra những cuộc gọi giống vậy."
        " Kẻ gian gọi nữa thì cúp máy. Có gì mới, bạn ghi thêm ở đây."
    ),
    O.DUPLICATE: _("Trùng tin bạn đã gửi."),
    O.INSUFFICIENT: _INSUFFICIENT,
    O.NOT_SCAM: _("Cán bộ thấy không phải lừa đảo. Chưa đúng thì báo lại."),
}


@dataclass(frozen=True)
class ProgressStep:
    """One step of the way: done, the one where the report is now, or one that is to come."""

    word: str | Promise
    sentence: str | Promise = ""
    at: datetime | None = None
    is_done: bool = False
    is_to_come: bool = False


@dataclass(frozen=True)
class UploadResult:
    """What a sender is told of one thing that was just sent; `status` as HTTP has it."""

    name: str
    text: str | Promise
    status: int = 422

    @property
    def is_taken(self) -> bool:
        return self.status == 200


@dataclass(frozen=True)
class SentFile:
    """A file that was sent along, as its sender may see it again: what it is, never its name."""

    word: str
    size: str
    at: datetime


@dataclass(frozen=True)
class ConversationMessage:
    """One message as the reporter sees it: from the desk, or their own; what the desk asked is a
    question, and what else it told is none.
    """

    is_mine: bool
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
        """The desk's last question."""
        return next((said for said in reversed(self.messages) if said.is_question), None)

    @property
    def question(self) -> ConversationMessage | None:
        """The desk's last question, while nobody has answered it."""
        return None if self.answered_at else self.last_question

    @property
    def answered_at(self) -> datetime | None:
        """When the reporter wrote last, if that was after the desk's last question."""
        said_last = next((said for said in reversed(self.messages) if said.is_mine), None)
        if said_last is None or self.last_question is None:
            return None
        is_after = self.messages.index(said_last) > self.messages.index(self.last_question)
        return said_last.at if is_after else None


@dataclass(frozen=True)
class CampaignNotice:
    """The wave that a report belongs to, by the machine's eye or an officer's; `others` only where
    there are enough of them.
    """

    campaign: Campaign
    others: int | None
    is_machines: bool


def files_sent(report: Report) -> list[SentFile]:
    """The files of a report, in order. One statement."""
    return [
        SentFile(
            by_media_type(file.media_type).word,
            format_size(file.size),
            timezone.localtime(file.received_at),
        )
        for file in storage.files_of_report(report)
    ]


def conversation(report: Report) -> Conversation:
    """What desk and reporter wrote each other, the latest of it. One statement."""
    rows = report.messages.filter(erased_at=None).order_by("-id")[:MAX_MESSAGES]
    return Conversation(tuple(_build_message(row) for row in reversed(rows)))


def _build_message(message: Message) -> ConversationMessage:
    text = encryption.decrypt_field(message, "text") or ""
    at = timezone.localtime(message.sent_at)
    is_cut = len(text) > MAX_MESSAGE_LENGTH
    is_mine = message.actor_id is None
    return ConversationMessage(
        is_mine, message.is_question, at, text[:MAX_MESSAGE_LENGTH], is_cut, _language(text)
    )


def _language(text: str) -> str:
    """Officers write in either language on any page, so only the words tell."""
    words = text.split()
    is_plain = 2 * sum(map(str.isascii, words)) > len(words)
    return "en" if is_plain and _ENGLISH.search(normalize(text)) else "vi"


def campaign_summary(report: Report) -> CampaignNotice | None:
    """The wave of a report, and how many others are in it. Two statements at most."""
    link = CampaignLink.objects.select_related("campaign").filter(report=report).first()
    if link is None:
        return None
    others = CampaignLink.objects.filter(campaign=link.campaign).exclude(
        Q(report=report)
        | Q(report__case__status__in=(S.JUNK, S.WITHDRAWN))
        | Q(report__case__outcome__in=(O.DUPLICATE, O.NOT_SCAM))
    )
    many = others.count()
    is_machines = link.kind != CampaignLink.Kind.OFFICER
    return CampaignNotice(link.campaign, many if many >= MIN_OTHERS else None, is_machines)


def progress_steps(
    report: Report, case: Case, spoken: Conversation | None = None
) -> list[ProgressStep]:
    """The steps that a report has gone, where it stands and what comes. One statement."""
    read_at = _first_read_at(report)
    steps = [ProgressStep(_("Đã nhận"), "", report.received_local, is_done=True)]
    if read_at:
        steps.append(ProgressStep(_("Cán bộ đã đọc"), "", read_at, is_done=case.status != S.NEW))
    elif case.status == S.NEW:
        steps.append(ProgressStep(_("Chờ cán bộ đọc"), _until_read(report)))
    if case.status != S.NEW:
        steps.append(_build_state_step(case, spoken or Conversation(())))
    return [*steps, *_list_future_steps(report, case)]


def _until_read(report: Report) -> str:
    """The promise of the first look, once an officer has confirmed it."""
    every = gettext("Tin nào cũng có cán bộ đọc.")
    promise = confirmed_statements.statements().get("first_look")
    if promise is None or not promise.amount:
        return every
    due = deadline_rules.add_hours(report.received_at, promise.amount)
    if due < timezone.now():
        late = gettext("Tin này chậm hơn dự kiến. Gấp thì gọi %(hotline)s.")
        return f"{every} {late % {'hotline': province.hotline}}"
    return f"{every} {promise.text.replace('{time}', deadline_rules.format_deadline(due))}"


def _list_future_steps(report: Report, case: Case) -> Iterable[ProgressStep]:
    """Where the report goes from here, once that promise is confirmed and until it is due."""
    promise = confirmed_statements.statements().get("told_where")
    if case.status not in Case.OPEN or promise is None or not promise.amount:
        return
    due = deadline_rules.add_working_days(report.received_at, promise.amount)
    if due > timezone.now():
        sentence = promise.text.replace("{time}", deadline_rules.format_deadline(due))
        yield ProgressStep(_("Báo nơi nhận xử lý"), sentence, is_to_come=True)


def _build_state_step(case: Case, spoken: Conversation) -> ProgressStep:
    at = timezone.localtime(case.changed_at)
    if case.status == S.CLOSED:
        return ProgressStep(_CLOSED, _OUTCOMES[O(case.outcome)], at)
    if case.status == S.WAITING and spoken.last_question:
        return _build_waiting_step(at, spoken)
    word, sentence = _WORDS[S(case.status)]
    told = str(sentence).format(unit=case.unit)
    if case.status == S.ACTIONED and (
        law := confirmed_statements.statements().get("investigators")
    ):
        told = f"{told} {law.text}"
    return ProgressStep(word, told, at)


def _build_waiting_step(at: datetime, spoken: Conversation) -> ProgressStep:
    if spoken.answered_at is None:
        return ProgressStep(_("Chờ bạn trả lời"), _("Cán bộ hỏi thêm một câu, ở đầu trang."), at)
    answered = f"{spoken.answered_at:%H:%M, %d/%m/%Y}"
    told = gettext("Đã nhận câu trả lời của bạn lúc %(at)s.") % {"at": answered}
    return ProgressStep(_("Cán bộ đã hỏi thêm"), told, at)


def _first_read_at(report: Report) -> datetime | None:
    """When a person first looked at it."""
    act = events.views_of_report(report.pk).first()
    return timezone.localtime(act.created_at) if act else None
