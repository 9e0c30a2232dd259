"""What the search page looks through on its own: our pages, and the offices that are impersonated.

What was typed may be a number or a name, so it is looked up and forgotten: nothing here logs it or
keeps it. Words in both languages and without marks are understood (folding.closest).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.province_names import get_police_name
from core.text import rank_by_similarity
from reports.extraction import phones
from reports.models import Office
from reports.public import institutions

MAX_LENGTH = 200  # signs of a query
_MANY_DIGITS = 6


@dataclass(frozen=True)
class Page:
    """One of our pages: the name of its address, its title, what it is for. `also`: words that
    people look for it by, in both languages, never shown.
    """

    address: str
    title: str | Promise
    about: str | Promise
    also: str


PAGES = (
    Page(
        "reports:now",
        _("Họ đang gọi tôi"),
        _("Cúp máy được ngay. Xem phải làm gì."),
        "đang bị gọi, đang nghe máy, cúp máy, dọa bắt, lỡ chuyển tiền, lỡ đọc mã OTP, khóa tài"
        " khoản, ngân hàng, 30 phút đầu, bị lừa, mất tiền, they are calling me now, on the call, hang up, sent money, OTP",
    ),
    Page(
        "reports:report",
        _("Báo cuộc gọi lừa đảo"),
        _("Một trang, 2 phút. Không cần ghi tên."),
        "báo công an, trình báo, tố giác, gửi tin báo, bị lừa, mất tiền, report a scam call, fraud, police",
    ),
    Page(
        "reports:check",
        _("Kiểm tra số điện thoại"),
        _("Xem số vừa gọi đã có ai báo chưa."),
        "tra số, số lạ, số này của ai, đầu số, nháy máy, check a phone number, who called, caller id",
    ),
    Page(
        "reports:track",
        _("Xem tin đã báo"),
        _("Dùng mã trên phiếu nhận tin."),
        "theo dõi, mã tin báo, phiếu nhận tin, rút tin, trả lời cán bộ, mất mã, see my report, track,"
        " code, receipt, withdraw",
    ),
    Page(
        "warnings:list",
        _("Cảnh báo"),
        format_lazy(_("Do {police} phát."), police=lazy(get_police_name, str)()),
        "cảnh báo lừa đảo, thông báo, công văn, thủ đoạn, warnings, alerts, scams",
    ),
    Page(
        "reports:offices",
        _("Nơi hay bị giả danh"),
        _("Họ xưng là ai? Xem những việc nơi thật không làm qua điện thoại."),
        "cơ quan, giả danh, mạo danh, xưng là, số của cơ quan, offices, impersonated, posing as",
    ),
    Page(
        "reports:quiz",
        _("Thật hay giả?"),
        _("Vài câu để thử nhận ra cuộc gọi lừa đảo."),
        "câu đố, trắc nghiệm, học cách nhận biết, quiz, real or fake, learn, test",
    ),
    Page(
        "reports:genuine",
        _("Trang này có thật không?"),
        _("Cách biết đây đúng là trang của Công an tỉnh."),
        "trang thật, trang giả, địa chỉ, cổng thật, is this site real, genuine, fake website, address",
    ),
    Page(
        "reports:personal_data",
        _("Thông tin cá nhân"),
        _("Ai giữ, để làm gì, giữ bao lâu."),
        "riêng tư, dữ liệu cá nhân, bảo mật, xóa thông tin, personal data, privacy, delete, cookies",
    ),
    Page(
        "reports:statistics",
        _("Số liệu tin báo"),
        _("Có bao nhiêu tin, họ lừa kiểu gì, ở đâu."),
        "thống kê, số liệu, bao nhiêu, biểu đồ, statistics, figures, numbers, how many, csv",
    ),
)
HELP = ("reports:now", "reports:report", "reports:check")


@dataclass(frozen=True)
class FoundOffice:
    """An office on the page of results, in the language of the page where it has the words."""

    slug: str
    name: str
    never: str
    only_vietnamese: bool


def search_pages(query: str) -> list[Page]:
    """Our pages that a query is about, the closest first."""
    return rank_by_similarity(
        query, [(page, str(page.title), f"{page.about} {page.also}") for page in PAGES]
    )


def fallback_pages() -> list[Page]:
    """The three pages that help whoever found nothing."""
    return [page for page in PAGES if page.address in HELP]


def search_offices(query: str) -> list[FoundOffice]:
    """The offices that a query is about, the closest first. One statement."""
    found = rank_by_similarity(query, _looked_through(Office.objects.all()))
    return [_in_words(office) for office in found]


def _in_words(office: Office) -> FoundOffice:
    said = institutions.localized_text(office)
    spoken = said.name == office.name_en and said.never == office.never_by_phone_en
    return FoundOffice(office.pk, said.name, said.never, only_vietnamese=not spoken)


def _looked_through(table: Iterable[Office]) -> list[tuple[Office, str, str]]:
    return [
        (
            office,
            f"{office.name} {office.name_en}",
            " ".join([*office.other_names, office.never_by_phone, office.never_by_phone_en]),
        )
        for office in table
    ]


def is_number(query: str) -> bool:
    """Whether a telephone number may be meant, whole or in pieces: another page knows of those."""
    phone = phones.parse(query)
    digits = sum(sign.isdecimal() for sign in query)
    return bool(phone.key) or phone.kind == "shortcode" or digits >= _MANY_DIGITS
