"""Confirm a follow-up: what was saved, what could not be parsed, the total loss, urgent help."""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext, gettext_lazy, ngettext
from django_stubs_ext import StrPromise

from core.text import lower_initial
from reports.extraction import story_reader
from reports.extraction.language import amounts
from reports.extraction.language.parsed_story import parse_story
from reports.facts import effective_facts, merged_report
from reports.facts.choices import OFFICES
from reports.facts.merged_report import Caller
from reports.models import Case, Report
from reports.submission.call_details import FLAG_CARD_LEFT_OUT
from reports.tracking import clarifying_questions
from reports.tracking.followups import (
    MAX_CHARS_READ_AT_ONCE,
    FollowupResult,
    FollowupSubmission,
    truncate_middle,
)
from reports.triage import report_triage

_MAX_QUOTE_LENGTH = 40
_CHANNELS: dict[str, StrPromise] = {
    Report.Channel.NUMBER: gettext_lazy("gọi điện thoại"),
    Report.Channel.HIDDEN: gettext_lazy("máy không hiện số, hoặc không nhớ số"),
    Report.Channel.APP: gettext_lazy("gọi qua Zalo, Facebook, ứng dụng khác"),
}


class EmergencyHelp(NamedTuple):
    """What the red help of the page is for; fields as of Report."""

    happening_now: bool
    money_lost: bool


def emergency_help(report: Report, words: str, money_raw: str = "") -> EmergencyHelp | None:
    """Return the help to show after these words were added, None for none. One statement."""
    parsed = parse_story(truncate_middle(words))
    facts = story_reader.read_story(parsed)
    paid = parsed.sums or any(
        deed.kind == "pay" and deed.state == "done" for deed in parsed.actions
    )
    typed = bool(money_raw.strip()) and amounts.parse_money_field(money_raw).value != 0
    now = facts.ongoing or _is_ongoing(report)
    lost = typed or bool(paid and facts.money_lost_vnd != 0) or (now and bool(report.money_lost))
    return EmergencyHelp(now, lost) if now or lost else None


def _is_ongoing(report: Report) -> bool:
    """Return whether the coercion goes on, by the desk, else the extraction, else the form."""
    open_report = Report.objects.filter(pk=report.pk, case__status__in=Case.OPEN)
    for ongoing in open_report.values_list(effective_facts.ongoing_expression(), flat=True):
        return bool(report.happening_now) if ongoing is None else bool(ongoing)
    return False


def confirmation_sentences(submission: FollowupSubmission, result: FollowupResult) -> list[str]:
    """Return the page's sentences, the first of them what was added and the total loss."""
    if not result.is_new:
        return [gettext("Trang đã ghi những điều này từ trước, giữ một bản.")]
    added = gettext("Đã ghi thêm: %(what)s.") % {"what": ", ".join(_list_parts(submission))}
    first = " ".join([added, *_format_total_loss(submission, result.followup.report)])
    return [first, *_list_problems(submission, result.followup.flags)]


def _format_total_loss(submission: FollowupSubmission, report: Report) -> Iterator[str]:
    """Yield the total loss, if this follow-up names a sum and all texts are short enough."""
    typed = submission.money_lost_raw
    loss = amounts.parse_money_field(typed).value if typed.strip() else _loss_in(submission.story)
    if not loss:
        return
    followups = tuple(merged_report.iter_followups(report))
    if len(report.story) + sum(len(each.story) for each in followups) > MAX_CHARS_READ_AT_ONCE:
        return
    if lost := report_triage.read_report(report, followups).money_lost_vnd:
        figures, words = clarifying_questions.format_sum(lost)
        total = gettext("Tin ghi tổng cộng đã mất %(figures)s đồng (%(words)s đồng).")
        yield total % {"figures": figures, "words": words}


def _loss_in(story: str) -> int | None:
    if not story.strip():
        return None
    return story_reader.extract_from_story(story[:MAX_CHARS_READ_AT_ONCE]).money_lost_vnd


def _list_parts(submission: FollowupSubmission) -> Iterator[str]:
    if submission.story.strip():
        yield gettext("lời kể")
    if count := len(submission.callers):
        yield ngettext("%(count)d người gọi", "%(count)d người gọi", count) % {"count": count}
    if count := len(submission.accounts):
        yield ngettext("%(count)d tài khoản", "%(count)d tài khoản", count) % {"count": count}
    if count := len(submission.links):
        yield ngettext("%(count)d đường link", "%(count)d đường link", count) % {"count": count}
    if submission.called_day or submission.called_on_raw:
        yield gettext("lúc họ gọi")
    if submission.money_lost_raw.strip():
        yield gettext("số tiền")
    if submission.commune_raw.strip():
        yield gettext("nơi bạn ở")
    if submission.contact.strip():
        yield gettext("số của bạn")
    if submission.phrase.strip():
        yield gettext("câu hẹn")


def _list_problems(submission: FollowupSubmission, flags: list[str]) -> Iterator[str]:
    """Yield a sentence for each problem that clarifying_questions.py does not ask about."""
    sentences = {
        "date_in_future": gettext("Ngày “%(typed)s” chưa tới. Xem lại ngày họ gọi, rồi ghi lại."),
        "date_unread": gettext("Chưa rõ ngày “%(typed)s”. Ghi ngày và tháng, ví dụ 3/11."),
        "list_cut": gettext("Có chỗ dài quá một ô. Phần còn lại trang giữ trong lời kể."),
        "chars_replaced": gettext("Có ký tự hỏng, trang đã thay bằng dấu khác."),
        FLAG_CARD_LEFT_OUT: gettext(
            "Có ô ghi dãy số giống số thẻ. Trang đã bỏ số đó đi, không giữ."
        ),
        "masked_id": gettext("Có dãy số giống số căn cước trong lời kể. Trang đã che đi."),
        "masked_card": gettext("Có dãy số giống số thẻ trong lời kể. Trang đã che đi."),
    }
    for flag, sentence in sentences.items():
        if flag in flags:
            yield sentence % {"typed": submission.called_on_raw[:_MAX_QUOTE_LENGTH]}


def caller_line(caller: Caller) -> str:
    """Return one caller as a phrase: what the phone showed, whom and what name they claimed, how they called."""
    office = lower_initial(office_label(caller.office))
    other = gettext("xưng nơi khác, hoặc không nhớ")
    claimed = other if caller.office == "other" else gettext("xưng là %s") % office
    phrases = (
        gettext("máy hiện “%s”") % caller.number.strip() if caller.number.strip() else "",
        claimed if office.strip() else "",
        gettext("nêu tên “%s”") % caller.name.strip() if caller.name.strip() else "",
        str(_CHANNELS.get(caller.channel, "")),
    )
    return ", ".join(filter(None, phrases))


def office_label(code: str) -> str:
    """Return what the form calls an office; other words stand for themselves."""
    return str(dict(OFFICES).get(code, code))
