"""The declaration for bank and commune police: a page to print, and a PDF."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reports.models import Report
from reports.submission.forms import CodeForm
from reports.tracking.declaration import BLANK, REQUESTS, build_declaration
from reports.views.form_errors import FormError, form_view
from reports.views.sealed_cookies import has_cookies, offer_cookie
from reports.views.status import redirect_to_report, report_handle, report_page, status_page
from reports.views.tracking import ERASED, FOREIGN, answer_for_code

NOT_MADE = FormError(
    503,
    _("Chưa lập được bản trình bày"),
    _("Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."),
)


@form_view
def declaration(request: HttpRequest) -> HttpResponse:
    """Show the declaration of the posted code's report."""
    if request.method != "POST":
        return redirect("reports:track")
    return answer_for_code(request, FOREIGN, NOT_MADE, _answer)


@form_view
def declaration_pdf(request: HttpRequest) -> HttpResponse:
    """Return the declaration as a file."""
    if request.method != "POST":
        return redirect("reports:track")
    return answer_for_code(request, FOREIGN, NOT_MADE, _render_pdf)


@require_safe
@never_cache
def page(request: HttpRequest, handle: str) -> HttpResponse:
    """Show the declaration while the cookie of its report is valid."""
    return report_page(request, handle, partial(_show, request))


def _answer(request: HttpRequest, report: Report, form: CodeForm) -> HttpResponse:
    code = form.cleaned_data["code"]
    if report.erased_at:
        return status_page(request, report, form, ERASED.status, confirmation=[ERASED])
    if has_cookies(request):
        return redirect_to_report(report, code, page="reports:declaration_page")
    return _render(request, report, code)


def _show(request: HttpRequest, report: Report, code: str, _news: dict[str, Any]) -> HttpResponse:
    if report.erased_at:
        return redirect("reports:report_status", report_handle(report))
    return offer_cookie(_render(request, report, code))


def _render(request: HttpRequest, report: Report, code: str) -> HttpResponse:
    context = {
        "declaration": build_declaration(report),
        "blank": BLANK,
        "requests": REQUESTS,
        "code": code,
    }
    return render(request, "reports/declaration.html", context, using="public")


def _render_pdf(request: HttpRequest, report: Report, form: CodeForm) -> HttpResponse:
    if report.erased_at:
        return status_page(request, report, form, ERASED.status, confirmation=[ERASED])
    from reports.tracking import declaration_pdf as sheets  # noqa: PLC0415  # its packages are heavy

    name = f"trinh-bay-{report.public_number}.pdf"
    return HttpResponse(
        sheets.render_declaration(build_declaration(report)),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
