"""Rules: the first that fits leads a fresh report to a unit, once, and no rule overrules a person."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from core.audit import events
from core.models import AuditEvent
from reports.cases import routing, workflow
from reports.cases.routing import RoutingInput, match_rule
from reports.facts import effective_facts
from reports.models import Case, Office, Report, RoutingRule, Unit
from tests.support import report_factories
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

DRY = "/admin/reports/routingrule/dry-run/"
POLICE = {"xa_yen_dinh": "police"}


def build_rule(**asked: Any) -> RoutingRule:
    return RoutingRule(**({"unit_id": "u"} | asked))


def create_rule(**asked: Any) -> RoutingRule:
    fields = {"unit": report_factories.unit(), "is_active": True} | asked
    return RoutingRule.objects.create(**fields)


def triaged_report(story: str = "Họ xưng công an.", **facts: Any) -> Report:
    report = report_factories.report(story)
    report_factories.add_facts(report, **facts)
    return report


@pytest.mark.parametrize(
    ("asked", "told", "fits"),
    [
        ({}, RoutingInput(), True),
        ({"scenario": "police_case"}, RoutingInput(scenario="police_case"), True),
        ({"scenario": "police_case"}, RoutingInput(scenario="bank"), False),
        ({"commune_id": "xa_yen_dinh"}, RoutingInput(commune="xa_yen_dinh"), True),
        ({"commune_id": "xa_yen_dinh"}, RoutingInput(commune=None), False),
        ({"office_id": "thue"}, RoutingInput(offices=("cong-an", "thue")), True),
        ({"office_id": "thue"}, RoutingInput(offices=()), False),
        ({"min_loss": 100}, RoutingInput(loss=100), True),
        ({"min_loss": 100}, RoutingInput(loss=99), False),
        ({"min_loss": 100}, RoutingInput(loss=None), False),
        ({"scenario": "police_case", "min_loss": 1}, RoutingInput(scenario="police_case"), False),
        ({"unit_id": None}, RoutingInput(commune="xa_yen_dinh"), True),
        ({"unit_id": None}, RoutingInput(commune="xa_khac"), False),
    ],
)
def test_a_rule_fits_what_it_asks(asked: dict[str, Any], told: RoutingInput, *, fits: bool) -> None:
    assert (match_rule([build_rule(**asked)], told, POLICE) is not None) == fits


def test_the_first_that_fits_is_taken_and_one_without_a_unit_leads_to_the_police_of_the_commune() -> (
    None
):
    rules = [build_rule(scenario="bank"), build_rule(unit_id="b"), build_rule(unit_id="c")]
    decision = match_rule(rules, RoutingInput(scenario="police_case"), {})
    assert decision is not None
    assert decision.unit == "b"
    decision = match_rule([build_rule(unit_id=None)], RoutingInput(commune="xa_yen_dinh"), POLICE)
    assert decision is not None
    assert decision.unit == "police"


def test_rules_are_asked_by_position_without_drafts_and_units_that_take_nothing() -> None:
    late, first = create_rule(position=9), create_rule(position=1)
    create_rule(position=0, is_active=False)
    assert routing.rules() == [first, late]
    assert len(routing.rules(with_drafts=True)) == 3
    Unit.objects.update(is_active=False)
    assert routing.rules() == []


def test_a_fresh_report_goes_where_the_rule_says_by_the_machine_and_on_record() -> None:
    rule, report = create_rule(priority=80), triaged_report()
    assert routing.route_untriaged_cases() == 1
    case = Case.objects.get(report=report)
    assert (case.assigned_unit, case.unit_name, case.status, case.officer) == (
        report_factories.unit(), "Công an xã Yên Định", "new", None,
    )  # fmt: skip
    event = events.events_for("report", report.pk).get()
    assert (event.kind, event.actor, event.detail["rule"]) == ("routed", None, rule.pk)


def test_a_rule_makes_a_report_no_less_urgent_and_an_officer_has_the_last_word() -> None:
    create_rule(priority=80)
    low, high = triaged_report(priority=30), triaged_report(priority=95)
    routing.route_untriaged_cases()
    rows = Report.objects.select_related("case", "facts")
    reports = rows.alias(p=effective_facts.priority_expression()).order_by("p")
    assert [effective_facts.effective_facts(report).priority for report in reports] == [80, 95]
    assert [report.pk for report in reports] == [low.pk, high.pk]
    Case.objects.filter(report=low).update(corrections_json={"priority": 10})
    assert effective_facts.effective_facts(Report.objects.get(pk=low.pk)).priority == 10


def test_what_was_taken_back_is_never_sent_again(duty: Person) -> None:
    create_rule(priority=80)
    report = triaged_report()
    routing.route_untriaged_cases()
    back = report_factories.decide("recall", report, duty)
    assert (back.assigned_unit, back.min_priority) == (None, None)
    Case.objects.update(status="new")
    assert routing.route_untriaged_cases() == 0


@pytest.mark.parametrize("status", ["in_review", "waiting", "junk"])
def test_what_a_person_has_begun_is_left_alone(status: str) -> None:
    create_rule()
    Case.objects.filter(report=triaged_report()).update(status=status)
    assert routing.route_untriaged_cases() == 0
    assert not AuditEvent.objects.exists()


def test_a_person_who_is_quicker_wins(duty: Person) -> None:
    rule, report = create_rule(), triaged_report()
    report_factories.decide("take", report, duty)
    gone = workflow.route(report.pk, unit=report_factories.unit(), rule=rule.pk, priority=None)
    assert (gone, Case.objects.get(report=report).officer) == (False, duty.user)


def test_what_the_machine_has_not_read_waits() -> None:
    create_rule()
    report = report_factories.report()
    assert routing.route_untriaged_cases() == 0
    assert Case.objects.get(report=report).routed_at is None


def test_what_no_rule_fits_is_asked_about_once_and_its_version_stays() -> None:
    create_rule(scenario="bank")
    report = triaged_report()
    assert routing.route_untriaged_cases() == 0
    case = Case.objects.get(report=report)
    assert (case.routed_at is not None, case.version) == (True, 1)
    RoutingRule.objects.update(scenario="")
    assert routing.route_untriaged_cases() == 0


def test_an_old_backlog_stays_when_a_first_rule_is_switched_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_rule()
    triaged_report()
    monkeypatch.setattr(routing, "MAX_AGE", timedelta(0))
    assert routing.route_untriaged_cases() == 0


def test_without_rules_nothing_is_asked(django_assert_num_queries: Any) -> None:
    triaged_report()
    with django_assert_num_queries(1):
        assert routing.route_untriaged_cases() == 0


def test_a_dry_run_counts_and_shows_and_writes_nothing(lead: Person) -> None:
    create_rule(scenario="bank", is_active=False)
    create_rule(position=200, scenario="police_case")
    reports = [triaged_report() for _ in range(4)] + [triaged_report(scenario="other")]
    page = lead.client.get(DRY, {"drafts": ""}).content.decode()
    trial = routing.dry_run(routing.rules(with_drafts=True))
    assert [line.reports for line in trial.lines] == [0, 4, 1]
    assert [len(line.samples) for line in trial.lines] == [0, 3, 1]
    assert reports[3].public_number in page
    assert Case.objects.filter(routed_at=None, assigned_unit=None, version=1).count() == 5


def test_a_dry_run_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "MAX_TRIED", 2)
    for _ in range(3):
        triaged_report()
    trial = routing.dry_run([])
    assert (trial.reports, trial.is_cut) == (2, True)


def test_a_dry_run_reads_no_text_of_a_person(django_assert_num_queries: Any) -> None:
    create_rule()
    for _ in range(5):
        triaged_report()
    with django_assert_num_queries(3) as queries:
        routing.dry_run(routing.rules())
    assert not any('"story"' in query["sql"] for query in queries.captured_queries)


def test_a_rule_that_is_saved_is_on_record(lead: Person) -> None:
    Office.objects.create(codename="thue", name="Thuế")
    unit = report_factories.unit()
    typed = {"position": 5, "scenario": "police_case", "office": "thue", "min_loss": "1000000",
             "unit": unit.pk, "priority": "60"}  # fmt: skip
    assert lead.client.post("/admin/reports/routingrule/add/", typed).status_code == 302
    rule = RoutingRule.objects.get()
    assert (rule.office_id, rule.unit, rule.is_active) == ("thue", unit, False)
    assert AuditEvent.objects.get(kind="rule_saved").detail["min_loss"] == 1000000


def test_an_absurd_priority_is_refused_in_words_and_by_the_database(lead: Person) -> None:
    answer = lead.client.post("/admin/reports/routingrule/add/", {"position": 1, "priority": 400})
    assert "Ghi một số từ 0 đến 100" in answer.content.decode()
    assert not RoutingRule.objects.exists()
    with pytest.raises(IntegrityError):
        create_rule(priority=101)


def test_reports_of_this_month_are_tried_and_older_ones_are_not() -> None:
    triaged_report()
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert routing.dry_run([]).reports == 0
