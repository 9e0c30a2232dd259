"""The queue: which rows an officer sees, what each shows, and in which order."""

from datetime import timedelta
from typing import Any

from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.contrib.auth.models import User
from django.db.models import Case as Switch
from django.db.models import F, Func, JSONField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Left
from django.db.models.lookups import Exact
from django.http import HttpRequest

from desk.pages.base import officer
from desk.pages.pagination import NEAR
from desk.reports import columns, followups, reporter_activity, search
from desk.reports.filters import WorkFilter, figures, filter_open, in_progress
from desk.reports.indicators import annotate_callers
from reports.calendar.deadline_rules import LOOK
from reports.cases import visibility
from reports.facts import abuse_flags, effective_facts
from reports.models import Case, Deadline, Report

_HEAVY = (
    "story", "story_sealed", "contact_sealed", "phrase_sealed", "content_digest",
    "contact_index", "facts__reasons", "facts__search_text", *followups.LINES,
)  # fmt: skip
_GROUNDS = '$[*] ? (@.fact == "priority")'


class ReportChangeList(ChangeList):
    """The change list, with the figures of this request and how far it looks."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.figures = figures(request)
        self.near = NEAR
        self.show_admin_actions = bool(self.result_count)
        is_lost = bool(self.query) and not self.result_count
        self.meant = search.did_you_mean(self.query, officer(request)) if is_lost else ""
        self.as_meant = self.get_query_string({SEARCH_VAR: self.meant}, [PAGE_VAR])
        self.found_many = getattr(request, "found_many", False)


class ReportOrdering(ReportChangeList):
    """The same list for its order alone: no page of it is made."""

    def get_results(self, request: HttpRequest) -> None:
        pass


def queue_rows() -> QuerySet[Report]:
    """The reports as the queue shows them: each row's number, how many reports name it, and what its
    reporter has done since; no sealed column, no whole text of a person.
    """
    return annotate_callers(reporter_activity.annotate_tags(_plain_rows()))


def _plain_rows() -> QuerySet[Report]:
    return (
        Report.objects.select_related(
            "case__officer", "facts", "flood_sample", "campaign_link__campaign"
        )
        .defer(*_HEAVY)
        .annotate(
            gist=Left("story", columns.GIST),
            caller_typed=Left("caller_number", columns.TYPED),
            place_typed=Left(effective_facts.typed_place(), columns.TYPED),
            grounds=Func(
                "facts__reasons",
                Value(_GROUNDS),
                function="jsonb_path_query_array",
                output_field=JSONField(),
            ),
        )
    )


# What bears the mark of a machine or a crowd stands below until somebody takes it up; its priority
# is what it was. Of the rest, what the machine has not read comes first, so that nothing waits
# unseen; then by the word of the priority, and of one word by the clock.
_PRIORITY = effective_facts.priority()
BY_URGENCY = (
    Switch(When(abuse_flags.SUSPECTED, then=1), default=0),
    ((_PRIORITY - _PRIORITY / 100) / 20).desc(nulls_first=True),  # 100 stands with 99
    Coalesce("case__due_at", F("received_at") + timedelta(days=1)),
    _PRIORITY.desc(nulls_first=True),
    "received_at",
)


def order_for_call_back() -> tuple[Any, ...]:
    """Of who is pressed, first who waits for the look, who came last before all: they can still be
    helped. Who has just come waits for it before its clock is started. Made anew for each query, as
    Django resolves what is inside in its place.
    """
    look = Deadline.objects.pending().filter(report=OuterRef("pk"), kind=LOOK)
    untouched = Q(
        Exact(effective_facts.ongoing(), True), case__status=Case.Status.NEW, case__due_at=None
    )
    just_came = Switch(When(untouched, then="received_at"))
    since = Coalesce(Subquery(look.values("started_at")[:1]), just_came)
    return (BY_URGENCY[0], since.desc(nulls_last=True), *BY_URGENCY[1:])


def top_of_queue(user: User, few: int) -> QuerySet[Report]:
    """The open ones that burn and the open ones of this officer, the first *few* of each and in
    one order; of what the officer may see. One statement.
    """
    burn, own = in_progress(filter_open(_seen(user))), filter_open(_seen(user), officer=user)
    first = burn.values("pk")[:few].union(own.values("pk")[:few])
    return _plain_rows().filter(pk__in=first).order_by(*order_for_call_back())


def _seen(user: User) -> QuerySet[Report]:
    return visibility.visible_reports(Report.objects.order_by(*order_for_call_back()), user)


def ordering(request: HttpRequest) -> tuple[Any, ...]:
    """By urgency and clock; of everything, the newest first; of who is pressed, who was not looked at."""
    orders = {"all": ("-received_at",), "burning": order_for_call_back()}
    return orders.get(request.GET.get(WorkFilter.parameter_name, ""), BY_URGENCY)
