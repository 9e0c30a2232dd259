"""The webhook of a Zalo Official Account: a text that somebody sends it is a report, or tells more of one.

Its id is the submission key, so that what Zalo tells twice is filed once. The answer is owed to its
sender with the report (channels/zalo_answers.py), and waits for Zalo where it must.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django import db
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import zalo
from core.form_data import Fields, sanitize_text
from reports.cases.legal_holds import ReportErasedError
from reports.channels import dispatch, zalo_threads
from reports.channels.zalo_threads import Threads
from reports.models import NoticeAddress, Report
from reports.reference import gazetteer
from reports.submission import flood_detection, intake
from reports.submission.form_parser import ReportFormParser
from reports.submission.sources import IntakeSource, scope_key
from reports.tracking import followups
from reports.tracking.followups import LimitReachedError
from reports.tracking.forms import FollowupFormParser

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 64 * 1024


@dataclass(frozen=True)
class TextMessage:
    """A text that a user sent to the account."""

    id: str
    user_id: str
    text: str


@csrf_exempt  # the signature says who asks
@require_POST
@never_cache
def webhook(request: HttpRequest) -> HttpResponse:
    """Take in a text; answer 200 to whatever else Zalo signed, and to the empty object that tries the address."""
    account = zalo.load_account()
    if account is None:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
        return HttpResponse(status=413)
    try:
        event = json.loads(request.body)
    except (ValueError, RecursionError, UnreadablePostError):
        event = None
    if not isinstance(event, dict):
        return HttpResponse(status=400)
    told = event.get("timestamp")
    in_body = str(told) if isinstance(told, str | int) else ""
    timestamp = request.headers.get("X-ZEvent-Timestamp") or in_body
    signature = request.headers.get("X-ZEvent-Signature", "")
    if event and not zalo.is_signed(account, request.body, timestamp, signature):
        return HttpResponse(status=403)
    try:
        if message := _parse_message(event):
            take_in(message)
    except db.Error as error:
        log.error("zalo.message_failed", error=type(error).__name__)  # noqa: TRY400
        return HttpResponse(status=503, headers={"Retry-After": "30"})
    return JsonResponse({})


def _parse_message(event: dict[str, Any]) -> TextMessage | None:
    """Return the text of an event, None for an event of another kind."""
    match event:
        case {
            "event_name": "user_send_text",
            "sender": {"id": str(user_id)},
            "message": {"msg_id": str(message_id), "text": str(text)},
        } if text.strip():
            return TextMessage(*map(sanitize_text, (message_id, user_id, text)))
    return None


@transaction.atomic
def take_in(message: TextMessage) -> None:
    """File a text once, as a follow-up of what its user is telling or as a report. Owe an answer to the
    first text of a report, and to the last that is taken of this user today.
    """
    key = scope_key("zalo", message.id)
    threads = zalo_threads.lock_threads(message.user_id)
    if zalo_threads.is_filed(threads, key):
        return
    if zalo_threads.is_full(threads):
        log.warning("zalo.message_dropped")
        return
    added_to = _add_to_report(threads, message, key)
    report_id = added_to or _file_report(message, key)
    zalo_threads.count_text(message.user_id, report_id)
    if not added_to or zalo_threads.is_full(threads):
        dispatch.owe_answer(report_id, message.user_id, NoticeAddress.Channel.ZALO)


def _add_to_report(threads: Threads, message: TextMessage, key: str) -> UUID | None:
    """Return the report to which the text was added; None where there is none that takes it."""
    report = zalo_threads.find_open_report(threads)
    parser = FollowupFormParser(Fields({"story": [message.text]}))
    submission = parser.to_submission(gazetteer.communes())
    with suppress(LimitReachedError, ReportErasedError):
        if report and followups.submit_followup(report, submission, key):
            return report.pk
    return None


def _file_report(message: TextMessage, key: str) -> UUID:
    parser = ReportFormParser(Fields({"story": [message.text]}))
    digests = flood_detection.sender_digests("zalo user", message.user_id)
    source = IntakeSource(Report.Source.ZALO, origin_digests=digests)
    return intake.submit_report(parser.to_submission(gazetteer.communes()), key, source).report.pk
