"""How often officers agree with the machine, by fact and month; the judged stories as a file."""

import json
from functools import partial
from typing import IO, Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.sessions import get_officer
from core.audit import events
from desk.labels import codes
from desk.pages.http import render, set_status
from desk.reports import exports
from desk.reports.reprocessing import START_RUN_PERMISSION
from reports.cases import officer_labels
from reports.models import Report

MEDIA_TYPE = "application/x-ndjson"


def show_agreement(request: HttpRequest) -> HttpResponse:
    get_officer(request, START_RUN_PERMISSION)
    return _render(request, exports.RequiredReasonForm(may_personal=False))


def _render(request: HttpRequest, form: exports.RequiredReasonForm) -> HttpResponse:
    counted = {(row.fact, row.month): row for row in officer_labels.load_agreement()}
    judged = {fact for fact, _ in counted}
    facts = {fact: title for fact, title in codes.CORRECTABLE_FACTS.items() if fact in judged}
    months = reversed(officer_labels.list_months())
    page = render(
        request,
        "admin/reports/report/agreement.html",
        "Máy đọc đúng đến đâu",
        Report,
        titles=facts.values(),
        months=[(month, [counted.get((fact, month)) for fact in facts]) for month in months],
        form=form,
        may_export=get_officer(request).has_perm(exports.EXPORT_PERSONAL_PERMISSION),
    )
    return set_status(page, 422 if form.errors else 200)


def export_labels(request: HttpRequest) -> HttpResponseBase:
    """Return the judged stories as lines of training, on record, or the page with the form's errors."""
    by = get_officer(request, START_RUN_PERMISSION, exports.EXPORT_PERSONAL_PERMISSION)
    form = exports.RequiredReasonForm(request.POST, may_personal=False)
    if not form.is_valid():
        return _render(request, form)
    record = partial(
        events.log_event, "export", uuid4(), "labels_exported", by=by, personal=True,
        reason=form.cleaned_data["reason"],
    )  # fmt: skip
    name = f"loi-ke-co-nhan-{timezone.localtime():%Y%m%d-%H%M}.jsonl"
    return exports.give_file(name, MEDIA_TYPE, _write_stories, record)


def _write_stories(file: IO[bytes]) -> dict[str, Any]:
    """Write the judged stories, a line each, and return how many."""
    stories = officer_labels.list_labelled_stories(officer_labels.list_labelled_reports())
    count = 0
    for count, story in enumerate(stories, 1):
        line = {"id": f"o-{count:05}", **story}
        file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    return {"rows": count}
