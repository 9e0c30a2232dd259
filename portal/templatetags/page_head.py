"""What the head of a public page says of it: its addresses by language, its title and purpose.

The language of a page is in its path alone.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import Resolver404, resolve, translate_url
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from reports.public.site_search import PAGES, Page

register = template.Library()
# Pages that the search of the site need not lead to, and links from elsewhere do.
_MORE = (
    Page(
        "reports:search",
        _("Tìm trên trang này"),
        _("Gõ số điện thoại, tên cơ quan hoặc kiểu lừa để tìm cảnh báo và chỗ giúp."),
        "",
    ),
    Page(
        "reports:scam_call",
        _("Một cuộc gọi lừa, từng câu"),
        _("Đọc từng câu kẻ gian nói và vì sao câu ấy là lừa."),
        "",
    ),
    Page(
        "reports:dispute",
        _("Đề nghị xem lại"),
        _("Số điện thoại, tài khoản, trang là của bạn, hoặc bị báo nhầm? Cán bộ sẽ xem lại."),
        "",
    ),
    Page(
        "reports:for_programs",
        _("Cho người viết phần mềm"),
        _(
            "Phần mềm của bạn hỏi được một số, một tài khoản, một trang có phải điều mà Công an tỉnh"
            " đã xác nhận không, mà không nói ra điều ấy."
        ),
        "",
    ),
    Page(
        "subscriptions:subscribe",
        _("Nhận cảnh báo qua email"),
        _("Có cảnh báo mới là trang gửi một email ngắn. Bỏ lúc nào cũng được."),
        "",
    ),
    Page(
        "alerts:for_agencies",
        "Dành cho cơ quan",
        "Gắn cảnh báo của Công an tỉnh lên trang web; tờ dán, bài loa, nguồn tin, gửi tin báo, kiểm tra mã.",
        "",
    ),
)
_PAGES = {page.address: page for page in (*PAGES, *_MORE) if not page.place}
_NAMES = {"vi": "Tiếng Việt", "en": "English"}
_LOCALES = {"vi": "vi_VN", "en": "en_GB"}


class LanguageLink(NamedTuple):
    """Address of a page in its other language, with the code and the own name of that language."""

    address: str
    code: str
    name: str


@dataclass(frozen=True)
class PageHead:
    """The page's own absolute address, those by language where it has several, and what it is for."""

    own: str
    addresses: dict[str, str]
    page: Page | None
    locale: str
    picture: str


@register.simple_tag(takes_context=True)
def language_switch_link(context: template.Context) -> LanguageLink | None:
    """Return the link; None where the page has one language, or neither request nor path (`here`)."""
    here, code = _find_path(context), "vi" if get_language() == "en" else "en"
    address = translate_url(here, code) if here else here
    return LanguageLink(address, code, _NAMES[code]) if address != here else None


@register.simple_tag(takes_context=True)
def page_head(context: template.Context) -> PageHead | None:
    """Return what search engines and shared links read; None for a page without an address."""
    here = _find_path(context)
    try:
        match = resolve(here)
    except Resolver404:
        return None
    if not match.kwargs.keys() <= {"slug"} or "admin" in match.namespaces:
        return None  # an answer to one person, whose address may hold a token
    paths = {code: translate_url(here, code) for code in _NAMES}
    addresses = {code: settings.PORTAL_URL + path for code, path in paths.items()}
    has_both = len(set(paths.values())) > 1
    own = settings.PORTAL_URL + here
    return PageHead(
        own,
        addresses if has_both else {},
        _PAGES.get(match.view_name),
        _LOCALES["en" if get_language() == "en" else "vi"],
        settings.PORTAL_URL + static("img/icon-512.png"),
    )


def _find_path(context: template.Context) -> str:
    request: Any = getattr(context, "request", None)
    path = str(request.path if request else context.get("here", ""))
    return "/" + path.lstrip("/") if path else ""  # two slashes would begin a host
