"""What officers say of the machine's facts: one press to confirm, counted by month, labelled stories."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.audit import events
from core.errors import NotAllowedError, StaleVersionError
from reports.cases import corrections, officer_labels
from reports.cases.corrections import CorrectedValue
from reports.facts.effective_facts import effective_facts
from reports.models import Case, Correction, ExtractedFacts, Report
from tests.support import report_factories
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
STORY = "Xưng công an, gọi từ số 0550 000 123, bảo chuyển tiền vào STK 19031234567890. Tôi không chuyển."


def confirm(report: Report, by: Person, fact: str = "scenario", **given: Any) -> None:
    value = given.get("value", getattr(ExtractedFacts.objects.get(pk=report.pk), fact, None))
    version = given.get("version", Case.objects.get(pk=report.pk).version)
    judgement = corrections.Judgement(confirmed=[CorrectedValue(fact, value)])
    corrections.judge_facts(report.pk, by=by.user, version=version, judgement=judgement)


def fresh(report: Report) -> Report:
    return Report.objects.select_related("case", "facts").get(pk=report.pk)


def test_a_confirmation_is_on_record_and_fixes_nothing(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    before = Case.objects.values().get()
    confirm(report, duty)
    event = events.events_for("report", report.pk).get()
    assert (event.kind, event.actor) == ("fact_confirmed", duty.user)
    assert Case.objects.values().get() == before
    ExtractedFacts.objects.update(scenario="bank")  # as a later word of the reporter may
    assert effective_facts(fresh(report)).scenario == "bank"


def test_what_is_confirmed_is_what_was_seen_by_who_may(duty: Person, editor: Person) -> None:
    report = report_factories.triaged(STORY)
    for given in ({"value": "bank"}, {"fact": "story", "value": STORY}):
        with pytest.raises(corrections.InvalidFactValueError):
            confirm(report, duty, **given)
    with pytest.raises(StaleVersionError):
        confirm(report, duty, version=9)
    with pytest.raises(NotAllowedError):
        confirm(report, editor)
    report_factories.correct(report, duty, "scenario", "bank")
    with pytest.raises(corrections.InvalidFactValueError):
        confirm(report, duty)
    assert Correction.objects.filter(is_confirmation=True).count() == 0


def test_agreement_is_counted_by_month_and_fact_from_the_newest_words(duty: Person) -> None:
    one, other = report_factories.triaged(STORY), report_factories.triaged(STORY)
    confirm(one, duty)
    report_factories.correct(one, duty, "scenario", "bank")
    confirm(other, duty)
    confirm(other, duty, "priority")
    with CaptureQueriesContext(connection) as queries:
        counted = officer_labels.load_agreement()
    assert len(queries) == 1
    month = timezone.localdate().replace(day=1)
    assert [(row.month, row.fact, row.judged, row.agreed) for row in counted] == [
        (month, "priority", 1, 1),
        (month, "scenario", 2, 1),
    ]


def test_a_year_is_counted_up_to_the_present_month(duty: Person) -> None:
    months = officer_labels.list_months(date(2026, 11, 30))
    assert (months[0], months[-1], len(months)) == (date(2025, 12, 1), date(2026, 11, 1), 12)
    report = report_factories.triaged(STORY)
    word = {"fact": "scenario", "value": "bank", "is_confirmation": True, "actor": duty.user}
    long_ago = timezone.now() - timedelta(days=400)
    Correction.objects.create(report=report, created_at=long_ago, **word)
    assert officer_labels.load_agreement() == []


def labelled() -> list[dict[str, Any]]:
    reports = officer_labels.list_labelled_reports()
    return [dict(story) for story in officer_labels.list_labelled_stories(reports)]


def test_a_judged_story_is_a_line_of_training_without_numbers(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    confirm(report, duty)
    report_factories.correct(report, duty, "money_lost_vnd", 0)
    confirm(report, duty, "priority")  # no fact of a story
    (line,) = labelled()
    assert line["text"] == (
        "Xưng công an, gọi từ số [số điện thoại], bảo chuyển tiền vào STK [số tài khoản]. Tôi không chuyển."
    )
    facts = {key: value for key, value in line.items() if key not in {"text", "said"}}
    assert facts == {"scenario": report.facts.scenario, "money_lost_vnd": 0}
    assert line["said"] == {"scenario": "confirmed", "money_lost_vnd": "corrected"}


def test_what_the_form_alone_declared_teaches_nothing(duty: Person) -> None:
    report = report_factories.report(STORY)
    declared = {"fact": "ongoing", "rule": "declared: happening_now", "words": "", "points": 0}
    report_factories.add_facts(report, ongoing=True, reasons=[declared])
    confirm(report, duty, "ongoing")
    assert labelled() == []


def test_a_later_word_is_told_before_the_judgement_alone(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    report_factories.add_followup(report, story="Mẹ tôi mới chuyển 5 triệu.")
    report_factories.read_all(report)
    confirm(report, duty)
    report_factories.add_followup(report, story="Họ lại gọi.")
    assert labelled()[0]["text"].endswith(". Tôi không chuyển.\nMẹ tôi mới chuyển 5 triệu.")


def test_evaluate_tells_how_often_officers_agreed(duty: Person) -> None:
    one, other = report_factories.triaged(STORY), report_factories.triaged(STORY)
    confirm(one, duty)
    report_factories.correct(other, duty, "scenario", "bank")
    out = io.StringIO()
    call_command("evaluate", "--corrections", stdout=out)
    assert f"{timezone.localdate():%Y-%m}  scenario             1 of 2       0.50" in out.getvalue()
    assert "scenario             1 of 2 as the officer says" in out.getvalue()
