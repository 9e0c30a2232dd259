"""Guards and locks: what people decided on campaigns holds against programs and races."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from core.errors import ActionError
from reports.campaigns import manual_grouping
from reports.models import Campaign, CampaignAction, CampaignLink
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign, hand, members, versions
from tests.support.concurrency import in_parallel
from tests.support.officers import Person, create_officer

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
    away = Campaign.objects.get(code="Đ-26-AAA")
    link = add_to_campaign(report_factories.report("Tin mới."), away)
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


def test_only_an_empty_campaign_leads_to_another_and_never_in_a_circle() -> None:
    full = campaign("Đ-26-AAA", 1)
    first, second = campaign("Đ-26-BBB"), campaign("Đ-26-CCC")
    with pytest.raises(IntegrityError, match="only an empty campaign"), transaction.atomic():
        Campaign.objects.filter(pk=full.pk).update(merged_into=first)
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
    columns = ", ".join(value if name == column else name for name in names)
    with pytest.raises(IntegrityError):
        sql(
            f"INSERT INTO reports_campaignaction ({', '.join(names)})"  # noqa: S608  # names of ours
            f" SELECT {columns} FROM reports_campaignaction"
        )


def test_after_an_act_the_machine_is_the_machine_again(merge: CampaignAction) -> None:
    """Also within the same transaction: who acts is said for the act alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('reports.person')")
        assert cursor.fetchone() == ("",)


@pytest.fixture
def by() -> User:
    return create_officer("ha", "duty")


def tried(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except ActionError:
        return "told"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "pairs", [[(0, 1), (0, 2)], [(0, 1), (1, 0)]], ids=["into two", "into each other"]
)
def test_of_two_who_merge_at_once_one_is_told(by: User, pairs: list[tuple[int, int]]) -> None:
    three = [campaign(f"Đ-26-{sign * 3}", 5).pk for sign in "ABC"]
    seen = dict.fromkeys(three, 1)
    results = in_parallel([
        lambda a=a, b=b: tried(lambda: manual_grouping.merge(three[a], three[b], hand(by), seen))
        for a, b in pairs
    ])  # fmt: skip
    assert results.count("told") == 1
    assert CampaignLink.objects.count() == 15
    assert CampaignAction.objects.count() == 1
    assert Campaign.objects.live().count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_attach_one_report_at_once_one_is_told(by: User) -> None:
    campaigns = [campaign(f"Đ-26-{sign * 3}") for sign in "ABCD"]
    report = report_factories.report()
    results = in_parallel([
        lambda to=to: tried(lambda: manual_grouping.attach(to.pk, {report.pk: None}, hand(by), 1))
        for to in campaigns
    ])  # fmt: skip
    assert results.count("told") == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_an_act_back_at_once_one_is_told(by: User) -> None:
    here = campaign("Đ-26-AAA", 3)
    act = manual_grouping.detach(here.pk, members(here)[:1], hand(by), 1)
    undo = lambda: tried(lambda: manual_grouping.undo_action(act.pk, hand(by)))  # noqa: E731
    assert in_parallel([undo, undo]).count("told") == 1
    assert len(members(here)) == 3


@pytest.mark.django_db(transaction=True)
def test_what_the_machine_lays_into_a_campaign_while_it_is_merged_is_not_lost(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 5), campaign("Đ-26-BBB", 5)
    late = [report_factories.report(f"muộn {number}") for number in range(6)]
    seen = {small.pk: 1, large.pk: 1}
    merging = lambda: manual_grouping.merge(small.pk, large.pk, hand(by), seen)  # noqa: E731
    laying = [lambda report=report: add_to_campaign(report, small) for report in late]
    in_parallel([*laying[:3], merging, *laying[3:]])
    assert (members(small), len(members(large))) == ([], 16)
