"""Search our pages and the impersonated offices, in both languages, without marks.

A query may be a number or a name: nothing here logs or stores it.
"""

from dataclasses import dataclass

from django.utils.functional import Promise, lazy
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.province_names import get_police_name
from core.text import rank_by_similarity
from reports.extraction import phones
from reports.models import Office
from reports.public import office_texts

MAX_LENGTH = 200  # characters of a query
_MIN_DIGITS = 6  # of what may be a number


@dataclass(frozen=True)
class Page:
    """A page of the portal: URL name, title, purpose, and further search words."""

    address: str
    title: str | Promise
    about: str | Promise
    also: str
    place: str = ""  # on the page


PAGES = (
    Page(
        "reports:home",
        _("Người lạ gọi, xưng là cán bộ?"),
        _("Đang bị gọi, muốn biết thật hay giả, hay muốn báo công an: ba việc ở một nơi."),
        "trang chủ, home",
    ),
    Page(
        "reports:now",
        _("Họ đang gọi tôi"),
        _("Cúp máy được ngay. Xem phải làm gì."),
        "đang bị gọi, đang nghe máy, cúp máy, dọa bắt, khóa tài"
        " khoản, ngân hàng, 30 phút đầu, bắt cóc online, con bị giữ, bị ép bật camera, tiền chuộc, bị lừa, mất tiền, they are calling me now, on the call, hang up, sent money, OTP",
    ),
    Page(
        "reports:now",
        _("Lỡ chuyển tiền, đọc mã? Làm ngay trong 30 phút đầu"),
        _("Gọi ngân hàng, báo công an, giữ lại mọi thứ: tám việc theo thứ tự."),
        "mất tiền, lấy lại tiền, đã chuyển tiền, chuyển nhầm cho kẻ gian, gọi ngân hàng, bị lừa mất tiền, lỡ đọc mã OTP, lỡ bấm link,"
        " I lost money, get my money back, sent money, call the bank, read out the OTP",
        "#first",
    ),
    Page(
        "reports:assessment",
        _("Thật hay giả?"),
        _("Dán tin nhắn, số, tài khoản, đường link: có dấu hiệu lừa đảo không, hỏi lại ở đâu."),
        "có thật không, có phải lừa đảo không, công an gọi có thật không, kiểm tra tin nhắn, số tài khoản,"
        " đường link, câu đố, trắc nghiệm, học cách nhận biết, is this a scam, real or fake, quiz, learn, test",
    ),
    Page(
        "reports:report",
        _("Báo cuộc gọi lừa đảo"),
        _("Một trang, 2 phút. Không cần ghi tên."),
        "báo công an, trình báo, tố giác, gửi tin báo, bị lừa, mất tiền, report a scam call, fraud, police",
    ),
    Page(
        "reports:check",
        _("Kiểm tra số, tài khoản, đường link"),
        _("Xem số vừa gọi, tài khoản, đường link đã có ai báo chưa."),
        "tra số, số lạ, số này của ai, đầu số, nháy máy, số tài khoản, trang web giả, check a phone number,"
        " who called, caller id, bank account, link",
    ),
    Page(
        "reports:dispute_answer",
        _("Xem trả lời đề nghị xem lại"),
        _("Số, tài khoản, trang của bạn bị báo nhầm mà đã gửi đề nghị: gõ mã XL."),
        "số của tôi bị giả, bị báo nhầm, đề nghị xem lại, mã XL, dispute, my number was spoofed",
    ),
    Page(
        "reports:track",
        _("Xem tin đã báo"),
        _("Dùng mã trên phiếu nhận tin."),
        "theo dõi, mã tin báo, phiếu nhận tin, rút tin, trả lời cán bộ, mất mã, see my report, track,"
        " code, receipt, withdraw",
    ),
    Page(
        "reports:new_code",
        _("Mất mã? Lấy mã mới"),
        _("Mất mã tin báo thì gọi đường dây nóng, lấy mã khác ở đây."),
        "mất mã, quên mã, mất phiếu nhận tin, lost my code, forgotten code",
    ),
    Page(
        "warnings:list",
        _("Cảnh báo"),
        format_lazy(_("Do {police} phát."), police=lazy(get_police_name, str)()),
        "cảnh báo lừa đảo, thông báo, công văn, thủ đoạn, warnings, alerts, scams",
    ),
    Page(
        "reports:offices",
        _("Ngân hàng của bạn"),
        _("Gọi số in ở mặt sau thẻ. Ngân hàng không hỏi mật khẩu, mã OTP."),
        "gọi ngân hàng, số ngân hàng, tổng đài ngân hàng, khóa thẻ, khóa tài khoản, call my bank, bank number, block my card",
        "ngan-hang/",
    ),
    Page(
        "reports:offices",
        _("Nơi hay bị giả danh"),
        _("Họ xưng là ai? Xem những việc nơi thật không làm qua điện thoại."),
        "cơ quan, giả danh, mạo danh, xưng là, số của cơ quan, offices, impersonated, posing as",
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
        "reports:accessibility",
        _("Ai cũng dùng được trang này"),
        _("Mắt kém, không nghe được, tay run, máy cũ: dùng thế nào, chỗ nào chưa được, báo ai."),
        "người khuyết tật, người mù, khiếm thị, người điếc, khiếm thính, trợ năng, chữ to, đọc màn hình,"
        " accessibility, disability, blind, deaf, screen reader, large text",
    ),
    Page(
        "reports:statistics",
        _("Số liệu tin báo"),
        _("Có bao nhiêu tin, họ lừa kiểu gì, ở đâu."),
        "thống kê, số liệu, bao nhiêu, biểu đồ, statistics, figures, numbers, how many, csv",
    ),
)
HELP = ("reports:now", "reports:assessment", "reports:report")


@dataclass(frozen=True)
class OfficeMatch:
    """An office among the results, in the language of the page where it has the texts."""

    slug: str
    name: str
    never: str
    only_vietnamese: bool


def search_pages(query: str) -> list[Page]:
    """Return our pages about a query, the closest first."""
    return rank_by_similarity(query, _list_pages())


def _list_pages() -> list[tuple[Page, str, str]]:
    return [(page, str(page.title), f"{page.about} {page.also}") for page in PAGES]


def fallback_pages() -> list[Page]:
    """Return the pages to offer where nothing matches."""
    return [page for page in PAGES if page.address in HELP and not page.place]


def search_offices(query: str) -> list[OfficeMatch]:
    """Return the offices about a query, the closest first: with half of its words only where no page has
    them all. One statement.
    """
    rows = [
        (
            office,
            f"{office.name} {office.name_en}",
            " ".join([*office.other_names, office.never_by_phone, office.never_by_phone_en]),
        )
        for office in Office.objects.all()
    ]
    found = rank_by_similarity(query, [*rows, *_list_pages()])
    return [_build_match(each) for each in found if isinstance(each, Office)]


def _build_match(office: Office) -> OfficeMatch:
    text = office_texts.localized_text(office)
    is_english = text.name == office.name_en and text.never == office.never_by_phone_en
    return OfficeMatch(office.pk, text.name, text.never, only_vietnamese=not is_english)


def is_number(query: str) -> bool:
    """Return whether a query may be a telephone number, whole or in part."""
    phone = phones.parse(query)
    digits = sum(map(str.isdecimal, query))
    return bool(phone.key) or phone.kind == "shortcode" or digits >= _MIN_DIGITS
