"""Number look-up: what the portal says of a number in public, with the reasons.

Nothing is stored. Always six statements over a bounded number of rows. A number that one person has
reported gets the answer of one that nobody has, and so do its neighbours.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.text import list_single_edits, to_ascii_digits
from reports.extraction.numbering_plan import range_owner
from reports.extraction.phones import ParsedCaller, format_national, format_raw, parse
from reports.models import BankHotline, Dispute, NumberFinding, OfficeNumber, SubjectKind
from reports.numbers import report_counts
from reports.numbers.report_counts import CallerReportSummary
from reports.reference import confirmed_statements

# What is odd about the number itself.
ODD: dict[str, Promise] = {
    "app_call": _("Gọi qua ứng dụng thì không có số. Tên và ảnh trong ứng dụng ai cũng đặt được."),
    "country_only": _("Mới có mã nước, chưa có số."),
    "display_name": _("Đây là tên hiện trên máy. Tên hiện không chứng minh ai đã gọi."),
    "email": _("Đây là địa chỉ email, không phải số điện thoại."),
    "forged_069": _(
        "Số bắt đầu bằng +84069 từng được dùng để giả mạng của Bộ Công an. Số thật hiện là +84 69…."
    ),
    "hidden": _("Người gọi giấu số. Giấu số thì không tra được."),
    "link": _("Đây là đường link, không phải số điện thoại. Đừng bấm vào đường link ấy."),
    "local_number": _("Số bảy chữ số, thiếu mã vùng."),
    "masked": _("Số bị che một phần nên không tra được. Ghi đủ các chữ số."),
    "no_such_range": _("Không có số điện thoại nào bắt đầu như vậy. Số hiện ra có thể bị giả."),
    "old_area_code": _("Mã vùng cũ, nay không còn dùng."),
    "plus_before_service": _("Số 1800, 1900 thật không có dấu + ở trước."),
    "short_with_84": _("Số ngắn thật không có mã nước ở trước. Số hiện ra có thể bị giả."),
    "too_long": _("Dài hơn một số điện thoại."),
    "too_short": _("Ngắn hơn một số điện thoại."),
    "unknown_country": _("Không có mã nước này. Số hiện ra có thể bị giả."),
    "us_premium": _("Số thu phí của Mỹ (+1 900), không phải 1900 trong nước. Đừng gọi lại."),
    "watched_country": _("Đầu số hay gặp trong các cuộc gọi dọa nạt hoặc nháy máy. Đừng gọi lại."),
    "words": _("Không thấy số nào trong phần đã ghi."),
    "zero_after_plus": _("Dấu + đứng trước số 0: số thật không hiện như vậy."),
    "zeros": _("Toàn số 0: số hiện ra có thể bị giả."),
}
# How the page came to the number that it looked for.
HOW_PARSED: dict[str, Promise] = {
    "extension": _("Có số máy lẻ đi kèm; trang chỉ tra số chính."),
    "from_link": _("Số lấy từ một đường link. Đừng bấm vào đường link ấy."),
    "letters_for_digits": _("Chữ O, l được đọc là số 0, 1."),
    "ministry_network": _("Mạng riêng của Bộ Công an và Bộ Quốc phòng (069). Số này hay bị giả."),
    "old_prefix": _("Số 11 chữ số cũ, đã đổi sang đầu số mới từ năm 2018."),
    "plus_missing": _("Số nước ngoài ghi thiếu dấu +."),
    "reseller_range": _("Dải số cố định qua internet, hay được thuê lại."),
    "unknown_area": _("Mã vùng này không có trong danh sách."),
    "words_around": _("Bên cạnh số còn có chữ hoặc chữ số khác."),
    "zero_added": _("Thừa số 0 ở đầu."),
    "zero_doubled": _("Số 0 ở đầu bị gõ hai lần."),
}


@dataclass(frozen=True)
class Service:
    name: Promise
    is_emergency: bool = True


SERVICES: dict[str, Service] = {
    "112": Service(_("Số gọi tìm kiếm cứu nạn 112")),
    "113": Service(_("Số khẩn cấp 113 của công an")),
    "114": Service(_("Số gọi chữa cháy 114")),
    "115": Service(_("Số gọi cấp cứu 115")),
    "156": Service(_("Số 156 nhận báo cuộc gọi rác, lừa đảo"), is_emergency=False),
    "5656": Service(_("Số 5656 nhận báo tin nhắn, cuộc gọi rác, lừa đảo"), is_emergency=False),
}


def flag_sentences(flags: tuple[str, ...]) -> "list[Promise]":
    """Return the public sentences for these flags, oddities first."""
    sentences, ordered = ODD | HOW_PARSED, sorted(flags, key=lambda flag: flag not in ODD)
    return [sentences[flag] for flag in ordered if flag in sentences]


_ODD_KINDS = {"international", "hidden", "brandname", "invalid", "shortcode"}
_FORGED = frozenset(
    {"forged_069", "plus_before_service", "short_with_84", "unknown_country", "zero_after_plus"}
)


class VerdictKind(StrEnum):
    CONFIRMED = "confirmed"
    SEVERAL = "several"
    OFFICE = "office"
    SERVICE = "service"
    UNKNOWN = "unknown"
    ODD = "odd"


_TONES = {
    VerdictKind.CONFIRMED: "is-red",
    VerdictKind.SEVERAL: "is-amber",
    VerdictKind.OFFICE: "is-green",
    VerdictKind.SERVICE: "is-green",
    VerdictKind.UNKNOWN: "is-violet",
    VerdictKind.ODD: "is-violet",
}


@dataclass(frozen=True)
class NumberVerdict:
    phone: ParsedCaller
    kind: VerdictKind
    display_number: str
    report_summary: CallerReportSummary
    finding: NumberFinding | None = None
    office: OfficeNumber | None = None
    similar_office_numbers: tuple[OfficeNumber, ...] = ()
    has_similar_numbers: bool = False

    @property
    def notes(self) -> list[str]:
        return [str(sentence) for sentence in flag_sentences(self.phone.flags)]

    @property
    def is_forged(self) -> bool:
        """Return whether the number is displayed as no real one is."""
        return not _FORGED.isdisjoint(self.phone.flags)

    @property
    def service(self) -> Service | None:
        return find_service(lookup_key(self.phone))

    @property
    def is_foreign(self) -> bool:
        return self.phone.kind == "international" and not self.is_forged

    @property
    def shows_notes(self) -> bool:
        """Return whether the notes stand beside the reasons, not in place of a finding."""
        is_finding = self.kind in {VerdictKind.CONFIRMED, VerdictKind.SEVERAL, VerdictKind.OFFICE}
        return is_finding and bool(self.notes)

    @property
    def has_key(self) -> bool:
        return bool(lookup_key(self.phone))

    @property
    def css_class(self) -> str:
        """Return the class of the box's colour; never green for an unknown number."""
        if self.kind == VerdictKind.ODD and self.is_forged:
            return "is-amber"
        return _TONES[self.kind]

    @property
    def disputable(self) -> str:
        """Return the number whose owner may have the verdict reviewed, "" for one that accuses nobody."""
        is_accusing = self.kind in {VerdictKind.CONFIRMED, VerdictKind.SEVERAL}
        return self.display_number if is_accusing else ""

    @property
    def range_of(self) -> str:
        """Return whose range a Vietnamese number is in, "" where unknown."""
        return range_owner(self.phone.key) if self.phone.key.startswith("+84") else ""


def lookup_number(phone: ParsedCaller) -> NumberVerdict:
    key = lookup_key(phone)
    office, similar = _find_offices(phone, key)
    finding, cleared_at = load_finding(SubjectKind.NUMBER, [key])
    since = report_counts.counting_window_start()
    summary = report_counts.summary_for(key, max(filter(None, [since, cleared_at])))
    alike = report_counts.similar_numbers_exist(key, since)
    kind = _decide_kind(phone, office, finding, summary)
    verdict = NumberVerdict(
        phone, kind, format_national(phone), summary, finding, office, similar, alike
    )
    return replace(verdict, display_number=_format_number(verdict))


def _format_number(verdict: NumberVerdict) -> str:
    """Return an office's number as published, an odd one as typed."""
    if verdict.kind == VerdictKind.OFFICE and verdict.office:
        return verdict.office.number
    is_odd = verdict.kind == VerdictKind.ODD and not verdict.is_foreign
    return format_raw(verdict.phone) if is_odd else verdict.display_number


def lookup_key(phone: ParsedCaller) -> str:
    """Return the key of a number: canonical, of a short number its digits, else ""."""
    if phone.kind == "shortcode" and not phone.flags:
        return _keep_digits(phone.raw)
    return phone.key


def find_service(key: str) -> Service | None:
    """Return whose public number it is: a service's, or a bank's confirmed line."""
    bank = find_bank(key)
    name = bank and format_lazy(_("Số gấp của {bank}"), bank=bank.name)
    return Service(name, is_emergency=False) if name else SERVICES.get(key)


def find_bank(key: str) -> BankHotline | None:
    """Return the bank whose confirmed line has that key, None for none."""
    lines = confirmed_statements.bank_hotlines() if key else ()
    return next((each for each in lines if _parse_key(each.number) == key), None)


def find_published(keys: Collection[str]) -> set[str]:
    """Return those of the numbers that an office or a bank has published. One statement at most."""
    of_banks = {key for key in keys if find_bank(key)}
    if not (left := set(keys) - of_banks - {""}):
        return of_banks
    return of_banks.union(OfficeNumber.objects.filter(key__in=left).values_list("key", flat=True))


@lru_cache(maxsize=128)
def _parse_key(number: str) -> str:
    return lookup_key(parse(number))


def _decide_kind(
    phone: ParsedCaller,
    office: OfficeNumber | None,
    finding: NumberFinding | None,
    summary: CallerReportSummary,
) -> VerdictKind:
    """Return the kind of verdict; an office's own number is never a crook's."""
    if find_service(lookup_key(phone)):
        return VerdictKind.SERVICE
    if office:
        return VerdictKind.OFFICE
    if finding:
        return VerdictKind.CONFIRMED
    if summary.people:
        return VerdictKind.SEVERAL
    is_odd = phone.kind in _ODD_KINDS or not ODD.keys().isdisjoint(phone.flags)
    return VerdictKind.ODD if is_odd else VerdictKind.UNKNOWN


def _find_offices(
    phone: ParsedCaller, key: str
) -> tuple[OfficeNumber | None, tuple[OfficeNumber, ...]]:
    """Return the office with that number, else those one digit away."""
    keys = {key, *neighbouring_keys(key or _guess_key(phone))}
    offices = list(OfficeNumber.objects.select_related("office").filter(key__in=keys))
    own = next((each for each in offices if key and each.key == key), None)
    return own, () if own else tuple(offices)


def neighbouring_keys(key: str) -> set[str]:
    """Return all keys with one digit more, less or another; none for short numbers."""
    digits = key.removeprefix("+")
    if len(digits) < 7 or len(digits) > 15:
        return set()
    return {f"+{near}" for near in list_single_edits(digits, "0123456789")}


def _guess_key(phone: ParsedCaller) -> str:
    """Return the digits of an unparsed number in the shape of a key."""
    digits = _keep_digits(phone.raw)
    return "+84" + digits[1:] if digits.startswith("0") else "+" + digits


def _keep_digits(text: str) -> str:
    return "".join(sign for sign in to_ascii_digits(text) if sign.isdecimal())


def load_finding(
    kind: str, keys: Sequence[str], bank: str = ""
) -> tuple[NumberFinding | None, datetime | None]:
    """Return today's confirmed finding, and until when reports count no more. Two statements."""
    named = Q(kind=kind, key__in=keys) & ~Q(key="") & (Q(bank__in=("", bank)) if bank else Q())
    rows = list(NumberFinding.objects.in_effect(timezone.localdate()).filter(named))
    upheld = Dispute.objects.filter(named, status=Dispute.Status.UPHELD)
    answered = upheld.order_by("-answered_at").values_list("answered_at", flat=True).first()
    accusing = (row for row in rows if row.finding == NumberFinding.Finding.CONFIRMED)
    if row := next(accusing, None):
        return row, answered
    return None, max(filter(None, [*(row.confirmed_at for row in rows), answered]), default=None)
