"""Vietnamese labels of codes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.text import lower_initial
from desk.labels.formatting import format_loss
from reports.campaigns import campaign_stats
from reports.extraction import story_reader
from reports.extraction.danger import DANGER
from reports.extraction.language.scoring import is_remainder
from reports.facts import abuse_flags
from reports.facts.choices import OFFICES
from reports.facts.choices import demand_label as label_of
from reports.facts.effective_facts import EffectiveFacts
from reports.facts.followup_facts import FROM_FOLLOWUP
from reports.models import Case, Correction, ExtractedFacts, Report, TransferSlip
from reports.reference import office_lexicon

UNTRIAGED = "máy chưa đọc"
code_label = campaign_stats.code_label


@dataclass(frozen=True)
class PriorityLabel:
    word: str
    css: str


_URGENCIES = (
    (80, PriorityLabel("Rất khẩn", "urgent-5")),
    (60, PriorityLabel("Khẩn", "urgent-4")),
    (40, PriorityLabel("Vừa", "urgent-3")),
    (20, PriorityLabel("Thấp", "urgent-2")),
    (0, PriorityLabel("Sau cùng", "urgent-1")),
)
_UNREAD = PriorityLabel(UNTRIAGED, "urgent-0")

CORRECTABLE_FACTS = {str(fact): label.capitalize() for fact, label in Correction.Fact.choices}
FACTS = CORRECTABLE_FACTS | {"office": "Họ xưng", "stages": "Bước kịch bản"}
_OUTCOMES = (*Case.Outcome.choices, *Case.Contact.choices, *TransferSlip.Outcome.choices)
OUTCOMES = dict[str, str](_OUTCOMES)  # of cases, of calls, of hand-overs
STATUS_TAGS: dict[str, str] = {
    Case.Status.NEW: "tag-amber",
    Case.Status.IN_REVIEW: "tag-green",
    Case.Status.WAITING: "tag-violet",
    Case.Status.CRIME_REPORT: "tag-red",
    Case.Status.HANDED_OVER: "tag-quiet",
    Case.Status.CLOSED: "tag-quiet",
    Case.Status.JUNK: "tag-quiet",
    Case.Status.WITHDRAWN: "tag-quiet",
}
OFFICES_OF_FORM = dict(OFFICES)
_FLAGS = {
    "masked_card": "Lời kể có dãy số giống số thẻ, đã che.",
    "card_left_out": "Có ô ghi số thẻ: cổng đã bỏ, không giữ.",
    "masked_id": "Lời kể có dãy số giống số căn cước, đã che.",
    "masked_contact": "Lời kể có số của người báo, đã che.",
    "commune_unknown": "Chưa tìm thấy xã, phường như đã ghi.",
    "commune_ambiguous": "Tên xã, phường này có mấy nơi.",
    "contact_doubtful": "Số để gọi lại không phải một số thuê bao trong nước.",
    "contact_is_caller": "Số để gọi lại trùng với số gọi đến.",
    "contact_unread": "Số để gọi lại không giống số điện thoại.",
    "date_in_future": "Ngày gọi ghi trên tin chưa tới.",
    "date_unread": "Chưa đọc được ngày gọi như đã ghi.",
    "list_cut": "Có chỗ dài quá một ô; phần còn lại nằm trong lời kể.",
    "demand_unknown": "Có ô chọn mà cổng không biết.",
    "money_unread": "Chưa đọc được số tiền như đã ghi.",
    "chars_replaced": "Có ký tự hỏng, đã thay bằng dấu khác.",
    abuse_flags.ADDRESS_BUSY: "Một địa chỉ mạng gửi nhiều tin trong mười phút. Xếp dưới đến khi có người nhận.",
    abuse_flags.FLOOD: "Gửi lúc tin về dồn dập.",
    abuse_flags.NETWORK_BUSY: "Một mạng gửi rất nhiều tin trong mười phút. Xếp dưới đến khi có người nhận.",
    abuse_flags.NUMBER_BUSY: "Rất nhiều tin nêu số này trong mười phút. Xếp dưới đến khi có người nhận.",
    abuse_flags.SAME_NETWORK: "Mạng gửi tin này đã từng báo số này. Chỉ riêng tin này thì chưa tính thêm một người.",
    abuse_flags.SAME_WORDS: "Trong một giờ nhiều tin dùng đúng lời này. Xếp dưới đến khi có người nhận.",
    "too_fast": "Gửi rất nhanh sau khi mở trang, có thể do máy gửi. Xếp dưới đến khi có người nhận.",
    "trap_filled": "Đã điền ô ẩn mà người thường không thấy, có thể do máy gửi. Xếp dưới đến khi có người nhận.",
}
_RULES = {
    "clamped to 0": "Điểm thấp nhất là 0",
    "clamped to 59": "Không thấy ai đang nguy hiểm",
    "clamped to 100": "Điểm cao nhất là 100",
    "junk": "Có vẻ là tin rác, cán bộ quyết định",
    "money lost: sum not said": "Đã mất tiền, chưa rõ bao nhiêu",
    "office named on the form": "Người báo nêu nơi bị giả danh",
    "office of state": "Giả danh cơ quan nhà nước",
    "third party: declared": "Báo thay người khác",
}
_OF_CODE = {"scenario": "Kiểu lừa", "demand": "Họ đòi"}
_LOSSES = {"fresh_loss", "large_loss"}  # dangers that say a loss
# Reasons of a priority that other facts tell.
_TOLD_ABOVE = ("scenario: ", "demand: ", "further demands", "clamped")
_PRESSED = f"{DANGER} pressed:"
_OF_NUMBER = {"further demands:": "Còn đòi thêm {} việc", "money lost:": "Thiệt hại từ {}"}
_MANY = re.compile(r"(further demands:|money lost:) (\d+)")
CERTAINTIES = {"sure": "chắc", "likely": "khá chắc", "guess": "chưa rõ"}  # of the machine


def priority_label(priority: int | None) -> PriorityLabel:
    """Return the label of a priority; None is a report not triaged yet."""
    if priority is None:
        return _UNREAD
    return next(urgency for least, urgency in _URGENCIES if priority >= least)


def priority_floor(step: str) -> int | None:
    """Return the lowest priority of a step "1" to "5", None for anything else."""
    return (int(step) - 1) * 20 if step in {"1", "2", "3", "4", "5"} else None


def short_label(code: str) -> str:
    return code_label(code).partition(",")[0]


def demand_label(code: str) -> str:
    """Return the label of a demand: of a box of the form, else of an action."""
    boxed = label_of(code)
    return code_label(code) if boxed == code else boxed


def office_label(code: str) -> str:
    """Return the claimed office as the form names it, else the code."""
    return str(OFFICES_OF_FORM.get(code, code))


def channel_label(code: str) -> str:
    """Return the label of a channel, else the code."""
    return str(dict(Report.Channel.choices).get(code, code))


def flag_label(code: str) -> str:
    return _FLAGS.get(code, code)


def rule_label(text: str) -> str:
    """Return the label of a reason of a priority, else the text."""
    if text in _RULES:
        return _RULES[text]
    head, _, code = text.partition(": ")
    if is_danger(text):
        return code
    if head in _OF_CODE:
        return f"{_OF_CODE[head]}: {code_label(code)}"
    if parts := _MANY.match(text):
        amount = format_loss(int(parts[2])) if parts[1] == "money lost:" else parts[2]
        return _OF_NUMBER[parts[1]].format(amount)
    return _RULES.get(head, text)


def is_danger(rule: str) -> bool:
    """Return whether a reason of a priority is that somebody is in danger."""
    return rule.startswith(f"{DANGER} ")


def list_dangers(rules: Iterable[str], facts: EffectiveFacts) -> list[str]:
    """Return the dangers among a priority's reasons in words; what an officer said of loss and
    pressing goes before them.
    """
    told: dict[str, str] = {}
    if facts.ongoing and "ongoing" in facts.corrected:
        told["pressed"] = "đang bị ép"
    for rule in filter(is_danger, rules):
        code = rule.removeprefix(f"{DANGER} ").partition(":")[0]
        if code in _LOSSES and "money_lost_vnd" in facts.corrected:
            code, lost = "lost", facts.money_lost_vnd
            words = "chưa rõ mất bao nhiêu" if lost is None else f"mất {format_loss(lost)}"
            words = "" if lost == 0 else words
        else:
            words = rule_label(rule)
        if code == "pressed" and "ongoing" in facts.corrected:
            words = words.removeprefix("có thể ") if facts.ongoing else ""
        if words:
            told[code] = words
    return list(told.values())


def why_urgent(reasons: Iterable[Mapping[str, Any]], facts: EffectiveFacts) -> list[str]:
    """Return the dangers, else what makes a report urgent without what other facts tell."""
    ordered = sorted(reasons, key=lambda each: -each["points"])
    rules = [each["rule"] for each in ordered if each["points"] >= 0]
    others = (
        lower_initial(rule_label(rule))
        for rule in rules
        if not (rule.startswith(_TOLD_ABOVE) or is_overruled(rule, facts))
    )
    return list(dict.fromkeys(list_dangers(rules, facts) or others))


def may_be_pressed(extracted: ExtractedFacts | None) -> bool:
    """Return whether the dangers say of pressing what the machine's fact does not."""
    reasons = extracted.reasons if extracted and not extracted.ongoing else []
    return any(each["rule"].startswith(_PRESSED) for each in reasons)


def is_overruled(rule: str, facts: EffectiveFacts) -> bool:
    """Return whether an officer's word takes the place of a reason that is no danger in words."""
    is_loss = rule.startswith("money lost: ") and "money_lost_vnd" in facts.corrected
    return is_danger(rule) or is_loss


_OF_LOSS = {"paid": "Kể là đã trả", "gone: said": "Kể là đã mất", "none: said": "Kể là không mất"}


def source_label(text: str) -> str:
    """Return the source of a fact, "" for the story itself."""
    if text.startswith("declared: "):
        return "Người báo cho biết"
    rule = text.removesuffix(FROM_FOLLOWUP)
    notes = ["Trong lời báo thêm"] if rule != text else []
    if rule in _OF_LOSS:
        notes.insert(0, _OF_LOSS[rule])
    if is_remainder(rule):
        notes.insert(0, "Các chữ còn lại của lời kể")
    return "; ".join(notes)


def claim_label(code: str) -> str:
    """Return the claimed office as the form names it, else the lexicon."""
    return office_label(code) if code in OFFICES_OF_FORM else office_lexicon.label(code)


def unit_communes(codenames: Sequence[str]) -> str:
    """Return the commune of a claimed unit; several are marked as unclear."""
    names = [office_lexicon.commune(code) for code in codenames]
    return names[0] if len(names) == 1 else f"chưa rõ: {' / '.join(names)}"


def stage_label(code: str) -> str:
    return story_reader.stage_labels().get(code, code)


def claim_explanation(text: str) -> str:
    """Return the reason of a claimed office: name, commune of its unit, source."""
    head, _, source = text.partition(": ")
    codes, _, places = head.partition(" in ")
    name = " / ".join(map(claim_label, codes.split("|")))
    place = f" ({unit_communes(places.split('|'))})" if places else ""
    return "; ".join(filter(None, (name + place, source_label(source))))
