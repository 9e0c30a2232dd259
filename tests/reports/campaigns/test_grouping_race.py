"""Two officers, or an officer and the machine, at the same instant."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from reports.campaigns import manual_grouping
from reports.campaigns.grouping_locks import GroupingError
from reports.models import Campaign, CampaignAction, CampaignLink
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign, hand, members
from tests.support.concurrency import in_parallel
from tests.support.officers import create_officer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def by() -> User:
    return create_officer("ha", "duty")


def tried(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except GroupingError:
        return "told"


def test_of_two_who_merge_at_once_one_is_told(by: User) -> None:
    first, second, third = (campaign(f"Đ-26-{sign * 3}", 5) for sign in "ABC")
    seen = {each.pk: 1 for each in (first, second, third)}
    results = in_parallel([
        lambda into=into: tried(lambda: manual_grouping.merge(first.pk, into.pk, hand(by), seen))
        for into in (second, third)
    ])  # fmt: skip
    assert results.count("told") == 1
    assert CampaignLink.objects.count() == 15
    assert CampaignAction.objects.count() == 1


def test_two_campaigns_are_not_merged_into_each_other(by: User) -> None:
    first, second = campaign("Đ-26-AAA", 5), campaign("Đ-26-BBB", 5)
    seen = {first.pk: 1, second.pk: 1}
    pairs = [(first, second), (second, first)]
    results = in_parallel([
        lambda a=a, b=b: tried(lambda: manual_grouping.merge(a.pk, b.pk, hand(by), seen)) for a, b in pairs
    ])  # fmt: skip
    assert results.count("told") == 1
    assert Campaign.objects.live().count() == 1


def test_of_two_who_attach_one_report_at_once_one_is_told(by: User) -> None:
    campaigns = [campaign(f"Đ-26-{sign * 3}") for sign in "ABCD"]
    report = report_factories.report()
    results = in_parallel([
        lambda to=to: tried(lambda: manual_grouping.attach(to.pk, {report.pk: None}, hand(by), 1))
        for to in campaigns
    ])  # fmt: skip
    assert results.count("told") == 3


def test_of_two_who_take_an_act_back_at_once_one_is_told(by: User) -> None:
    here = campaign("Đ-26-AAA", 3)
    act = manual_grouping.detach(here.pk, members(here)[:1], hand(by), 1)
    undo = lambda: tried(lambda: manual_grouping.undo_action(act.pk, hand(by)))  # noqa: E731
    assert in_parallel([undo, undo]).count("told") == 1
    assert len(members(here)) == 3


def test_what_the_machine_lays_into_a_campaign_while_it_is_merged_is_not_lost(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 5), campaign("Đ-26-BBB", 5)
    late = [report_factories.report(f"muộn {number}") for number in range(6)]
    seen = {small.pk: 1, large.pk: 1}
    merging = lambda: manual_grouping.merge(small.pk, large.pk, hand(by), seen)  # noqa: E731
    laying = [lambda report=report: add_to_campaign(report, small) for report in late]
    in_parallel([*laying[:3], merging, *laying[3:]])
    assert (members(small), len(members(large))) == ([], 16)
