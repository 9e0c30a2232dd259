"""A first look's desk, filled with invented reports."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from core.models import AuditEvent, OutboxItem
from reports.campaigns import bursts
from reports.models import Campaign, Case, ExtractedFacts, PublicStatement, Report
from reports.monitoring.queue_stats import queue_balance
from reports.public import statistics
from reports.reference import confirmed_statements
from reports.retention import purge
from reports.triage import report_triage
from tests.support import database_reset
from tests.support.officers import confirm_open, create_officer
from tools.demo import reports as demo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("officer")]


@pytest.fixture(scope="module")
def officer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[User]:
    """Who has decided the invented reports, which every test finds."""
    with database_reset.session_fixture_data(django_db_blocker):
        officer = create_officer("ha", "duty")
        call_command("setup_desk", verbosity=0)
        demo.fill_desk()
        yield officer


def test_it_shows_every_status_and_outcome() -> None:
    assert Report.objects.count() == demo.REPORTS
    assert set(Case.objects.values_list("status", flat=True)) == set(Case.Status.values)
    outcomes = set(Case.objects.values_list("outcome", flat=True))
    assert outcomes == {"", *Case.Outcome.values}
    assert Case.objects.filter(status="new").count() > demo.REPORTS / 3


def test_its_reports_come_in_as_residents_do() -> None:
    balance = queue_balance()
    assert (balance.accepted, balance.waiting) == (demo.REPORTS, demo.REPORTS)
    assert balance.balanced


def test_triage_finds_the_six_campaigns_and_two_bursts() -> None:
    report_triage.process_items(OutboxItem.objects.values_list("pk", flat=True))
    assert ExtractedFacts.objects.count() == demo.REPORTS
    sizes = sorted((campaign.links.count() for campaign in Campaign.objects.all()), reverse=True)
    assert len(sizes) == 6
    assert sizes[1] > 30 > sizes[2]
    units = {(burst.unit, burst.key) for burst in bursts.detect()}
    assert units == {("commune", "phuong_sam_son"), ("scenario", "provincial_leader")}


def test_the_public_figures_end_before_today() -> None:
    loaded = statistics.load()
    assert loaded is not None
    assert loaded[0].total
    assert loaded[0].through < timezone.localdate().isoformat()


def test_nothing_of_it_is_said_to_be_late() -> None:
    assert not purge.is_missed()


def test_a_second_run_changes_nothing_and_takes_up_one_that_was_cut_off(officer: User) -> None:
    before = list(Case.objects.order_by("pk").values()), AuditEvent.objects.count()
    assert "already" in demo.fill_desk()
    assert (list(Case.objects.order_by("pk").values()), AuditEvent.objects.count()) == before
    undecided = Case.objects.filter(status="closed").first()  # begins no hand-over, no deadline
    assert undecided is not None
    Case.objects.filter(pk=undecided.pk).update(status="new", outcome="", unit_name="", version=1)
    assert demo.create_demo_data(officer) == (0, 1)
    undecided.refresh_from_db()
    assert undecided.status != "new"


def test_invented_numbers_are_nobodys() -> None:
    for planned in demo.demo_reports():
        digits = re.sub(r"\D", "", planned.typed.caller_number)
        assert not digits or re.fullmatch(r"(0550|0992)\d{6}|447700900\d{3}", digits)


def test_a_first_look_with_the_demo_shows_every_sentence(officer: User) -> None:
    assert not PublicStatement.objects.filter(is_public=False).exists()


def test_a_second_run_leaves_off_what_an_officer_turned_off(officer: User) -> None:
    statement = PublicStatement.objects.get(pk="no_fine")
    statement.is_public = False
    confirmed_statements.STATEMENT.propose(statement, officer)
    confirm_open(confirmed_statements.STATEMENT)
    demo.publish_statements()
    assert not PublicStatement.objects.get(pk="no_fine").is_public
