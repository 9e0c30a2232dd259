"""The data of the start page, loaded in one statement as columns of the officer's own row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case as Switch
from django.db.models import Count, F, Min, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, JSONObject, Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.sessions import get_officer, leave_end_of_session
from core.text import lower_initial
from desk import proposals
from desk.blocking.requests import list_late, list_to_call
from desk.labels import codes
from desk.labels.formatting import format_count
from desk.numbers.findings import unconfirmed_findings
from desk.pages.http import once_per_request
from desk.reports import saved_searches
from reports.blocking import requests
from reports.campaigns import bursts as burst_service
from reports.cases import visibility
from reports.models import (
    BankLetter,
    BlockRequest,
    BurstSnapshot,
    Case,
    Dispute,
    LookalikeDomain,
    OfficeQuestion,
    TransferSlip,
)
from reports.monitoring import daily_counts
from reports.numbers import disputes, findings, office_questions
from reports.reference import gazetteer

MAX_BURSTS = MAX_HANDOVERS = 8


@once_per_request
def dashboard_data(request: HttpRequest) -> dict[str, Any]:
    """Return the columns by name, only those the officer may see."""
    user = get_officer(request)
    columns = (
        pending_counts_columns(user)
        | saved_searches.saved_searches_column(user)
        | daily_counts.daily_counts_column()
        | handovers_column(user)
    )
    if visibility.sees_every_report(user):
        today = timezone.localdate()
        asked = daily_counts.list_enquiries(today, today)
        columns["enquiries"] = aggregate_all(asked, count=Count("pk"))
    if visibility.sees_campaigns(user):
        columns |= bursts_columns()
    return dict(User.objects.filter(pk=user.pk).order_by().values(**columns).get())


def pending_counts_columns(user: User) -> dict[str, Any]:
    """Return this officer's counts of pending findings, proposals, disputes, blocks and lookalike domains, as
    columns.
    """
    columns: dict[str, Any] = {}
    if user.has_perm("core.view_proposal"):
        columns["proposals"] = aggregate_all(proposals.open_for(user), count=Count("pk"))
    if user.has_perm("reports.close_case"):
        ended = visibility.visible_via_report(Case.objects.unseconded(), user)
        columns["ended"] = aggregate_all(ended, count=Count("pk"))
    if user.has_perm("reports.decide_case"):
        passed = Case.objects.open().filter(officer=user).exclude(passed_by=None)
        columns["passed"] = aggregate_all(passed, count=Count("pk"))
        kept = BankLetter.objects.filter(report__erased_at=None)
        letters = visibility.visible_via_report(kept, user)
        waiting = Count("report", distinct=True, filter=Q(answered_at=None))
        columns["letters"] = aggregate_all(letters, waiting=waiting, frozen=Sum("frozen_vnd"))
    if user.has_perm(findings.CONFIRM):
        numbers = unconfirmed_findings().exclude(proposed_by=user)
        columns["numbers"] = aggregate_all(numbers, count=Count("pk"))
    if user.has_perm(disputes.ANSWER):
        rows = Dispute.objects.filter(status=Dispute.Status.OPEN)
        columns["disputes"] = aggregate_all(rows, count=Count("pk"), due=Min("due_at"))
    if user.has_perm(office_questions.REVIEW):
        asked = OfficeQuestion.objects.filter(withdrawn_at=None)
        unread = Count("pk", filter=Q(answered_at__isnull=False, reviewed_at=None))
        late = Count("pk", filter=Q(answered_at=None, due_at__lt=Now()))
        own = Count("pk", filter=Q(answered_at__isnull=False, reviewed_at=None, asked_by=user))
        columns["asked"] = aggregate_all(asked, unread=unread, own=own, late=late)
    if user.has_perm("reports.view_blockrequest"):
        is_late = Q(pk__in=list_late().values("pk"))
        is_ending = Q(pk__in=requests.list_ending().values("pk"))
        columns["blocks"] = aggregate_all(
            BlockRequest.objects.filter(is_late | is_ending),
            late=Count("pk", filter=is_late),
            call=Count("pk", filter=Q(pk__in=list_to_call().values("pk"))),
            ending=Count("pk", filter=is_ending),
        )
    if user.has_perm("reports.view_lookalikedomain"):
        unseen, false = (
            Count("pk", filter=Q(verdict=each))
            for each in (LookalikeDomain.Verdict.UNSEEN, LookalikeDomain.Verdict.FALSE)
        )
        columns["names"] = aggregate_all(LookalikeDomain.objects.all(), unseen=unseen, false=false)
    return columns


def handovers_column(user: User) -> dict[str, Any]:
    """Return the hand-overs that wait for a unit the officer may see: first the unreceived, urgent and
    oldest.
    """
    slips = visibility.visible_via_report(TransferSlip.objects.unanswered(), user)
    due = Coalesce(Switch(When(received_at=None, then="receive_by")), "answer_by")
    names = {"number": "report__public_number", "due_at": due}
    shown = {name: name for name in ("report", "unit", "is_urgent", "received_at")} | names
    order = F("received_at").asc(nulls_first=True), "-is_urgent", "answer_by"
    rows = slips.order_by(*order).values(row=JSONObject(**shown))
    return {"handovers": ArraySubquery(rows[:MAX_HANDOVERS])}


def list_handovers(data: dict[str, Any], user: User) -> dict[str, Any]:
    """Return the context of the box of hand-overs."""
    rows = [row | {"due_at": parse_datetime(row["due_at"])} for row in data["handovers"]]
    return {"handovers": rows, "is_office": visibility.sees_every_report(user)}


@leave_end_of_session
@require_safe
def show_handovers(request: HttpRequest) -> HttpResponse:
    """Return the box that the open start page asks for again and again."""
    user = get_officer(request, "reports.view_report")
    data = User.objects.filter(pk=user.pk).order_by().values(**handovers_column(user)).get()
    return render(request, "admin/dashboard_handovers.html", list_handovers(dict(data), user))


def aggregate_all(rows: QuerySet[Any], **aggregates: Any) -> Subquery:
    """Return the aggregates of all the rows as one JSON object; NULL without rows."""
    group = rows.order_by().annotate(all=Value(1)).values("all")
    return Subquery(group.annotate(sums=JSONObject(**aggregates)).values("sums"))


def pending_tiles(data: dict[str, Any]) -> dict[str, Any]:
    """Return the counts of what is pending, and when the next dispute is due."""
    numbers, disputes, proposed, ended = (
        data.get(name) or {} for name in ("numbers", "disputes", "proposals", "ended")
    )
    due = parse_datetime(disputes["due"]) if disputes.get("due") else None
    return {
        "waiting": numbers.get("count"),
        "proposed": proposed.get("count"),
        "ended": ended.get("count"),
        "letters": data.get("letters") or {},
        "asked": data.get("asked") or {},
        "blocks": data.get("blocks") or {},
        "open": disputes.get("count"),
        "due": due,
        "is_late": due is not None and due < timezone.now(),
    }


@dataclass(frozen=True)
class BurstText:
    """A burst in words; `query` filters the queue by it."""

    place: str
    text: str
    query: str


@dataclass(frozen=True)
class BurstList:
    bursts: list[BurstText]
    at: datetime | None
    is_old: bool
    left: int


def bursts_columns() -> dict[str, Any]:
    last = BurstSnapshot.objects.order_by("pk")
    names = {"bursts": "bursts", "bursts_at": "counted_at", "campaigns": "campaigns"}
    return {column: Subquery(last.values(name)[:1]) for column, name in names.items()}


def burst_texts(data: dict[str, Any]) -> BurstList:
    bursts, at = data["bursts"], data["bursts_at"]
    if bursts is None:
        return BurstList([], None, is_old=False, left=0)
    is_old = (timezone.now() - at).total_seconds() > burst_service.STALE_AFTER_SECONDS
    has_places = any(row["unit"] == burst_service.COMMUNE for row in bursts)
    names = {place.codename: place.name for place in gazetteer.communes()} if has_places else {}
    texts = [_burst_text(row, names) for row in bursts[:MAX_BURSTS]]
    return BurstList(texts, at, is_old, max(0, len(bursts) - MAX_BURSTS))


def current_bursts() -> BurstList:
    """Return the newest snapshot of bursts, in one statement."""
    row = BurstSnapshot.objects.first()
    return burst_texts({"bursts": row and row.bursts, "bursts_at": row and row.counted_at})


def _burst_text(row: dict[str, Any], names: dict[str, str]) -> BurstText:
    days = "24 giờ" if row["days"] == 1 else f"{row['days']} ngày"
    usual = "chưa đến 1"
    if row["usual"] >= 1:
        usual = f"khoảng {format_count(round(row['usual']))}"
    text = f"{format_count(row['count'])} tin trong {days} qua, thường {usual}"
    if row["unit"] == burst_service.SCENARIO:
        return BurstText(codes.code_label(row["key"]), text, urlencode({"kieu": row["key"]}))
    if row["mostly"]:
        text += f", phần lớn: {lower_initial(codes.short_label(row['mostly']))}"
    kind = {"kieu": row["mostly"]} if row["mostly"] else {}
    return BurstText(names.get(row["key"], row["key"]), text, urlencode({"xa": row["key"]} | kind))
