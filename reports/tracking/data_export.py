"""A reporter's own data as a text file: what they wrote, and what the desk wrote to them.

Never the call-back phrase, an officer's name, or what was extracted or told by others.
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
from reports.facts.merged_report import Caller, format_call_time
from reports.models import Case, Followup, Message, Report
from reports.notices import addresses
from reports.tracking import followup_feedback, status_timeline

MAX_LENGTH = 5_000_000  # characters; a longer text is cut, and says so


def subject_access_text(report: Report) -> str:
    """Return the text in the language of the page, cut at MAX_LENGTH."""
    lines: list[str] = []
    room = MAX_LENGTH
    for line in _list_lines(report):
        room -= len(line)
        if room < 0:
            lines += [
                "",
                gettext("Bản này dài quá nên dừng ở đây. Cần phần còn lại: gọi %(hotline)s.")
                % {"hotline": province.hotline},
            ]
            break
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"  # Windows editors need both


def _list_lines(report: Report) -> Iterator[str]:
    yield gettext("Tin %(number)s, gửi %(police)s") % {
        "number": report.public_number,
        "police": get_police_name(),
    }
    yield gettext("Bản sao lấy lúc %(at)s") % {"at": _format_time(timezone.now())}
    if report.erased_at:
        yield gettext("Dữ liệu cá nhân của tin này đã xóa lúc %(at)s.") % {
            "at": _format_time(report.erased_at)
        }
    yield from _section(
        gettext("Tin đã gửi lúc %(at)s") % {"at": _format_time(report.received_at)},
        _list_answers(report),
    )
    for followup in merged_report.iter_followups(report):
        title = f"{_kind_label(followup)}, {_format_time(followup.received_at)}"
        yield from _section(title, _list_followup_fields(followup))
    for message in report.messages.order_by("id").iterator():
        yield from _section(
            _message_title(message), [("", encryption.decrypt_field(message, "text") or "")]
        )
    files = [
        (f"{each.word}, {each.size}", _format_time(each.at))
        for each in status_timeline.files_sent(report)
        if each.erased_at is None
    ]
    if files:
        yield from _section(gettext("Ảnh, ghi âm đã gửi"), files)
    steps = status_timeline.progress_steps(
        report, Case.objects.get(report=report), status_timeline.conversation(report)
    )
    yield from _section(
        gettext("Tin đang ở đâu"),
        [(str(step.word), f"{_format_time(step.at)} {step.text}".strip()) for step in steps],
    )


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
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
    yield (gettext("Họ đòi"), ", ".join(str(choices.demand_label(code)) for code in report.demands))
    yield from _list_call_details(report)
    yield gettext("Đã mất tiền"), answers[report.money_lost]
    yield gettext("Số tiền"), report.money_lost_raw
    yield gettext("Nơi ở"), report.commune_raw
    yield gettext("Số của bạn"), encryption.decrypt_field(report, "contact") or ""
    yield gettext("Email để báo có lời mới"), addresses.load_address(report)
    yield gettext("Báo thay người khác"), yes if report.on_behalf else ""
    yield from list_answers(report.answers)
    yield gettext("Lời kể"), encryption.decrypt_field(report, "story") or report.story


def _list_call_details(statement: Report | Followup) -> Iterator[tuple[str, str]]:
    yield gettext("Họ gọi lúc"), format_call_time(statement.called_on, statement.called_on_raw)
    for account in statement.accounts:
        yield gettext("Tài khoản nhận"), account
    for link in statement.links:
        yield gettext("Đường link"), link


def _list_followup_fields(followup: Followup) -> Iterator[tuple[str, str]]:
    for caller in map(Caller.from_json, followup.callers):
        yield gettext("Người gọi"), followup_feedback.caller_line(caller)
    yield from _list_call_details(followup)
    yield gettext("Số tiền"), followup.money_lost_raw
    yield gettext("Nơi ở"), followup.commune.name if followup.commune else followup.commune_raw
    yield gettext("Số của bạn"), encryption.decrypt_field(followup, "contact") or ""
    yield gettext("Câu hẹn"), gettext("đã đổi, không in ra đây") if followup.phrase_sealed else ""
    yield gettext("Lời kể"), encryption.decrypt_field(followup, "story") or followup.story


def _kind_label(followup: Followup) -> str:
    kinds = Followup.Kind
    words = {
        kinds.MORE: gettext("Kể thêm"),
        kinds.ANSWER: gettext("Trả lời câu hỏi của trang"),
        kinds.CORRECTION: gettext("Sửa lại"),
        kinds.WITHDRAWAL: gettext("Đề nghị rút tin"),
    }
    return words[kinds(followup.kind)]


def _message_title(message: Message) -> str:
    sender = gettext("Cán bộ") if message.actor_id else gettext("Bạn")
    return f"{sender}, {_format_time(message.sent_at)}"


def _format_time(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}" if at else ""
