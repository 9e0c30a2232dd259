"""Ready-made text messages that a phone opens with one tap: the code to oneself, the call to 156.
ASCII alone, so that one message holds 160 signs and no phone is too old for it.
"""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from core.province import province, strip_marks
from reports.extraction import phones
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ
from reports.extraction.phones import ParsedCaller
from reports.facts.merged_report import MergedReport
from reports.models import OfficeNumber, Report
from reports.submission.receipt_codes import format_code

MAX_LENGTH = 160  # signs of one message
CARRIERS = "156"
_WITHOUT_ZERO = frozenset({"premium", "tollfree"})
_CODE = "Bao cuoc goi lua dao, {police}. Ma tin bao: {code}. Xem tin: {address}"
_CODE_EN = "Report of a scam call, {police}. Report code: {code}. See it: {address}"
_OFFICES = {
    "police": "xung cong an",
    "provincial_leader": "xung lanh dao tinh, so",
    "court_procuracy": "xung toa an, vien kiem sat",
    "bank": "xung ngan hang",
    "utility": "xung dien luc, nha mang",
    "public_service": "xung thue, bao hiem, VNeID",
}
_DEMANDS = {
    "threat": "doa bat, doa phat",
    "money": "doi chuyen tien",
    "secrets": "hoi ma OTP, mat khau",
    "software": "bao cai app, bam link",
    "identity": "hoi can cuoc",
    "isolation": "dan giu bi mat",
    "contact": "ru ket ban Zalo",
    "promise": "hua giup, hua hoan tien",
}


def sms_url(text: str, number: str = "") -> str:
    """The address that opens a message, ready to send; phones differ in where the text begins."""
    return f"sms:{number}?&body={quote(text)}"


def code_sms(code: str) -> str:
    """What to send to oneself: where this is, the code, where to type it."""
    english = get_language() == "en"
    words = _CODE_EN if english else _CODE
    police = strip_marks(province.police_short_en if english else province.police)
    address = urlsplit(settings.PORTAL_URL).netloc + reverse("reports:track")
    return words.format(police=police, code=" ".join(format_code(code)), address=address)


def carrier_report_sms(whole: MergedReport) -> str | None:
    """`LD (number) (what they said)` as 156 takes it; None where no number can be read, and for a
    number that an institution has published: a faked one must not be blocked. Of several callers
    the one that was told last. One statement.
    """
    numbers = (_first_number(leg.number) for leg in reversed(whole.callers))
    phone = next(filter(None, numbers), None)
    if phone is None or OfficeNumber.objects.filter(key=phone.key).exists():
        return None
    head = f"LD ({_dialled(phone)}) ("
    said = ", ".join(_in_short(whole.report)) or "goi dien lua dao"
    return head + _cut(said, MAX_LENGTH - len(head) - 1) + ")"


def _first_number(typed: str) -> ParsedCaller | None:
    return next(
        (phone for phone in phones.parse_many(typed[:MAX_NUMBER_CHARS_READ]) if phone.key), None
    )


def _dialled(phone: ParsedCaller) -> str:
    """As it is dialled at home: 1900… as it is, a foreign one with its +."""
    if not phone.key.startswith("+84"):
        return phone.key
    at_home = phone.key.removeprefix("+84")
    return at_home if phone.kind in _WITHOUT_ZERO else "0" + at_home


def _in_short(report: Report) -> Iterator[str]:
    """Who they said they were and what they wanted, as it was ticked: a story tells of its teller,
    and 156 is no place for that.
    """
    if report.claimed_office in _OFFICES:
        yield _OFFICES[report.claimed_office]
    yield from (words for code, words in _DEMANDS.items() if code in report.demands)


def _cut(text: str, most: int) -> str:
    """Not longer than *most*; where it would be, it ends before a comma."""
    if len(text) <= most:
        return text
    return text[: most + 1].rpartition(",")[0]
