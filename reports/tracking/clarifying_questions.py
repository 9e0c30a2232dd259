"""Questions about what a report leaves open: a sum to confirm or to choose, an ambiguous place, a short number.

None needs an answer: a report counts as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import encryption
from core.text import group_thousands, normalize, to_ascii_digits
from reports.calendar import deadline_rules
from reports.extraction import phones
from reports.extraction.language import amounts, numerals
from reports.extraction.loss.classifier import SOME, UNCLEAR, Loss
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.facts import abuse_flags
from reports.facts.merged_report import MergedReport
from reports.models import Report
from reports.reference import gazetteer
from reports.reference.gazetteer import CommunePlace
from reports.submission.call_details import FLAG_CARD_LEFT_OUT
from reports.tracking.followups import MAX_CHARS_READ_AT_ONCE
from reports.triage import report_triage

_MAX_QUOTE_LENGTH = 60
_MAX_RADIO_CHOICES = 6  # more go into a list
_MAX_SUMS = 4  # to choose from
_MIN_DIGITS, _MAX_DIGITS = 8, 15  # of a telephone number
_MIN_LETTERS = 6  # of a call-back phrase
_GUESSED_FIRST = ("mat khau", "cau hen", "password")
_MASKED = frozenset({"masked_card", "masked_id"})
_SUSPICIOUS = frozenset(
    {
        abuse_flags.FLAG_SUBMITTED_TOO_FAST,
        abuse_flags.FLAG_HONEYPOT,
        abuse_flags.ADDRESS_BUSY,
        abuse_flags.SAME_WORDS,
    }
)


@dataclass(frozen=True)
class ReporterInput:
    """The latest text of each field that can leave a question."""

    caller_number: str = ""
    money: str = ""
    loss: Loss = field(default_factory=Loss)  # that the stories tell, where no field has a sum
    commune: str = ""
    contact: str = ""
    phrase: str = ""
    flags: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # fields to ask for where only boxes were ticked


@dataclass(frozen=True)
class ClarifyingQuestion:
    """A question, and the form field that answers it; `choices` are (value, label), () for a text."""

    field: str
    text: str
    label: str = ""
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def is_long(self) -> bool:
        return len(self.choices) > _MAX_RADIO_CHOICES


def latest_input(merged: MergedReport) -> ReporterInput:
    """Return the latest words of a reporter, decrypted; a field already answered is empty."""
    report = merged.report
    return ReporterInput(
        caller_number="" if merged.followup_callers else report.caller_number,
        money=_open_sum(merged),
        loss=_told_loss(merged),
        commune="" if merged.commune_id else merged.commune_raw,
        contact=encryption.decrypt_field(merged, "contact") or "",
        phrase=encryption.decrypt_field(merged, "phrase") or "",
        flags=() if merged.substantive_followups else tuple(report.all_flags),
        missing=_list_missing(merged),
    )


def _list_missing(merged: MergedReport) -> tuple[str, ...]:
    """Return the fields to ask for: the number of somebody under pressure, then, where nothing was
    written, more: check boxes alone identify no caller.
    """
    report = merged.report
    written = (report.caller_number, report.story)
    if report.erased_at:
        return ()
    is_urgent = report.happening_now and not merged.has_contact and _is_recent(report)
    number = ("contact_phone",) if is_urgent else ()
    if merged.substantive_followups or any(text.strip() for text in written):
        return number
    is_hidden = report.channel == Report.Channel.HIDDEN
    return (*number, "story") if is_hidden else (*number, "leg_number", "story")


def _is_recent(report: Report) -> bool:
    return timezone.now() - report.received_at < deadline_rules.CALL_WITHIN


def _open_sum(merged: MergedReport) -> str:
    """Return the typed sum to confirm; "" for a follow-up's that could be parsed."""
    latest = merged.money_lost_raw
    is_answered = any(each.money_lost_raw for each in merged.substantive_followups)
    return "" if is_answered and amounts.parse_money_field(latest).value is not None else latest


def _told_loss(merged: MergedReport) -> Loss:
    """Return what the stories tell of money where no field does; nothing if they are too long for a request."""
    followups = merged.substantive_followups
    length = len(merged.report.story) + sum(len(each.story) for each in followups)
    if merged.money_lost_raw.strip() or length > MAX_CHARS_READ_AT_ONCE:
        return Loss()
    return report_triage.read_report(merged.report, followups).loss


def open_questions(
    words: ReporterInput, communes: tuple[CommunePlace, ...]
) -> list[ClarifyingQuestion]:
    """Return the open questions, the most important first, in the language of the page."""
    return [
        *_ask_number_now(words.missing),
        *_ask_money(words.money),
        *_ask_told_sums(words.loss),
        *_ask_commune(words.commune, communes),
        *_ask_contact(words.contact, words.caller_number),
        *_ask_phrase(words.phrase, words.contact, words.caller_number),
        *_ask_caller(words.caller_number),
        *_ask_missing(words.missing),
        *_ask_suspected_machine(words),
        *_ask_account(words.flags),
    ]


def _ask_money(typed: str) -> Iterator[ClarifyingQuestion]:
    if not typed.strip():
        return
    amount = amounts.parse_money_field(typed)
    if amount.value:
        figures, words = format_sum(amount.value)
        text = _("Có phải {figures} đồng ({words} đồng) không?").format(
            figures=figures, words=words
        )
        yield ClarifyingQuestion("money_lost_vnd", text, _("Chưa đúng thì ghi lại"))
    elif amount.value is None:
        text = _format_sum_problem(amount.problem, typed)
        yield ClarifyingQuestion("money_lost_vnd", text, _("Số tiền đã mất"))


def _ask_told_sums(loss: Loss) -> Iterator[ClarifyingQuestion]:
    """Offer the paid sums of a story whose loss is not plain, or in doubt, to be chosen in one press."""
    paid = [each.vnd for each in loss.sums if each.role == "paid"][:_MAX_SUMS]
    if not paid or loss.proposed_vnd is not None or loss.state not in {SOME, UNCLEAR}:
        return
    choices = [(sum(paid), _("Mất cả: {figures} đồng ({words} đồng)"))] if len(paid) > 1 else []
    choices += [(dong, _("Chỉ mất {figures} đồng")) for dong in dict.fromkeys(paid)]
    text = _("Bạn kể mấy khoản tiền. Tất cả đã mất bao nhiêu?")
    if loss.state == UNCLEAR:
        choices.insert(0, (0, _("Chưa mất đồng nào")))
        text = _("Có chỗ bạn nói chưa mất tiền, có chỗ kể đã trả. Đã mất bao nhiêu?")
    offered = [(f"{dong} đồng", _format_choice(label, dong)) for dong, label in choices]
    offered.append(("", _("Số khác, hoặc chưa rõ")))
    yield ClarifyingQuestion("money_lost_vnd", text, _("Số tiền đã mất"), tuple(offered))


def _format_choice(label: str, dong: int) -> str:
    figures, words = format_sum(dong)
    return label.format(figures=figures, words=words)


def format_sum(dong: int) -> tuple[str, str]:
    """Return a sum in figures and in words of the page's language, which show a zero too many."""
    spell = numerals.spell_in_english if get_language() == "en" else numerals.spell_in_vietnamese
    return group_thousands(dong), spell(dong)


def _format_sum_problem(problem: str, typed: str) -> str:
    sentences = {
        "no_unit": _("Bạn ghi “{typed}”. Là {typed} nghìn hay {typed} triệu? Ví dụ: 20 triệu."),
        "thousands": _(
            "Bạn ghi “{typed}”. Là {dong} đồng hay {millions} triệu đồng? Ví dụ: 20 triệu."
        ),
        "several": _("Bạn ghi “{typed}”. Có vẻ là mấy số tiền. Ghi tổng số đã mất."),
    }
    default = _(
        "Chưa rõ “{typed}” là bao nhiêu. Ghi áng chừng, ví dụ 20 triệu. Chưa rõ thì để trống."
    )
    dong = amounts.parse_bare_number(typed) or 0
    return sentences.get(problem, default).format(
        typed=_quote(typed.strip()),
        dong=group_thousands(dong),
        millions=f"{Decimal(dong) / 1000}".replace(".", ","),
    )


def _ask_commune(typed: str, communes: tuple[CommunePlace, ...]) -> Iterator[ClarifyingQuestion]:
    match = gazetteer.match_place(typed, communes)
    label = _("Xã, phường của bạn")
    if match.flag == gazetteer.UNKNOWN and communes:
        text = _("Chưa tìm thấy “{typed}”. Gõ tên xã mới hoặc tên huyện cũ. Không rõ thì để trống.")
        yield ClarifyingQuestion("commune", text.format(typed=_quote(typed)), label)
    elif match.flag == gazetteer.AMBIGUOUS:
        text = _ambiguity_sentence(match).format(name=match.name or _quote(typed))
        candidates = [place for place in communes if place.codename in match.candidates]
        choices = tuple((place.codename, _commune_label(place)) for place in candidates)
        yield ClarifyingQuestion(
            "commune", text, label, (*choices, ("", _("Nơi khác, hoặc không rõ")))
        )


def _ambiguity_sentence(match: gazetteer.PlaceMatch) -> str:
    if not match.is_district:
        return _("Trước đây có mấy nơi tên {name}. Chọn một:")
    if match.name.startswith("Huyện"):
        return _("{name} cũ nay chia thành nhiều xã. Bạn ở xã nào?")
    return _("{name} cũ nay chia thành nhiều xã, phường. Bạn ở xã, phường nào?")


def _commune_label(place: CommunePlace) -> str:
    if not place.former_district:
        return place.name
    return _("{commune} ({district} cũ)").format(commune=place.name, district=place.former_district)


def _ask_contact(typed: str, caller: str) -> Iterator[ClarifyingQuestion]:
    digits = _digits(typed)
    problem = ""
    if typed.strip() and not digits:
        problem = _("Ô số để gọi lại chưa có số nào. Ghi số của bạn, hoặc để trống.")
    elif digits and len(digits) < (10 if digits.startswith("0") else _MIN_DIGITS):
        problem = _("Số để gọi lại mới có {count} chữ số. Số di động có 10 chữ số, bắt đầu bằng 0.")
    elif len(digits) > _MAX_DIGITS:
        problem = _("Số để gọi lại có {count} chữ số, có vẻ là hai số. Ghi một số của bạn.")
    elif digits and digits[-9:] == _digits(caller)[-9:]:
        problem = _("Số để gọi lại trùng với số gọi đến. Ghi số của bạn, hoặc để trống.")
    if problem:
        # Neither number nor phrase is repeated: the tracking page shows this too.
        yield ClarifyingQuestion(
            "contact_phone", problem.format(count=len(digits)), _("Số của bạn")
        )


def _ask_number_now(missing: tuple[str, ...]) -> Iterator[ClarifyingQuestion]:
    if "contact_phone" in missing:
        text = _("Họ vẫn đang ép mà tin chưa có số của bạn. Ghi số để công an gọi.")
        yield ClarifyingQuestion("contact_phone", text, _("Số của bạn"))


def _ask_phrase(phrase: str, *numbers: str) -> Iterator[ClarifyingQuestion]:
    """Ask for another phrase where it holds a number of the report, is short, or anybody's guess."""
    folded, digits = normalize(phrase), _digits(phrase)
    letters = sum(map(str.isalpha, folded))
    text = ""
    if len(digits) >= 4 and any(digits in _digits(number) for number in numbers):
        text = _(
            "Câu này có số của bạn hoặc số gọi đến, kẻ gian dễ đoán."
            " Chọn câu khác, ví dụ hai đồ vật trong bếp."
        )
    elif folded and letters < _MIN_LETTERS:
        text = _("Câu này ngắn quá, kẻ gian dễ đoán. Chọn câu khác, ví dụ hai đồ vật trong bếp.")
    elif any(word in folded for word in _GUESSED_FIRST):
        text = _(
            "Nhiều người hay đặt câu như vậy, kẻ gian dễ đoán."
            " Chọn câu khác, ví dụ hai đồ vật trong bếp."
        )
    if text:
        yield ClarifyingQuestion("callback_phrase", text, _("Câu hẹn mới"))


def _ask_caller(typed: str) -> Iterator[ClarifyingQuestion]:
    if not typed.strip():
        return
    parsed = phones.parse_many(typed[:MAX_NUMBER_CHARS_READ])
    problems = {flag for phone in parsed for flag in phone.flags}
    text = ""
    if len(parsed) > 1:
        text = _("Ô số gọi đến có vẻ là mấy số. Trang giữ cả. Số nào gọi gần nhất?")
    elif "too_long" in problems:
        text = _("Số gọi đến “{typed}” thừa chữ số. Trang giữ nguyên. Nhớ lại thì ghi ở đây.")
    elif "too_short" in problems and sum(map(str.isalpha, typed)) > len(_digits(typed)):
        text = _("Ô số gọi đến chưa có số. Là tên thì để ở phần tên.")
    elif "too_short" in problems:
        text = _("Số gọi đến “{typed}” thiếu chữ số. Trang giữ nguyên. Nhớ lại thì ghi ở đây.")
    if text:
        yield ClarifyingQuestion("leg_number", text.format(typed=_quote(typed)), _("Số gọi đến"))


def _ask_missing(missing: tuple[str, ...]) -> Iterator[ClarifyingQuestion]:
    if "leg_number" in missing:
        text = _("Tin chưa có số gọi đến. Nhớ được thì ghi ở đây, thiếu vài chữ số cũng được.")
        yield ClarifyingQuestion("leg_number", text, _("Số gọi đến"))
    if "story" in missing:
        text = _("Tin chưa có lời kể. Một câu cũng giúp: họ nói gì, bảo bạn làm gì?")
        yield ClarifyingQuestion("story", text, _("Kể thêm"))


def _ask_suspected_machine(words: ReporterInput) -> Iterator[ClarifyingQuestion]:
    """Ask for a sentence where the report looks automated; people can answer it."""
    if _SUSPICIOUS.intersection(words.flags) and "story" not in words.missing:
        text = _("Tin đã nhận. Bạn kể thêm một câu: họ gọi lúc mấy giờ, mở đầu nói gì?")
        yield ClarifyingQuestion("story", text, _("Kể thêm"))


def _ask_account(flags: tuple[str, ...]) -> Iterator[ClarifyingQuestion]:
    if FLAG_CARD_LEFT_OUT in flags:
        text = _(
            "Có ô ghi dãy số giống số thẻ. Trang đã bỏ số đó đi, không giữ."
            " Biết tài khoản nhận tiền của họ thì ghi ở đây, đừng ghi số thẻ."
        )
        yield ClarifyingQuestion("accounts", text, _("Tài khoản nhận tiền"))
        return
    if _MASKED.intersection(flags):
        text = _(
            "Trong lời kể có dãy số giống số thẻ, số căn cước. Trang đã che đi, bạn xem lại."
            " Đó là tài khoản nhận tiền của họ thì ghi ở đây."
        )
        yield ClarifyingQuestion("accounts", text, _("Tài khoản nhận tiền"))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, to_ascii_digits(text)))


def _quote(typed: str) -> str:
    """Return what was typed on one short line, without characters that reverse the direction of text."""
    words = " ".join(typed[: 4 * _MAX_QUOTE_LENGTH].split())
    line = "".join(filter(str.isprintable, words))
    return line if len(line) <= _MAX_QUOTE_LENGTH else line[: _MAX_QUOTE_LENGTH - 1] + "…"
