"""The database holds what people decided on campaigns, whatever a program's slip may try."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from reports.campaigns import manual_grouping
from reports.models import Campaign, CampaignAction, CampaignLink
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign, hand, members, versions
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: Any) -> int:
    """Raw, in a savepoint of its own; how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


@pytest.fixture
def merge(duty: Person) -> CampaignAction:
    small, large = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 1)
    return manual_grouping.merge(small.pk, large.pk, hand(duty.user), versions(small, large))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reports_campaignlink SET campaign_id = %s WHERE kind = 'officer'",
        "UPDATE reports_campaignlink SET kind = 'same_number', placed_by_id = NULL, campaign_id = %s",
        "DELETE FROM reports_campaignlink WHERE kind = 'officer' AND campaign_id <> %s",
    ],
)
def test_what_a_person_placed_only_a_person_moves(merge: CampaignAction, statement: str) -> None:
    elsewhere = campaign("Đ-26-CCC")
    with pytest.raises(IntegrityError, match="a person placed this report"):
        sql(statement, elsewhere.pk)


def test_the_machine_may_move_what_it_placed_itself() -> None:
    here, there = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB")
    assert sql("UPDATE reports_campaignlink SET campaign_id = %s", there.pk) == 1
    assert (members(here), len(members(there))) == ([], 1)


def test_the_machine_puts_no_report_where_a_person_took_it_out(duty: Person) -> None:
    here, there = campaign("Đ-26-AAA", 2), campaign("Đ-26-BBB")
    report = members(here)[0]
    manual_grouping.detach(here.pk, [report], hand(duty.user), 1)
    link = CampaignLink(report_id=report, campaign=here, kind="same_number", strength="0.8")
    CampaignLink.objects.bulk_create([link], ignore_conflicts=True)
    assert report not in members(here)
    add_to_campaign(report_factories.Report.objects.get(pk=report), there)
    sql("UPDATE reports_campaignlink SET campaign_id = %s WHERE report_id = %s", here.pk, report)
    assert members(there) == [report]


def test_a_link_to_a_campaign_that_was_merged_away_goes_along(merge: CampaignAction) -> None:
    link = add_to_campaign(
        report_factories.report("Tin mới."), Campaign.objects.get(code="Đ-26-AAA")
    )
    link.refresh_from_db()
    assert link.campaign == merge.campaign


def test_nobody_places_a_report_by_hand_in_a_campaign_that_was_merged_away(
    merge: CampaignAction, duty: Person
) -> None:
    with pytest.raises(IntegrityError, match="merged away"), transaction.atomic():
        CampaignLink.objects.create(
            report=report_factories.report("Tin mới."), campaign_id=merge.other_id, kind="officer",
            strength=1, placed_by=duty.user,
        )  # fmt: skip


def test_a_campaign_with_reports_leads_nowhere() -> None:
    full, other = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB")
    with pytest.raises(IntegrityError, match="only an empty campaign"), transaction.atomic():
        Campaign.objects.filter(pk=full.pk).update(merged_into=other)


def test_campaigns_never_lead_in_a_circle() -> None:
    first, second = campaign("Đ-26-AAA"), campaign("Đ-26-BBB")
    Campaign.objects.filter(pk=first.pk).update(merged_into=second)
    for away, into in ((second, first), (second, second)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Campaign.objects.filter(pk=away.pk).update(merged_into=into)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM reports_campaignmembershipchange",
        "UPDATE reports_campaignmembershipchange SET before_reason = ''",
        "UPDATE reports_campaignaction SET reason = 'khác'",
        "UPDATE reports_campaignaction SET reports = 0, undone_at = now(), undone_by_id = actor_id",
        "UPDATE reports_campaignaction SET undone_at = now()",
    ],
)
def test_acts_stay_as_they_were_done(merge: CampaignAction, statement: str) -> None:
    with pytest.raises(IntegrityError):
        sql(statement)


def test_an_act_that_was_taken_back_stays_so(merge: CampaignAction, duty: Person) -> None:
    manual_grouping.undo_action(merge.pk, hand(duty.user))
    with pytest.raises(IntegrityError, match="append-only"):
        sql("UPDATE reports_campaignaction SET undone_at = NULL, undone_by_id = NULL")


@pytest.mark.parametrize(
    ("column", "value"), [("reason", "''"), ("other_id", "NULL"), ("other_id", "campaign_id")]
)
def test_an_act_says_why_and_of_what(merge: CampaignAction, column: str, value: str) -> None:
    names = ["kind", "campaign_id", "other_id", "reason", "reports", "actor_id"]
    given = ", ".join(value if name == column else name for name in names)
    with pytest.raises(IntegrityError):
        sql(
            f"INSERT INTO reports_campaignaction ({', '.join(names)})"  # noqa: S608  # names of ours
            f" SELECT {given} FROM reports_campaignaction"
        )


def test_after_an_act_the_machine_is_the_machine_again(merge: CampaignAction) -> None:
    """Also within the same transaction: who acts is said for the act alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('reports.person')")
        assert cursor.fetchone() == ("",)
