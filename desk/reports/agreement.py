"""How often officers agree with the machine, as charts by fact and month; the judged stories as a file."""

import json
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounts.sessions import get_officer
from core.audit import events
from desk.labels import codes
from desk.pages.responses import render, set_status
from desk.reports import exports
from desk.reports.reprocessing import START_RUN_PERMISSION
from reports.cases import officer_labels
from reports.cases.officer_labels import Agreement
from reports.models import Report

PITCH, THICK, LEFT, TOP, FULL = 26, 18, 36, 8, 80
MEDIA_TYPE = "application/x-ndjson"


@dataclass(frozen=True)
class MonthColumn:
    """A month of a fact; `share` is how many of a hundred judged were confirmed, None for none judged."""

    month: date
    judged: int
    agreed: int
    x: int

    @property
    def share(self) -> int | None:
        return round(100 * self.agreed / self.judged) if self.judged else None

    @property
    def height(self) -> int:
        return round(FULL * (self.share or 0) / 100)

    @property
    def y(self) -> int:
        return TOP + FULL - self.height

    @property
    def middle(self) -> int:
        return self.x + THICK // 2


@dataclass(frozen=True)
class AgreementChart:
    fact: str
    title: str
    columns: tuple[MonthColumn, ...]
    lines: tuple[tuple[int, int], ...] = ((100, TOP), (50, TOP + FULL // 2), (0, TOP + FULL))
    left: int = LEFT
    thick: int = THICK
    floor: int = TOP + FULL + 18
    height: int = TOP + FULL + 24
    width: int = LEFT + PITCH * officer_labels.MONTHS

    @property
    def judged(self) -> int:
        return sum(column.judged for column in self.columns)

    @property
    def agreed(self) -> int:
        return sum(column.agreed for column in self.columns)


def list_charts(rows: Iterable[Agreement]) -> list[AgreementChart]:
    """Return a chart of each fact that officers judged, of all months up to this one."""
    counted = {(row.fact, row.month): row for row in rows}
    facts = {fact for fact, _ in counted}
    months = officer_labels.list_months()
    return [
        AgreementChart(fact, title, tuple(_columns(fact, months, counted)))
        for fact, title in codes.CORRECTABLE_FACTS.items()
        if fact in facts
    ]


def _columns(
    fact: str, months: list[date], counted: dict[tuple[str, date], Agreement]
) -> Iterable[MonthColumn]:
    for place, month in enumerate(months):
        row = counted.get((fact, month), Agreement(month, fact, 0, 0))
        yield MonthColumn(month, row.judged, row.agreed, LEFT + 4 + PITCH * place)


def show_agreement(request: HttpRequest) -> HttpResponse:
    if not get_officer(request).has_perm(START_RUN_PERMISSION):
        raise PermissionDenied
    return _render(request, exports.RequiredReasonForm(may_personal=False))


def _render(request: HttpRequest, form: exports.RequiredReasonForm) -> HttpResponse:
    charts = list_charts(officer_labels.load_agreement())
    page = render(
        request,
        "admin/reports/report/agreement.html",
        "Máy đọc đúng đến đâu",
        Report,
        charts=charts,
        months=list(zip(*(chart.columns for chart in charts), strict=True))[::-1],
        form=form,
        may_export=get_officer(request).has_perm(exports.EXPORT_PERSONAL_PERMISSION),
    )
    return set_status(page, 422 if form.errors else 200)


def export_labels(request: HttpRequest) -> HttpResponseBase:
    """Return the judged stories as lines of training, on record, or the page with the form's errors."""
    by = get_officer(request)
    if not (by.has_perm(START_RUN_PERMISSION) and by.has_perm(exports.EXPORT_PERSONAL_PERMISSION)):
        raise PermissionDenied
    form = exports.RequiredReasonForm(request.POST, may_personal=False)
    if not form.is_valid():
        return _render(request, form)
    return _file(request, form.cleaned_data["reason"])


def _file(request: HttpRequest, reason: str) -> FileResponse:
    stories = officer_labels.list_labelled_stories(officer_labels.list_labelled_reports())
    with ExitStack() as unless_given:
        file = unless_given.enter_context(tempfile.SpooledTemporaryFile(exports.MAX_MEMORY_BYTES))
        count = 0
        for count, story in enumerate(stories, 1):
            line = {"id": f"o-{count:05}", **story}
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        events.log_event(
            "export", uuid.uuid4(), "labels_exported", by=get_officer(request), rows=count,
            personal=True, sha256=exports.digest(file), reason=reason,
        )  # fmt: skip
        unless_given.pop_all()  # the response closes it
    name = f"loi-ke-co-nhan-{timezone.localtime():%Y%m%d-%H%M}.jsonl"
    return exports.attachment(file, name, MEDIA_TYPE)
