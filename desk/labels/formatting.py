"""Figures, times, texts and names of officers in Vietnamese notation."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def in_quotes(text: str) -> str:
    """Return typed text in quotation marks; "" for none."""
    return f"(ghi “{text}”)" if text else ""


def format_loss(dong: int | None) -> str:
    """Return an amount in đồng in words: 120 triệu, 35,5 triệu, 1,2 tỷ."""
    if dong is None:
        return "Chưa rõ"
    if dong == 0:
        return "Không"
    for size, word in ((10**9, "tỷ"), (10**6, "triệu"), (10**3, "nghìn")):
        if round(dong / size, 4) >= 1:  # 999.999 is a million, not 1000 nghìn
            return f"{dong / size:.1f}".removesuffix(".0").replace(".", ",") + f" {word}"
    return f"{dong} đồng"


def format_losses(loss: int, confirmed: int) -> str:
    """Return a sum of losses as what persons confirmed and what the machine proposes beyond it."""
    if not loss:
        return format_loss(loss)
    kept, more = (
        f"{format_loss(sum_).removesuffix(' đồng')} đồng" for sum_ in (confirmed, loss - confirmed)
    )
    if not confirmed:
        return f"Máy đề xuất {more}, chưa ai xác nhận"
    return f"Đã xác nhận {kept}" + (f"; máy đề xuất thêm {more}" if loss > confirmed else "")


def format_count(amount: int) -> str:
    """Return a count with thousands separated: 1.234.567."""
    return f"{amount:,}".replace(",", ".")


def format_age(since: datetime, now: datetime) -> str:
    minutes = (now - since) // timedelta(minutes=1)
    for length, word in ((24 * 60, "ngày"), (60, "giờ"), (1, "phút")):
        if minutes >= length:
            return f"{minutes // length} {word} trước"
    return "vừa xong"


def time_tag(at: datetime, title: str = "") -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}{}">{}</time>',
        timezone.localtime(at).isoformat(timespec="seconds"),
        title,
        format_datetime(at),
        format_age(at, timezone.now()),
    )


def format_phone(key: str) -> str:
    """Return a canonical number in national notation: 0550 000 123."""
    if not key.startswith("+84"):
        return key
    digits = "0" + key.removeprefix("+84")
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}" if len(digits) in {10, 11} else digits


def link_source(source: str) -> str:
    """Return where a number was compared; of a page its host, as a link."""
    scheme, found, rest = source.partition("https://")
    if scheme or not found:
        return source
    return format_html('<a href="{}" rel="noreferrer">{}</a>', source, rest.partition("/")[0])


def officer_name(user: User | None) -> str:
    """Return an officer's name, else the login."""
    if user is None:
        return "chưa phân công"
    return user.get_full_name() or user.get_username()


def format_time(at: datetime) -> str:
    """Return the time of day in the desk's time zone."""
    return f"{timezone.localtime(at):%H:%M}"


def format_datetime(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"
