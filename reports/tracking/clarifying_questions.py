"""What a report leaves open, asked of its reporter in one short form: a sum to confirm, a place
with two meanings, a number that is too short. Nothing is refused for it and nothing is settled
here: whoever does not answer has reported all the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import encryption
from core.text import normalize, to_ascii_digits
from reports.extraction import phones
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ
from reports.extraction.language import amounts, numerals
from reports.facts import abuse_flags
from reports.facts.merged_report import MergedReport
from reports.models import Report
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace

_QUOTED = 60  # signs of what was typed that a question repeats
_FEW = 6  # candidates that are shown one under the other; more go into a list
_MIN_DIGITS, _MAX_DIGITS = 8, 15  # of a telephone number
_MIN_LETTERS = 6  # of a call-back phrase
_TRIED_FIRST = ("mat khau", "cau hen", "password")
_MASKED = frozenset({"masked_card", "masked_id"})
_HASTY = frozenset(
    {
        abuse_flags.FLAG_SUBMITTED_TOO_FAST,
        abuse_flags.FLAG_HONEYPOT,
        abuse_flags.ADDRESS_BUSY,
        abuse_flags.SAME_WORDS,
    }
)


@dataclass(frozen=True)
class ReporterInput:
    """What a reporter typed into the fields that can leave a question, the latest of each."""

    caller_number: str = ""
    money: str = ""
    commune: str = ""
    contact: str = ""
    phrase: str = ""
    flags: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # what to ask where boxes were ticked and nothing was written


@dataclass(frozen=True)
class Question:
    """One question. `field` is the name of the form field that answers it; `choices` are
    (value, label), none for a line to type in.
    """

    field: str
    text: str
    label: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def is_long(self) -> bool:
        """Whether the choices are too many to stand one under the other."""
        return len(self.choices) > _FEW


def latest_input(whole: MergedReport) -> ReporterInput:
    """The latest words of a reporter, sealed fields opened; what was answered is asked no more."""
    report = whole.report
    return ReporterInput(
        caller_number="" if whole.legs else report.caller_number,
        money=_sum_to_ask(whole),
        commune="" if whole.commune_id else whole.commune_raw,
        contact=encryption.decrypt_field(whole, "contact") or "",
        phrase=encryption.decrypt_field(whole, "phrase") or "",
        flags=() if whole.substantive_followups else tuple(report.all_flags),
        missing=_missing(whole),
    )


def _missing(whole: MergedReport) -> tuple[str, ...]:
    """The fields to ask for: nobody can be traced by boxes alone."""
    report = whole.report
    written = (report.caller_number, report.story)
    if report.erased_at or whole.substantive_followups or any(text.strip() for text in written):
        return ()
    hid = report.channel == Report.Channel.HIDDEN
    return ("story",) if hid else ("leg_number", "story")


def _sum_to_ask(whole: MergedReport) -> str:
    """A sum that was told later has been seen in its words once: it is asked while unread."""
    latest = whole.money_lost_raw
    is_answered = any(said.money_lost_raw for said in whole.substantive_followups)
    return "" if is_answered and amounts.parse_money_field(latest).value is not None else latest


def open_questions(words: ReporterInput, communes: tuple[CommunePlace, ...]) -> list[Question]:
    """The open questions, the dearest first. Pure but for the language of the page."""
    asked = (
        *_about_money(words.money),
        *_about_commune(words.commune, communes),
        *_about_contact(words.contact, words.caller_number),
        *_about_phrase(words.phrase, words.contact, words.caller_number),
        *_about_caller(words.caller_number),
        *_about_missing(words.missing),
        *_about_haste(words),
        *_about_story(words.flags),
    )
    return list(asked)


def _about_money(typed: str) -> Iterator[Question]:
    if not typed.strip():
        return
    read = amounts.parse_money_field(typed)
    question = Question("money_lost_vnd", "", _("Số tiền đã mất"))
    if read.value:
        yield replace(question, text=_understood(read.value), label=_("Chưa đúng thì ghi lại"))
    elif read.value is None:
        yield replace(question, text=_unread_sum(read.problem, typed))


def _understood(dong: int) -> str:
    figures, words = in_figures_and_words(dong)
    return _("Trang hiểu là {figures} đồng ({words} đồng).").format(figures=figures, words=words)


def in_figures_and_words(dong: int) -> tuple[str, str]:
    """A sum as it is said back, in the language of the page, so that a slip of a nought is seen."""
    said = numerals.spell_in_english if get_language() == "en" else numerals.spell_in_vietnamese
    return numerals.group_thousands(dong), said(dong)


def _unread_sum(problem: str, typed: str) -> str:
    sentences = {
        "no_unit": _("Bạn ghi “{typed}”. Là {typed} nghìn hay {typed} triệu? Ví dụ: 20 triệu."),
        "thousands": _(
            "Bạn ghi “{typed}”. Là {dong} đồng hay {millions} triệu đồng? Ví dụ: 20 triệu."
        ),
        "several": _("Bạn ghi “{typed}”. Có vẻ là mấy số tiền. Ghi tổng số đã mất."),
    }
    usual = _("Trang chưa hiểu “{typed}”. Ghi áng chừng, ví dụ 20 triệu. Chưa rõ thì để trống.")
    dong = amounts.parse_bare_number(typed) or 0
    return sentences.get(problem, usual).format(
        typed=_quoted(typed.strip()),
        dong=numerals.group_thousands(dong),
        millions=f"{Decimal(dong) / 1000}".replace(".", ","),
    )


def _about_commune(typed: str, communes: tuple[CommunePlace, ...]) -> Iterator[Question]:
    found = gazetteer.match_place(typed, communes)
    label = _("Xã, phường của bạn")
    if found.flag == gazetteer.UNKNOWN and communes:
        text = _("Chưa tìm thấy “{typed}”. Gõ tên xã mới hoặc tên huyện cũ. Không rõ thì để trống.")
        yield Question("commune", text.format(typed=_quoted(typed)), label)
    elif found.flag == gazetteer.AMBIGUOUS:
        text = _several(found).format(name=found.name or _quoted(typed))
        meant = [place for place in communes if place.codename in found.candidates]
        choices = tuple((place.codename, _told_apart(place)) for place in meant)
        yield Question("commune", text, label, (*choices, ("", _("Nơi khác, hoặc không rõ"))))


def _several(found: gazetteer.PlaceMatch) -> str:
    if not found.is_district:
        return _("Trước đây có mấy nơi tên {name}. Chọn một:")
    if found.name.startswith("Huyện"):
        return _("{name} cũ nay chia thành nhiều xã. Bạn ở xã nào?")
    return _("{name} cũ nay chia thành nhiều xã, phường. Bạn ở xã, phường nào?")


def _told_apart(place: CommunePlace) -> str:
    """Its name, and the old district that tells it from its namesakes."""
    if not place.former_district:
        return place.name
    return _("{commune} ({district} cũ)").format(commune=place.name, district=place.former_district)


def _about_contact(typed: str, caller: str) -> Iterator[Question]:
    digits = _digits(typed)
    problem = ""
    if typed.strip() and not digits:
        problem = _("Ô số để gọi lại chưa có số nào. Ghi số của bạn, hoặc để trống.")
    elif digits and _is_short(digits):
        problem = _("Số để gọi lại mới có {count} chữ số. Số di động có 10 chữ số, bắt đầu bằng 0.")
    elif len(digits) > _MAX_DIGITS:
        problem = _("Số để gọi lại có {count} chữ số, có vẻ là hai số. Ghi một số của bạn.")
    elif digits and digits[-9:] == _digits(caller)[-9:]:
        problem = _("Số để gọi lại trùng với số gọi đến. Ghi số của bạn, hoặc để trống.")
    if problem:
        # Neither number nor phrase is repeated: the tracking page asks this too.
        yield Question("contact_phone", problem.format(count=len(digits)), _("Số của bạn"))


def _is_short(digits: str) -> bool:
    return len(digits) < (10 if digits.startswith("0") else _MIN_DIGITS)


def _about_phrase(phrase: str, *numbers: str) -> Iterator[Question]:
    if _is_easy(phrase, numbers):
        text = _(
            "Câu này có tên hoặc số của bạn, kẻ gian dễ đoán."
            " Chọn câu khác, ví dụ hai đồ vật trong bếp."
        )
        yield Question("callback_phrase", text, _("Câu hẹn mới"))


def _is_easy(phrase: str, numbers: Iterable[str]) -> bool:
    """Whether it holds a number of the report, is short, or is what everybody would try."""
    folded, digits = normalize(phrase), _digits(phrase)
    if not folded:
        return False
    letters = sum(map(str.isalpha, folded))
    told = len(digits) >= 4 and any(digits in _digits(number) for number in numbers)
    return told or letters < _MIN_LETTERS or any(word in folded for word in _TRIED_FIRST)


def _about_caller(typed: str) -> Iterator[Question]:
    if not typed.strip():
        return
    found = phones.parse_many(typed[:MAX_NUMBER_CHARS_READ])
    problems = {flag for phone in found for flag in phone.flags}
    text = ""
    if len(found) > 1:
        text = _("Ô số gọi đến có vẻ là mấy số. Trang giữ cả. Số nào gọi gần nhất?")
    elif "too_long" in problems:
        text = _("Số gọi đến “{typed}” thừa chữ số. Trang giữ nguyên. Nhớ lại thì ghi ở đây.")
    elif "too_short" in problems and _is_name(typed):
        text = _("Ô số gọi đến chưa có số. Là tên thì để ở phần tên.")
    elif "too_short" in problems:
        text = _("Số gọi đến “{typed}” thiếu chữ số. Trang giữ nguyên. Nhớ lại thì ghi ở đây.")
    if text:
        yield Question("leg_number", text.format(typed=_quoted(typed)), _("Số gọi đến"))


def _is_name(typed: str) -> bool:
    """Whether letters are the most of it: "nguyen van a 20 trieu"."""
    return sum(map(str.isalpha, typed)) > len(_digits(typed))


def _about_missing(missing: tuple[str, ...]) -> Iterator[Question]:
    if "leg_number" in missing:
        text = _("Tin chưa có số gọi đến. Nhớ được thì ghi ở đây, thiếu vài chữ số cũng được.")
        yield Question("leg_number", text, _("Số gọi đến"))
    if "story" in missing:
        text = _("Tin chưa có lời kể. Một câu cũng giúp: họ nói gì, bảo bạn làm gì?")
        yield Question("story", text, _("Kể thêm"))


def _about_haste(words: ReporterInput) -> Iterator[Question]:
    """A plain question to who looks like a machine: a person answers it in a sentence."""
    if _HASTY.intersection(words.flags) and "story" not in words.missing:
        text = _("Tin đã nhận. Bạn kể thêm một câu: họ gọi lúc mấy giờ, mở đầu nói gì?")
        yield Question("story", text, _("Kể thêm"))


def _about_story(flags: tuple[str, ...]) -> Iterator[Question]:
    if _MASKED.intersection(flags):
        text = _(
            "Trong lời kể có dãy số giống số thẻ, số căn cước. Trang đã che đi, bạn xem lại."
            " Đó là tài khoản nhận tiền của họ thì ghi ở đây."
        )
        yield Question("accounts", text, _("Tài khoản nhận tiền"))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, to_ascii_digits(text)))


def _quoted(typed: str) -> str:
    """What was typed, on one line and not too much of it; nothing that turns a line around."""
    words = " ".join(typed[: 4 * _QUOTED].split())
    line = "".join(filter(str.isprintable, words))
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"
