"""The link in the head of a notice that ends them, and the calendar file; the rest is in tracking.py."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from core import calendar_file
from reports.notices import addresses
from reports.tracking import notice_panel
from reports.views.form_errors import form_view


@form_view  # mail programs post here by themselves (RFC 8058)
def end(request: HttpRequest, token: str) -> HttpResponse:
    """Return the page that ends the notices to a mailbox, by a button: mail programs open links too."""
    is_valid = addresses.is_end_token(token)
    if request.method == "POST":
        addresses.end_mailbox(token)
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
    if parsed is None or not notice_panel.is_day_to_look(parsed):
        raise Http404
    return HttpResponse(
        notice_panel.calendar_file(parsed),
        content_type=calendar_file.CONTENT_TYPE,
        headers={"Content-Disposition": 'attachment; filename="xem-lai-tin-bao.ics"'},
    )
