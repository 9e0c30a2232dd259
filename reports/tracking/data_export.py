"""A reporter's own data as a text to keep: what they told, and what was written to them.

Never the call-back phrase, which whoever reads along must not learn; never a name of the desk;
nothing that the machine guessed or others told.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from core import encryption
from core.province import province
from core.province_names import get_police_name
from reports.facts import choices, merged_report
from reports.facts.choices import list_answers
from reports.facts.merged_report import Caller
from reports.models import Case, Followup, Message, Report
from reports.tracking import followup_feedback, status_timeline

MAX_LENGTH = 5_000_000  # signs; whoever wrote more is told that it is cut


def subject_access_text(report: Report) -> str:
    """The whole text, in the language of the page."""
    lines: list[str] = []
    room = MAX_LENGTH
    for line in _lines(report):
        room -= len(line)
        if room < 0:
            lines += [
                "",
                gettext("Bản này dài quá nên dừng ở đây. Cần phần còn lại: gọi %(hotline)s.")
                % {"hotline": province.hotline},
            ]
            break
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"  # so that every editor shows it in lines


def _lines(report: Report) -> Iterator[str]:
    yield gettext("Tin %(number)s, gửi %(police)s") % {
        "number": report.public_number,
        "police": get_police_name(),
    }
    yield gettext("Bản sao lấy lúc %(at)s") % {"at": _clock(timezone.now())}
    if report.erased_at:
        yield gettext("Dữ liệu cá nhân của tin này đã xóa lúc %(at)s.") % {
            "at": _clock(report.erased_at)
        }
    yield from _part(
        gettext("Tin đã gửi lúc %(at)s") % {"at": _clock(report.received_at)}, _list_answers(report)
    )
    for addition in merged_report.iter_followups(report):
        title = f"{_kind(addition)}, {_clock(addition.received_at)}"
        yield from _part(title, _of_addition(addition))
    for message in report.messages.order_by("id").iterator():
        yield from _part(_sender(message), [("", encryption.decrypt_field(message, "text") or "")])
    files = [
        (f"{each.word}, {each.size}", _clock(each.at))
        for each in status_timeline.files_sent(report)
    ]
    if files:
        yield from _part(gettext("Ảnh, ghi âm đã gửi"), files)
    steps = status_timeline.progress_steps(
        report, Case.objects.get(report=report), status_timeline.conversation(report)
    )
    yield from _part(
        gettext("Tin đang ở đâu"),
        [(str(step.word), f"{_clock(step.at)} {step.sentence}".strip()) for step in steps],
    )


def _part(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from ("", title, "-" * min(len(title), 60))
    for label, text in rows:
        if text.strip():
            yield f"{label}: {text}" if label else text


def _list_answers(report: Report) -> Iterator[tuple[str, str]]:
    yes, no = gettext("có"), gettext("không")
    answers = {True: yes, False: no, None: ""}
    yield gettext("Họ vẫn đang ép"), answers[report.happening_now]
    caller = Caller(
        report.caller_number, report.channel, report.claimed_office, report.claimed_name
    )
    yield gettext("Người gọi"), followup_feedback.caller_line(caller)
    yield (
        gettext("Họ đòi"),
        ", ".join(str(choices.demand_label(code)) for code in report.demands),
    )
    yield gettext("Đã mất tiền"), answers[report.money_lost]
    yield gettext("Số tiền"), report.money_lost_raw
    yield gettext("Nơi ở"), report.commune_raw
    yield gettext("Số của bạn"), encryption.decrypt_field(report, "contact") or ""
    yield gettext("Báo thay người khác"), yes if report.on_behalf else ""
    yield from list_answers(report.answers)
    yield gettext("Lời kể"), encryption.decrypt_field(report, "story") or report.story


def _of_addition(addition: Followup) -> Iterator[tuple[str, str]]:
    day = f"{addition.called_on:%d/%m/%Y}" if addition.called_on else ""
    yield gettext("Họ gọi lúc"), ", ".join(filter(None, [day, addition.called_on_raw]))
    for leg in map(Caller.from_json, addition.callers):
        yield gettext("Người gọi"), followup_feedback.caller_line(leg)
    for account in addition.accounts:
        yield gettext("Tài khoản nhận"), account
    for link in addition.links:
        yield gettext("Đường link"), link
    yield gettext("Số tiền"), addition.money_lost_raw
    yield gettext("Nơi ở"), addition.commune.name if addition.commune else addition.commune_raw
    yield gettext("Số của bạn"), encryption.decrypt_field(addition, "contact") or ""
    yield gettext("Câu hẹn"), gettext("đã đổi, không in ra đây") if addition.phrase_sealed else ""
    yield gettext("Lời kể"), encryption.decrypt_field(addition, "story") or addition.story


def _kind(addition: Followup) -> str:
    kinds = Followup.Kind
    words = {
        kinds.MORE: gettext("Kể thêm"),
        kinds.ANSWER: gettext("Trả lời câu hỏi của trang"),
        kinds.CORRECTION: gettext("Sửa lại"),
        kinds.WITHDRAWAL: gettext("Đề nghị rút tin"),
    }
    return words[kinds(addition.kind)]


def _sender(message: Message) -> str:
    who = gettext("Cán bộ") if message.actor_id else gettext("Bạn")
    return f"{who}, {_clock(message.sent_at)}"


def _clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}" if at else ""
