"""How a reporter is told that there is something new: what the pages offer, by mail or in a calendar;
the calendar file; the link in the head of a mail that ends them. Forms are in tracking.py.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from core import calendar_file
from core.mail import mail_is_configured
from reports.calendar import deadline_rules
from reports.models import NoticeAddress, Report
from reports.notices import addresses
from reports.retention import erasure
from reports.views.form_errors import form_view

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
    mails = NoticeAddress.objects.filter(report=report, channel=NoticeAddress.Channel.MAIL)
    row = mails.first()
    if row and seen:
        addresses.mark_seen(row)
    is_usable = bool(row and addresses.load_usable_address(row))
    look_on = deadline_rules.add_working_days(timezone.now(), WORKING_DAYS)
    day = timezone.localdate(look_on)
    is_open = mail_is_configured()
    return NoticePanel(day, is_usable and is_open, bool(row) and not is_usable, is_open)


def is_day_to_look(day: date) -> bool:
    return timezone.localdate() <= day <= timezone.localdate() + timedelta(days=MAX_DAYS)


def render_calendar(day: date) -> str:
    """Return the event: neither the code nor a word of the report, which others may read there."""
    host = urlsplit(settings.PORTAL_URL).netloc
    page = f"{host}{reverse('reports:track')}"
    text = gettext("Tự gõ địa chỉ %(page)s, rồi nhập mã bạn đang giữ.") % {"page": page}
    start = datetime.combine(day, _AT)
    return calendar_file.render_event(
        f"xem-lai-{day}@{host}", start, gettext("Xem lại tin báo"), text
    )


@form_view  # mail programs post here by themselves (RFC 8058)
def end(request: HttpRequest, token: str) -> HttpResponse:
    """Return the page that ends the notices to a mailbox, by a button: mail programs open links too."""
    is_valid = addresses.is_end_token(token)
    if request.method == "POST":
        erasure.forget_addresses(addresses.list_rows_of_token(token))
    context = {"is_done": is_valid and request.method == "POST", "is_valid": is_valid}
    status = 200 if is_valid else 404
    return render(request, "reports/notice_end.html", context, status=status, using="public")


@require_safe
def calendar(request: HttpRequest, day: str) -> HttpResponse:
    """Return the calendar file of a day to look again. It is the same for everybody."""
    try:
        parsed = parse_date(day)
    except ValueError:
        parsed = None
    if parsed is None or not is_day_to_look(parsed):
        raise Http404
    return HttpResponse(
        render_calendar(parsed),
        content_type=calendar_file.CONTENT_TYPE,
        headers={"Content-Disposition": 'attachment; filename="xem-lai-tin-bao.ics"'},
    )
