"""Where officers say that the machine read wrongly: kept, shown, never overruled by a triage."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from core.audit import events
from core.errors import NotAllowedError, StaleVersionError
from desk.reports import admin as queue
from desk.reports import queue_counts
from reports.cases import corrections, workflow
from reports.cases.corrections import CorrectedValue, Judgement
from reports.facts.effective_facts import effective_facts, of_scenario
from reports.models import Case, Correction, ExtractedFacts, Report
from reports.triage import report_triage
from tests.support import report_factories
from tests.support.data_files import read_cases
from tests.support.database_contents import refused_by_database
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

RIGHT: dict[str, Any] = {
    "priority": 90,
    "scenario": "bank",
    "actions": ["transfer_money"],
    "money_lost_vnd": 20_000_000,
    "ongoing": True,
    "offices": [],
}


def correct(report: Report, by: User, fact: str = "scenario", **given: Any) -> Case:
    value = given.get("value", RIGHT.get(fact))
    right = [CorrectedValue(fact, value)]
    return judge(
        report,
        by,
        given.get("version", 0),
        corrected=right,
        reason=given.get("reason", "Họ xưng ngân hàng."),
    )


def judge(report: Report, by: User, version: int = 0, **said: Any) -> Case:
    """Say something of the facts as the case stands now, or stood at that version."""
    version = version or Case.objects.get(report=report).version
    judgement = Judgement(**said)
    return corrections.judge_facts(report.pk, by=by, version=version, judgement=judgement)


@pytest.fixture
def report(db: None) -> Report:
    return report_factories.report()


def fresh(report: Report) -> Report:
    return Report.objects.select_related("case", "facts").get(pk=report.pk)


@pytest.mark.parametrize("fact", RIGHT)
def test_what_an_officer_says_holds_and_the_facts_stay_the_machines(
    report: Report, duty: Person, fact: str
) -> None:
    report_factories.add_facts(report)
    before = ExtractedFacts.objects.values().get()
    correct(report, duty.user, fact)
    value, facts = RIGHT[fact], effective_facts(fresh(report))
    assert getattr(facts, fact) == (tuple(value) if isinstance(value, list) else value)
    assert facts.corrected == {fact}
    assert ExtractedFacts.objects.values().get() == before


def test_triage_running_again_overrules_nobody(duty: Person) -> None:
    report = report_factories.triaged("Xưng công an, dọa bắt, đòi chuyển 20 triệu.")
    correct(report, duty.user)
    report_triage.write_and_link([report_triage.extract(report)])
    assert effective_facts(fresh(report)).scenario == "bank"


def test_a_correction_is_on_record_and_counts_as_an_act(report: Report, duty: Person) -> None:
    assert correct(report, duty.user).version == 2
    event = events.events_for("report", report.pk).get()
    row = Correction.objects.get()
    assert (event.kind, event.actor) == ("corrected", duty.user)
    assert event.detail == {"fact": "scenario", "correction": row.pk}
    assert (row.value, row.reason, row.actor) == ("bank", "Họ xưng ngân hàng.", duty.user)


def test_the_newest_word_counts_and_the_older_ones_are_kept(report: Report, duty: Person) -> None:
    correct(report, duty.user)
    correct(report, duty.user, value="investment_loan")
    assert effective_facts(fresh(report)).scenario == "investment_loan"
    assert [row.value for row in Correction.objects.order_by("id")] == ["bank", "investment_loan"]


def test_a_correction_is_taken_back_once_and_the_machine_holds_again(
    report: Report, duty: Person
) -> None:
    report_factories.add_facts(report)
    correct(report, duty.user)
    judge(report, duty.user, reverted=["scenario"])
    assert effective_facts(fresh(report)).scenario == "police_case"
    with pytest.raises(corrections.InvalidFactValueError):
        judge(report, duty.user, reverted=["scenario"])
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds == ["correction_reverted", "corrected"]


@pytest.mark.parametrize(("fact", "value"), read_cases("corrections.json", "nonsense"))
def test_nonsense_is_no_value(report: Report, duty: Person, fact: str, value: Any) -> None:
    with pytest.raises(corrections.InvalidFactValueError):
        correct(report, duty.user, fact, value=value)
    assert Case.objects.get(report=report).version == 1


def test_a_correction_wants_a_reason_the_right_and_the_case_as_it_stands(
    report: Report, duty: Person, editor: Person
) -> None:
    with pytest.raises(workflow.ReasonMissingError):
        correct(report, duty.user, reason=" \n")
    with pytest.raises(NotAllowedError):
        correct(report, editor.user)
    report_factories.decide("take", report, duty)
    with pytest.raises(StaleVersionError):
        correct(report, duty.user, version=1)
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    "verb", ["UPDATE reports_correction SET reason = 'x'", "DELETE FROM reports_correction"]
)
def test_no_sql_changes_what_was_said(report: Report, duty: Person, verb: str) -> None:
    correct(report, duty.user)
    refused_by_database(verb)


def test_the_queue_and_the_figures_go_by_what_holds(duty: Person) -> None:
    calm, urgent = report_factories.report(), report_factories.report()
    for report, priority in ((calm, 20), (urgent, 70)):
        report_factories.add_facts(report, priority=priority)
    correct(calm, duty.user, "priority")
    correct(calm, duty.user, "ongoing")
    correct(calm, duty.user)
    assert list(queue.queue_rows().order_by(*queue.BY_URGENCY)) == [calm, urgent]
    assert list(of_scenario(queue.queue_rows(), "bank")) == [calm]
    assert list(of_scenario(queue.queue_rows(), "police_case")) == [urgent]
    counted = queue_counts.load_counts(duty.user)
    assert counted.work["ongoing"] == 1


def test_a_report_that_the_machine_could_not_read_is_read_by_an_officer(
    report: Report, duty: Person
) -> None:
    correct(report, duty.user)
    assert list(of_scenario(queue.queue_rows(), "bank")) == [report]
    assert "Máy chưa đọc" in duty.client.get("/admin/reports/report/").content.decode()


def test_evaluate_takes_corrections_for_the_truth_and_tells_hits(duty: Person) -> None:
    report = report_factories.triaged("Xưng công an, dọa bắt, đòi chuyển 20 triệu. Chưa mất tiền.")
    correct(report, duty.user)
    correct(report, duty.user, "money_lost_vnd", value=0)
    out = io.StringIO()
    call_command("evaluate", "--corrections", stdout=out)
    assert "money_lost_vnd       1 of 1 as the officer says" in out.getvalue()
    assert "scenario             0 of 1 as the officer says" in out.getvalue()
    assert "police_case          -> bank" not in out.getvalue()
    assert "bank                 -> police_case" in out.getvalue()


def test_what_was_taken_back_or_erased_is_no_truth(duty: Person) -> None:
    taken, erased = report_factories.report(), report_factories.report()
    correct(taken, duty.user)
    judge(taken, duty.user, reverted=["scenario"])
    correct(erased, duty.user)
    report_factories.erase(erased)
    out = io.StringIO()
    call_command("evaluate", "--corrections", stdout=out)
    assert out.getvalue() == "no officer has judged a fact\n"


def test_evaluate_wants_one_of_file_and_corrections() -> None:
    for arguments in ([], ["x.jsonl", "--corrections"]):
        with pytest.raises(CommandError):
            call_command("evaluate", *arguments)
