"""Match routing rules with reports, try them on old ones, and route new cases.

Each report is matched once, after its triage, through the workflow, so that a person can undo it.
What a person has assigned stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from core.outbox import sweeps
from reports.cases import workflow
from reports.facts.effective_facts import effective_facts
from reports.models import Case, Report, RoutingRule, Unit

MAX_AGE = timedelta(days=1)  # older reports are not routed when a first rule is switched on
MAX_BATCH = 500
TIMEOUT_SECONDS = 40.0  # of one call, under its task's limit
SWEEP = "cases.route"
TRIED_DAYS = 30
MAX_TRIED = 5000
SAMPLES = 3
_READ = (
    "public_number", "received_at", "commune", "case__corrections_json", "case__min_priority",
    "facts__scenario", "facts__priority", "facts__actions", "facts__money_lost_vnd",
    "facts__ongoing", "facts__offices", "facts__commune", "facts__commune_raw",
)  # fmt: skip


@dataclass(frozen=True)
class RoutingInput:
    """The facts that rules compare: codes, the reporter's commune, the loss in đồng."""

    scenario: str = ""
    commune: str | None = None
    offices: tuple[str, ...] = ()
    loss: int | None = None


@dataclass(frozen=True)
class RoutingDecision:
    rule: RoutingRule
    unit: str


@dataclass
class RuleTrialResult:
    """What a rule would have routed; `rule` is None for unmatched reports."""

    rule: RoutingRule | None
    reports: int = 0
    samples: list[Report] = field(default_factory=list)

    def add(self, report: Report) -> None:
        self.reports += 1
        if len(self.samples) < SAMPLES:
            self.samples.append(report)


@dataclass(frozen=True)
class DryRunResult:
    """The rules tried on the newest reports of a month; `is_cut`: there were more."""

    lines: tuple[RuleTrialResult, ...]
    reports: int
    is_cut: bool


def match_rule(
    rules: Iterable[RoutingRule], facts: RoutingInput, police: Mapping[str, str]
) -> RoutingDecision | None:
    """Return the first matching rule with a unit; `police`: commune -> unit."""
    for rule in rules:
        unit = rule.unit_id or police.get(facts.commune or "")
        if unit and _fits(rule, facts):
            return RoutingDecision(rule, unit)
    return None


def _fits(rule: RoutingRule, facts: RoutingInput) -> bool:
    return (
        rule.scenario in {"", facts.scenario}
        and rule.commune_id in {None, facts.commune}
        and (rule.office_id is None or rule.office_id in facts.offices)
        and (rule.min_loss is None or (facts.loss or 0) >= rule.min_loss)
    )


def routing_input(report: Report) -> RoutingInput:
    """Return the effective facts of a report loaded with its case and facts."""
    facts = effective_facts(report)
    return RoutingInput(
        facts.scenario or "", facts.commune, tuple(facts.offices), facts.money_lost_vnd
    )


def rules(*, with_drafts: bool = False) -> list[RoutingRule]:
    """Return the rules in matching order, without those of inactive units."""
    rows = RoutingRule.objects.select_related("unit", "commune", "office")
    rows = rows.filter(Q(unit=None) | Q(unit__is_active=True))
    return list(rows if with_drafts else rows.filter(is_active=True))


def route_untriaged_cases() -> int:
    """Route the cases that were triaged since the last run; return how many."""
    active_rules = rules()
    if not active_rules:
        return 0
    active_units, police = Unit.objects.active().in_bulk(), _commune_units()

    def route(report: Report) -> bool:
        decision = match_rule(active_rules, routing_input(report), police)
        if decision is None:
            workflow.mark_unroutable(report.pk)
            return False
        unit, rule = active_units[decision.unit], decision.rule
        return workflow.route(report.pk, unit=unit, rule=rule.pk, priority=rule.priority)

    return sweeps.for_each(SWEEP, _new_reports(), route, time_budget=TIMEOUT_SECONDS).done


def _new_reports() -> QuerySet[Report]:
    waiting = sweeps.available(SWEEP, Case.objects.unrouted()).values("pk")
    rows = Report.objects.filter(pk__in=waiting, facts__isnull=False)
    recent = _select_inputs(rows).filter(received_at__gte=timezone.now() - MAX_AGE)
    return recent.order_by("received_at")[:MAX_BATCH]


def _select_inputs(rows: QuerySet[Report]) -> QuerySet[Report]:
    return rows.select_related("case", "facts").only(*_READ)


def _commune_units() -> dict[str, str]:
    rows = Unit.objects.active().filter(commune__isnull=False)
    return {str(commune): unit for commune, unit in rows.values_list("commune_id", "pk")}


def dry_run(tried_rules: Sequence[RoutingRule]) -> DryRunResult:
    """Return how many reports of the last month each rule would have routed."""
    since = timezone.now() - timedelta(days=TRIED_DAYS)
    month = Report.objects.filter(received_at__gte=since, facts__isnull=False)
    reports = list(_select_inputs(month).order_by("-received_at")[: MAX_TRIED + 1])
    lines = {rule.pk: RuleTrialResult(rule) for rule in tried_rules} | {None: RuleTrialResult(None)}
    police = _commune_units()
    for report in reports[:MAX_TRIED]:
        decision = match_rule(tried_rules, routing_input(report), police)
        lines[decision.rule.pk if decision else None].add(report)
    count = len(reports)
    return DryRunResult(tuple(lines.values()), min(count, MAX_TRIED), count > MAX_TRIED)
