"""What a reporter is told of what was just added: what came in, what could not be read, what was
lost in all by now; and the help that is due at once.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext, ngettext

from reports.extraction import story_reader
from reports.extraction.language import amounts
from reports.extraction.language.parsed_story import parse_story
from reports.facts import effective_facts, merged_report
from reports.facts.choices import OFFICES
from reports.facts.merged_report import Caller
from reports.models import Case, Report
from reports.tracking import clarifying_questions
from reports.tracking.followups import (
    READ_AT_ONCE,
    FollowupResult,
    FollowupSubmission,
    truncate_middle,
)
from reports.triage import service

_MAX_LENGTH = 40  # signs of what was typed that are said back


class EmergencyHelp(NamedTuple):
    """What the red help of a page is for, named as on the report."""

    happening_now: bool
    money_lost: bool


def emergency_help(report: Report, words: str, money_raw: str = "") -> EmergencyHelp | None:
    """The help that is due once this was added, None for none. One statement."""
    text = truncate_middle(words)
    said, look = story_reader.extract_from_story(text), parse_story(text)
    paid = look.sums or any(deed.kind == "pay" and deed.state == "done" for deed in look.actions)
    typed = bool(money_raw.strip()) and amounts.parse_money_field(money_raw).value != 0
    now = said.ongoing or _is_pressed(report)
    lost = typed or bool(paid and said.money_lost_vnd != 0) or (now and bool(report.money_lost))
    return EmergencyHelp(now, lost) if now or lost else None


def _is_pressed(report: Report) -> bool:
    """Whether its reporter is held to be pressed still: by the desk, else machine, else form."""
    open_one = Report.objects.filter(pk=report.pk, case__status__in=Case.OPEN)
    for ongoing in open_one.values_list(effective_facts.ongoing(), flat=True):
        return bool(report.happening_now) if ongoing is None else bool(ongoing)
    return False


def confirmation_sentences(said: FollowupSubmission, kept: FollowupResult) -> list[str]:
    """Sentences for the page, the first of them what was added and what was lost by now."""
    if not kept.is_new:
        return [gettext("Trang đã ghi những điều này từ trước, giữ một bản.")]
    what = gettext("Đã ghi thêm: %(what)s.") % {"what": ", ".join(_parts(said))}
    first = " ".join([what, *_in_all(said, kept.addition.report)])
    return [first, *_odd(said, kept.addition.flags)]


def _in_all(said: FollowupSubmission, report: Report) -> Iterator[str]:
    """The loss that the report tells of by now, where this speaks of one that was understood, and
    all that was told is read in no time.
    """
    typed = said.money_lost_raw
    sums = amounts.parse_money_field(typed).value if typed.strip() else _sum_in(said.story)
    if not sums:
        return
    followups = tuple(merged_report.iter_followups(report))
    if len(report.story) + sum(len(each.story) for each in followups) > READ_AT_ONCE:
        return
    if lost := service.read_report(report, followups).money_lost_vnd:
        figures, words = clarifying_questions.in_figures_and_words(lost)
        total = gettext("Tin ghi tổng cộng đã mất %(figures)s đồng (%(words)s đồng).")
        yield total % {"figures": figures, "words": words}


def _sum_in(story: str) -> int | None:
    return (
        story_reader.extract_from_story(story[:READ_AT_ONCE]).money_lost_vnd
        if story.strip()
        else None
    )


def _parts(said: FollowupSubmission) -> Iterator[str]:
    if said.story.strip():
        yield gettext("lời kể")
    if legs := len(said.legs):
        yield ngettext("%(count)d người gọi", "%(count)d người gọi", legs) % {"count": legs}
    if many := len(said.accounts):
        yield ngettext("%(count)d tài khoản", "%(count)d tài khoản", many) % {"count": many}
    if many := len(said.links):
        yield ngettext("%(count)d đường link", "%(count)d đường link", many) % {"count": many}
    if said.called_day or said.called_on_raw:
        yield gettext("lúc họ gọi")
    if said.money_lost_raw.strip():
        yield gettext("số tiền")
    if said.commune_raw.strip():
        yield gettext("nơi bạn ở")
    if said.contact.strip():
        yield gettext("số của bạn")
    if said.phrase.strip():
        yield gettext("câu hẹn")


def _odd(said: FollowupSubmission, flags: list[str]) -> Iterator[str]:
    """What the page asks back in a form of its own (asking.py) is left out here."""
    sentences = {
        "date_in_future": gettext("Ngày “%(typed)s” chưa tới. Xem lại ngày họ gọi, rồi ghi lại."),
        "date_unread": gettext("Trang chưa hiểu ngày “%(typed)s”. Ghi ngày và tháng, ví dụ 3/11."),
        "list_cut": gettext("Có chỗ dài quá một ô. Phần còn lại trang giữ trong lời kể."),
        "signs_replaced": gettext("Có ký tự hỏng, trang đã thay bằng dấu khác."),
        "masked_id": gettext("Có dãy số giống số căn cước trong lời kể. Trang đã che đi."),
        "masked_card": gettext("Có dãy số giống số thẻ trong lời kể. Trang đã che đi."),
    }
    for flag, sentence in sentences.items():
        if flag in flags:
            yield sentence % {"typed": said.called_on_raw[:_MAX_LENGTH]}


def caller_line(leg: Caller) -> str:
    """One caller in a line: number, name, what they claimed to be, how they rang."""
    channel = str(dict(Report.Channel.choices).get(leg.channel, ""))
    parts = (leg.number, leg.name, office(leg.office), channel)
    return ", ".join(part.strip() for part in parts if part.strip())


def office(code: str) -> str:
    """What a caller claimed to be, as the form offers it; other words stand for themselves."""
    return str(dict(OFFICES).get(code, code))
