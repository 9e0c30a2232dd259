"""The receipt: the page after a report, and how its code comes there."""

import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import segno
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import encryption
from reports.calendar import deadline_rules
from reports.facts import merged_report
from reports.facts.merged_report import MergedReport
from reports.models import Report
from reports.reference import confirmed_statements, gazetteer
from reports.submission import intake, receipt_codes
from reports.tracking import clarifying_questions, sms_links
from reports.views.form_errors import HttpResponseSeeOther

RECEIPT_SECONDS = 15 * 60
_COOKIE = "receipt cookie"  # what it is sealed as
_QR_BORDER_MODULES = 2  # white around the code


@dataclass(frozen=True)
class QrCode:
    """A QR code: its width in modules with its white edge, and an SVG path one module thick."""

    width: int
    path: str


def receipt_given(request: HttpRequest, accepted: intake.SubmissionResult) -> HttpResponse:
    """On to the receipt, the code in a short sealed cookie. A browser that brought no cookie
    back when it sends the same report again keeps none: it gets the receipt as the answer. So
    does a report whose code can be shown no more: the cookie at hand is another report's.
    """
    language = get_language()
    if accepted.code is None or (
        accepted.again and settings.RECEIPT_COOKIE_NAME not in request.COOKIES
    ):
        response = _receipt_page(request, accepted.report, accepted.code)
    else:
        response = HttpResponseSeeOther(_address("reports:report_received", language))
    if accepted.code:
        response.set_cookie(
            settings.RECEIPT_COOKIE_NAME,
            _cookie(accepted.code),
            max_age=RECEIPT_SECONDS,
            path="/" if settings.HTTPS else _address("reports:report", language),
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


@lru_cache(maxsize=8)
def _address(name: str, language: str | None) -> str:
    with override(language):
        return reverse(name)


def _cookie(code: str) -> str:
    return urlsafe_b64encode(
        encryption.encrypt(f"{code} {time.time():.0f}", _COOKIE) or b""
    ).decode()


@require_safe
@never_cache
def report_received(request: HttpRequest) -> HttpResponse:
    """The receipt, as long as the cookie that carries its code."""
    code = _code_in_cookie(request)
    if code is None:
        return render(request, "reports/no_cookie.html", using="public")
    try:
        found = receipt_codes.report_for_code(code)
    except DatabaseTrouble:
        return _receipt_page(request, None, code)
    return _receipt_page(request, found, code if found else None)


def _code_in_cookie(request: HttpRequest) -> str | None:
    try:
        sealed = urlsafe_b64decode(request.COOKIES.get(settings.RECEIPT_COOKIE_NAME, ""))
    except ValueError:
        return None
    code, _, given_at = (encryption.decrypt(sealed, _COOKIE) or "").partition(" ")
    is_young = given_at.isdecimal() and time.time() < int(given_at) + RECEIPT_SECONDS
    return code if is_young else None


@never_cache
def _receipt_page(request: HttpRequest, report: Report | None, code: str | None) -> HttpResponse:
    """What is known of the two: without the report, or with a database that has just gone, the code
    still stands there; without the code the report's number.
    """
    context = {"report": report, "code": code, "said": confirmed_statements.statements()}
    context |= _about_code(code) if code else {}
    try:
        context |= _about_report(report) if report else {}
    except DatabaseTrouble:
        context["report"] = None
    return render(request, "reports/receipt.html", context, using="public")


def _about_code(code: str) -> dict[str, Any]:
    address = f"{settings.PORTAL_URL}{reverse('reports:track')}#{code}"
    return {
        "groups": [
            (group, receipt_codes.phonetic_group(group))
            for group in receipt_codes.format_code(code)
        ],
        "square": draw_qr_code(address),
        "sms_to_self": sms_links.sms_url(sms_links.code_sms(code)),
        "submission_key": secrets.token_urlsafe(24),
    }


def _about_report(report: Report) -> dict[str, Any]:
    told = _merge_followups(report)
    return {
        "phrase": encryption.decrypt_field(told, "phrase"),
        "may_be_called": told.has_contact,
        "questions": _questions(told),
        **_promised(report),
        **_for_carriers(told),
    }


def _merge_followups(report: Report) -> MergedReport:
    """The report with what was added; nothing is looked for where `receipts.find` saw nothing."""
    return (
        merged_report.merged_report(report)
        if getattr(report, "was_added_to", True)
        else MergedReport(report)
    )


def _questions(told: MergedReport) -> list[clarifying_questions.Question]:
    try:
        communes = gazetteer.communes()
    except DatabaseTrouble:
        communes = ()
    return clarifying_questions.open_questions(clarifying_questions.latest_input(told), communes)


def _promised(report: Report) -> dict[str, str]:
    """The public clocks, each only once an officer has confirmed it."""
    said, since = confirmed_statements.statements(), report.received_at
    look, told = said.get("first_look"), said.get("told_where")
    promised = {}
    if look and look.amount:
        due = deadline_rules.add_hours(since, look.amount)
        promised["first_look"] = look.text.replace("{time}", deadline_rules.format_deadline(due))
    if told and told.amount:
        due = deadline_rules.add_working_days(since, told.amount)
        promised["told_where"] = told.text.replace("{time}", deadline_rules.format_deadline(due))
    return promised


def _for_carriers(told: MergedReport) -> dict[str, str]:
    """The text for 156, once an officer has confirmed that way and where there is a number."""
    if "sms_156" not in confirmed_statements.statements():
        return {}
    try:
        text = sms_links.carrier_report_sms(told)
    except DatabaseTrouble:
        text = None
    return (
        {"sms_156": text, "sms_156_opens": sms_links.sms_url(text, sms_links.CARRIERS)}
        if text
        else {}
    )


def draw_qr_code(text: str) -> QrCode:
    """Return a code that the page draws itself: no picture to fetch, no style to allow."""
    code = segno.make(text, micro=False)
    svg = code.svg_inline(border=_QR_BORDER_MODULES, omitsize=True)
    width, _ = code.symbol_size(border=_QR_BORDER_MODULES)
    return QrCode(int(width), svg.partition(' d="')[2].partition('"')[0])
