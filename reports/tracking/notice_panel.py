"""What a reporter's pages offer to be told that there is something new: by mail, or by a calendar."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from core.calendar_file import render_event
from core.mail import mail_is_configured
from reports.calendar import deadline_rules
from reports.models import NoticeAddress, Report
from reports.notices import addresses

WORKING_DAYS = 3  # until a reporter should look again
MAX_DAYS = 60
_AT = time(8)


@dataclass(frozen=True)
class NoticePanel:
    """`look_on`: when to look again; `is_on`: a mail goes to an address that was given; `is_unusable`:
    none can go there; `is_open`: the portal sends mail.
    """

    look_on: date
    is_on: bool
    is_unusable: bool
    is_open: bool


def build_panel(report: Report, *, seen: bool = False) -> NoticePanel:
    """Return the panel; `seen` where its reporter now reads what there is to know. Two statements."""
    row = NoticeAddress.objects.filter(report=report).first()
    if row and seen:
        addresses.mark_seen(row)
    is_usable = bool(row and addresses.load_usable_address(row))
    look_on = deadline_rules.add_working_days(timezone.now(), WORKING_DAYS)
    day = timezone.localdate(look_on)
    return NoticePanel(day, is_usable, bool(row) and not is_usable, mail_is_configured())


def is_day_to_look(day: date) -> bool:
    return timezone.localdate() <= day <= timezone.localdate() + timedelta(days=MAX_DAYS)


def calendar_file(day: date) -> str:
    """Return the event: neither the code nor a word of the report, which others may read there."""
    host = urlsplit(settings.PORTAL_URL).netloc
    page = f"{host}{reverse('reports:track')}"
    text = gettext("Tự gõ địa chỉ %(page)s, rồi nhập mã bạn đang giữ.") % {"page": page}
    start = datetime.combine(day, _AT)
    return render_event(f"xem-lai-{day}@{host}", start, gettext("Xem lại tin báo"), text)
