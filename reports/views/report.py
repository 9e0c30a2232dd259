"""The report page: show the form, submit what is posted; and the receipt after it: its page, the cookie with
its code, its QR code and messages.
"""

import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from django import db
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from core import encryption
from core.form_data import Fields
from core.province import province, strip_marks
from core.qr_codes import draw_qr_code
from reports.extraction import phones
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.extraction.phones import ParsedCaller
from reports.facts import merged_report
from reports.facts.merged_report import MergedReport
from reports.models import Report
from reports.numbers import lookup
from reports.numbers.forms import MAX_LENGTH, PREFILL
from reports.reference import confirmed_statements, gazetteer
from reports.submission import flood_detection, intake, receipt_codes
from reports.submission.form_parser import ReportFormParser
from reports.submission.forms import ReportForm
from reports.submission.sources import IntakeSource
from reports.tracking import clarifying_questions
from reports.tracking.status_timeline import public_deadline, urgent_promise
from reports.views import notices
from reports.views.form_errors import FormError, SubmissionRedirect, parse_body
from reports.views.sealed_cookies import (
    offer_cookie,
    page_address,
    receipt_cookie,
    receipt_cookie_path,
)
from reports.views.status import report_handle

log = structlog.get_logger(__name__)

FOREIGN = FormError(
    403,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _(
        "Tin vừa rồi đến từ một trang khác, không phải trang này."
        " Những gì bạn đã viết vẫn còn nguyên. Đúng là bạn viết thì bấm Gửi tin báo."
    ),
)
STALE = FormError(
    422,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _("Trang đã mở quá lâu. Những gì bạn đã viết vẫn còn nguyên. Bấm Gửi tin báo là xong."),
)
NOT_SAVED = FormError(
    503,
    _("Chưa gửi được"),
    _(
        "Trang chưa ghi được tin của bạn. Những gì bạn đã viết vẫn còn nguyên."
        " Chờ một phút rồi bấm Gửi tin báo. Gấp thì gọi 113."
    ),
)

SWITCH = (
    "switch_language"  # the button of the other language: nothing is sent, nothing typed is lost
)


@csrf_exempt  # a form token of our own instead: no cookie for a visitor
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Show the report form; the page also takes its post."""
    if request.method == "POST":
        return submit_view(request)
    response = _page(request, ReportForm.initial_form(request.GET.dict()))
    # The back button finds this page with its submission key and what was typed: the same words under
    # the same key are the same report. Whoever comes anew, perhaps somebody else, gets a key anew.
    response["Cache-Control"] = "private, max-age=0"
    return response


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    """Submit the posted form.

    Not at the address of the page: on a post to it a browser drops its copy of the page, and with
    it the submission key.
    """
    if request.method == "POST":
        return submit_view(request)
    return SubmissionRedirect(reverse("reports:report"))


def submit_view(request: HttpRequest) -> HttpResponse:
    """Submit a posted report; return the redirect to its receipt, else the page, filled in."""
    data, error = parse_body(request, FOREIGN)
    if error is None and PREFILL in data:
        return _page_with_call(request, data)
    parser = ReportFormParser(data)
    if error is None and SWITCH in data:
        return _page(request, ReportForm.restore(parser.data))
    if error is None and parser.age is None:
        error = STALE
    if error or parser.is_empty:
        return _page_again(request, parser, error)
    try:
        submission = parser.to_submission(gazetteer.communes())
        origins = flood_detection.origin_digests(request)
        source = IntakeSource(origin_digests=origins)
        accepted = intake.submit_report(submission, parser.submission_key, source)
    except db.Error as error:
        log.error("report.save_failed", error=type(error).__name__)  # noqa: TRY400
        return _page_again(request, parser, NOT_SAVED)
    return redirect_to_receipt(request, accepted)


# Of answers to a post, also of those that refuse it: without no-store, so that the back button finds them.
_back_finds = cache_control(private=True, no_cache=True)


@_back_finds
def _page_with_call(request: HttpRequest, data: Fields) -> HttpResponse:
    """Return a fresh page with what another page of the portal has posted of a call."""
    form = ReportForm.initial_form({})
    form.initial["caller_number"] = data.get(PREFILL, "")[:MAX_LENGTH]
    form.initial["story"] = data.get("story", "")
    form.initial["claimed_office"] = data.get("claimed_office", "")
    form.initial["demands"] = data.getlist("demands")
    form.initial["money_lost"] = data.get("money_lost", "")
    form.initial["money_lost_vnd"] = data.get("money_lost_vnd", "")
    return _page(request, form)


@_back_finds
def _page_again(
    request: HttpRequest, parser: ReportFormParser, error: FormError | None
) -> HttpResponse:
    return _page(request, ReportForm(parser.data), error, status=422)


def _page(
    request: HttpRequest, form: ReportForm, error: FormError | None = None, status: int = 200
) -> HttpResponse:
    if form.is_bound:
        form.renew_token()
    context = {"form": form, "form_error": error, "communes": gazetteer.list_communes()}
    status = error.status if error else status
    return render(request, "reports/report.html", context, status=status, using="public")


# --- the receipt

MAX_SMS_LENGTH = 160
CARRIERS = "156"
# ASCII alone: 160 characters fit into one message, and every phone can send it.
_CODE_SMS = "Bao cuoc goi lua dao, {police}. Ma tin bao: {code}. Xem tin: {address}"
_CODE_SMS_EN = "Report of a scam call, {police}. Report code: {code}. See it: {address}"
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


def redirect_to_receipt(request: HttpRequest, accepted: intake.SubmissionResult) -> HttpResponse:
    """Return a redirect to the receipt, with the code in a short-lived encrypted cookie.

    Return the receipt itself where the code cannot be shown (a cookie at hand is then another
    report's), and for a repeated submission whose browser sent no cookie.
    """
    language = get_language()
    if accepted.code is None or (
        accepted.again and settings.RECEIPT_COOKIE_NAME not in request.COOKIES
    ):
        response = _receipt_page(request, accepted.report, accepted.code)
    else:
        response = SubmissionRedirect(page_address("reports:report_received", language))
    if accepted.code:
        receipt_cookie().write(response, accepted.code, receipt_cookie_path(language))
    return response


@require_safe
@never_cache
def report_received(request: HttpRequest) -> HttpResponse:
    """Show the receipt while the cookie with its code is valid."""
    code, _ = receipt_cookie().load(request)
    if not code:
        return render(request, "reports/no_cookie.html", using="public")
    try:
        report = receipt_codes.report_for_code(code)
    except db.Error:
        return offer_cookie(_receipt_page(request, None, code))
    return offer_cookie(_receipt_page(request, report, code if report else None))


@never_cache
def _receipt_page(request: HttpRequest, report: Report | None, code: str | None) -> HttpResponse:
    """Return the receipt: without the report only the code, without the code only the number."""
    context = {"report": report, "code": code, "statements": confirmed_statements.statements()}
    context |= _code_context(code) if code else {}
    try:
        context |= _report_context(report) if report else {}
    except db.Error:
        context["report"] = None
    return render(request, "reports/receipt.html", context, using="public")


def _code_context(code: str) -> dict[str, Any]:
    address = f"{settings.PORTAL_URL}{reverse('reports:track')}#{code}"
    return {
        "groups": receipt_codes.spoken_groups(code),
        "qr_code": draw_qr_code(address),
        "sms_to_self": sms_url(code_sms(code)),
        "submission_key": secrets.token_urlsafe(24),
    }


def _report_context(report: Report) -> dict[str, Any]:
    merged = _merge_followups(report)
    asks_number = bool(report.happening_now and not merged.has_contact and not report.erased_at)
    return {
        "handle": report_handle(report),
        "phrase": encryption.decrypt_field(merged, "phrase"),
        "may_be_called": merged.has_contact,
        "notice": notices.build_panel(report),
        "asks_number": asks_number,  # beside the red button: not once more among the questions
        "questions": [
            question
            for question in _list_questions(merged)
            if not (asks_number and question.field == "contact_phone")
        ],
        "place": gazetteer.describe_present(report.commune_raw, report.commune_id),
        **_list_promises(report),
        **_carrier_context(merged),
    }


def _merge_followups(report: Report) -> MergedReport:
    """Return the report with its follow-ups; none are queried where `report_for_code` saw none."""
    has_followups = getattr(report, "has_followups", True)
    return merged_report.merged_report(report) if has_followups else MergedReport(report)


def _list_questions(merged: MergedReport) -> list[clarifying_questions.ClarifyingQuestion]:
    try:
        communes = gazetteer.communes()
    except db.Error:
        communes = ()
    return clarifying_questions.open_questions(clarifying_questions.latest_input(merged), communes)


def _list_promises(report: Report) -> dict[str, str]:
    promises = {name: public_deadline(name, report) for name in ("first_review", "notified_unit")}
    sentences = {name: promise.sentence for name, promise in promises.items() if promise}
    return sentences | ({"first_review": urgent_promise(report)} if report.happening_now else {})


def _carrier_context(merged: MergedReport) -> dict[str, str]:
    """Return the message to 156; {} unless officers confirmed that way and a number fits."""
    if "sms_156" not in confirmed_statements.statements():
        return {}
    try:
        text = carrier_report_sms(merged)
    except db.Error:
        text = None
    return {"sms_156": text, "sms_156_opens": sms_url(text, CARRIERS)} if text else {}


def sms_url(text: str, number: str = "") -> str:
    """Return the address that opens a message; phones differ in where the text begins."""
    return f"sms:{number}?&body={quote(text)}"


def code_sms(code: str) -> str:
    """Return the message to oneself: the code, and where to type it."""
    is_english = get_language() == "en"
    words = _CODE_SMS_EN if is_english else _CODE_SMS
    police = strip_marks(province.police_short_en if is_english else province.police)
    address = urlsplit(settings.PORTAL_URL).netloc + reverse("reports:track")
    code = " ".join(receipt_codes.format_code(code))
    return words.format(police=police, code=code, address=address)


def carrier_report_sms(merged: MergedReport) -> str | None:
    """Return `LD (number) (what they said)` as 156 takes it, about the last caller with a number.

    None without a readable number, and for an office's or a bank's own: a forged one must not be blocked.
    One statement.
    """
    numbers = (_first_number(caller.number) for caller in reversed(merged.callers))
    phone = next(filter(None, numbers), None)
    if phone is None or lookup.find_published([phone.key]):
        return None
    head = f"LD ({phones.format_dialled(phone.key)}) ("
    summary = ", ".join(_list_ticked(merged.report)) or "goi dien lua dao"
    room = MAX_SMS_LENGTH - len(head) - 1
    if len(summary) > room:
        summary = summary[: room + 1].rpartition(",")[0]
    return f"{head}{summary})"


def _first_number(typed: str) -> ParsedCaller | None:
    parsed = phones.parse_many(typed[:MAX_NUMBER_CHARS_READ])
    return next((phone for phone in parsed if phone.key), None)


def _list_ticked(report: Report) -> Iterator[str]:
    """Yield whom callers claimed to be and what they wanted; never the story, which is personal."""
    if report.claimed_office in _OFFICES:
        yield _OFFICES[report.claimed_office]
    yield from (words for code, words in _DEMANDS.items() if code in report.demands)
