"""What people do with campaigns: nothing is lost, every act can be taken back, a lost race is told."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from core.audit import events
from core.errors import ActionError, NotAllowedError, StaleVersionError
from core.models import AuditEvent
from reports.campaigns import manual_grouping
from reports.campaigns.membership import Actor
from reports.models import Campaign, CampaignAction, CampaignExclusion, CampaignLink
from tests.support import report_factories
from tests.support.campaign_factories import (
    add_to_campaign,
    campaign,
    hand,
    members,
    state,
    versions,
)
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(duty: Person) -> User:
    return duty.user


def merged(source: Campaign, into: Campaign, by: User) -> CampaignAction:
    return manual_grouping.merge(source.pk, into.pk, hand(by), versions(source, into))


def test_a_merge_moves_every_report_keeps_each_reason_and_is_on_record(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 2), campaign("Đ-26-BBB", 3)
    act = merged(small, large, by)
    assert (len(members(small)), len(members(large))) == (0, 5)
    moved = large.links.filter(kind="officer")
    assert {link.reason for link in moved} == {"Gộp từ Đ-26-AAA. Cùng số gọi"}
    assert {link.placed_by for link in moved} == {by}
    manual_grouping.undo_action(act.pk, hand(by, "Nhầm"))
    results = [(event.kind, event.actor, event.detail["other"]) for event in
            events.events_for("campaign", large.pk)]  # fmt: skip
    assert results == [
        ("campaign_action_undone", by, "Đ-26-AAA"),
        ("campaign_merged", by, "Đ-26-AAA"),
    ]
    assert [event.kind for event in events.events_for("campaign", small.pk)] == [
        "campaign_action_undone_away", "campaign_merged_away"]  # fmt: skip
    assert AuditEvent.objects.first().detail["reason"] == "Nhầm"  # type: ignore[union-attr]


def test_merges_in_a_row_lead_to_the_last_which_is_taken_back_first(by: User) -> None:
    first, second, third = (campaign(f"Đ-26-{char * 3}", 1) for char in "ABC")
    before = state()
    acts = [merged(first, second, by), merged(second, third, by)]
    first.refresh_from_db()
    assert first.root() == third
    assert set(Campaign.objects.with_merged_into(third)) == {first, second, third}
    assert list(Campaign.objects.live()) == [third]
    with pytest.raises(ActionError, match="Đ-26-BBB đã gộp vào Đ-26-CCC"):
        manual_grouping.undo_action(acts[0].pk, hand(by))
    for act in reversed(acts):
        manual_grouping.undo_action(act.pk, hand(by))
    assert state() == before


@pytest.mark.parametrize(("few", "many"), [(3, 2), (0, 1)])
def test_a_merge_that_is_taken_back_leaves_all_as_it_was(by: User, few: int, many: int) -> None:
    small, large = campaign("Đ-26-AAA", few), campaign("Đ-26-BBB", many)
    before = state()
    done = manual_grouping.undo_action(merged(small, large, by).pk, hand(by))
    assert state() == before
    assert (done.restored, done.left) == (few, 0)


def test_reports_that_came_later_stay_when_a_merge_is_taken_back(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 1)
    act = merged(small, large, by)
    late = add_to_campaign(report_factories.report("Tin đến sau."), large)
    manual_grouping.undo_action(act.pk, hand(by))
    assert late.pk in members(large)
    assert len(members(small)) == 1


def test_a_split_opens_a_campaign_whose_code_leads_home_when_it_is_taken_back(by: User) -> None:
    origin = campaign("Đ-26-AAA", 4)
    links, chosen = state()[0], members(origin)[:2]
    act = manual_grouping.split(origin.pk, chosen, hand(by), 1, title="Giả ngân hàng")
    assert act.other is not None
    assert (members(act.other), act.other.title) == (chosen, "Giả ngân hàng")
    assert len(members(origin)) == 2
    assert set(CampaignExclusion.objects.values_list("report", "campaign")) == {
        (report, origin.pk) for report in chosen
    }
    assert list(CampaignAction.objects.filter(undone_at=None)) == [act]
    manual_grouping.undo_action(act.pk, hand(by))
    assert state()[:2] == (links, [])
    assert Campaign.objects.get(pk=act.other.pk).root() == origin


def test_a_detached_report_is_kept_out_until_it_is_attached_or_the_act_taken_back_once(
    by: User,
) -> None:
    here = campaign("Đ-26-AAA", 2)
    before, report = state(), members(here)[0]
    detached = manual_grouping.detach(here.pk, [report], hand(by), 1)
    assert report not in members(here)
    assert CampaignExclusion.objects.get().report_id == report
    apart = state()
    attached = manual_grouping.attach(here.pk, {report: None}, hand(by), 2)
    assert not CampaignExclusion.objects.exists()
    for act, as_it_was in ((attached, apart), (detached, before)):
        manual_grouping.undo_action(act.pk, hand(by))
        assert state() == as_it_was
        with pytest.raises(StaleVersionError, match="đã được lấy lại"):
            manual_grouping.undo_action(act.pk, hand(by))


def test_a_report_is_attached_from_wherever_it_lay(by: User) -> None:
    here, there = campaign("Đ-26-AAA", 1), campaign("Đ-26-BBB", 1)
    alone, other = report_factories.report("Lẻ loi."), members(there)[0]
    before = state()
    placement = {alone.pk: None, other: there.pk}
    act = manual_grouping.attach(here.pk, placement, hand(by, "Cùng giọng"), 1)
    assert len(members(here)) == 3
    assert CampaignLink.objects.get(report=alone).reason == "Cùng giọng"
    manual_grouping.undo_action(act.pk, hand(by))
    assert state() == before


def test_what_is_kept_apart_from_a_campaign_is_so_from_the_one_it_goes_into(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 2), campaign("Đ-26-BBB", 1)
    report = members(small)[0]
    manual_grouping.detach(small.pk, [report], hand(by), 1)
    merged(small, large, by)
    laid_again = CampaignLink(report_id=report, campaign=large, kind="same_number", strength="0.8")
    CampaignLink.objects.bulk_create([laid_again], ignore_conflicts=True)
    assert report not in members(large)


def test_what_somebody_placed_since_is_left_where_it_is(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 3), campaign("Đ-26-BBB", 1)
    report = members(small)[0]
    act = merged(small, large, by)
    manual_grouping.detach(large.pk, [report], hand(by), versions(large)[large.pk])
    done = manual_grouping.undo_action(act.pk, hand(by))
    assert (done.restored, done.left) == (2, 1)
    assert not CampaignLink.objects.filter(report=report).exists()


def test_an_act_of_which_nothing_stands_is_not_taken_back(by: User) -> None:
    here, there = campaign("Đ-26-AAA"), campaign("Đ-26-BBB")
    report = report_factories.report()
    act = manual_grouping.attach(here.pk, {report.pk: None}, hand(by), 1)
    manual_grouping.attach(there.pk, {report.pk: here.pk}, hand(by), 1)
    with pytest.raises(ActionError, match="xếp lại sau đó"):
        manual_grouping.undo_action(act.pk, hand(by))


def test_taking_back_puts_nothing_where_an_act_taken_back_had_put_it(by: User) -> None:
    """Attached with another, detached, then both taken back, the earlier act first."""
    here = campaign("Đ-26-AAA")
    reports = [report_factories.report(story).pk for story in ("một", "hai")]
    before = state()
    attached = manual_grouping.attach(here.pk, dict.fromkeys(reports), hand(by), 1)
    detached = manual_grouping.detach(here.pk, reports[:1], hand(by), 2)
    manual_grouping.undo_action(attached.pk, hand(by))
    manual_grouping.undo_action(detached.pk, hand(by))
    assert state() == before


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_done_taking_all_back_leaves_everything_as_it_was(by: User, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # no secret
    for char in "ABC":
        campaign(f"Đ-26-{char * 3}", 3)
    alone = [report_factories.report(f"lẻ {number}").pk for number in range(2)]
    before, acts = state()[:2], []
    for _ in range(8):
        acts += _something(dice, by, alone)
    for act in reversed(acts):
        manual_grouping.undo_action(act.pk, hand(by))
    assert state()[:2] == before
    assert not CampaignAction.objects.filter(undone_at=None).exists()


def _something(dice: random.Random, by: User, alone: list[Any]) -> list[CampaignAction]:
    """One act on campaigns as they stand; none where that one is refused."""
    live = list(Campaign.objects.live().order_by("code"))
    here, there = dice.choice(live), dice.choice(live)
    seen, lying = versions(here, there), members(here)
    few = dice.sample(lying, min(len(lying), dice.randint(0, 2)))
    where = dict(CampaignLink.objects.order_by("report__story").values_list("report", "campaign"))
    some = dice.choice([*alone, *where])
    acts = [
        lambda: manual_grouping.merge(there.pk, here.pk, hand(by), seen),
        lambda: manual_grouping.split(here.pk, few, hand(by), seen[here.pk]),
        lambda: manual_grouping.detach(here.pk, few, hand(by), seen[here.pk]),
        lambda: manual_grouping.attach(here.pk, {some: where.get(some)}, hand(by), seen[here.pk]),
    ]
    try:
        return [dice.choice(acts)()]
    except ActionError:
        return []


def test_who_saw_an_older_version_is_told_and_nothing_is_written(by: User) -> None:
    small, large = campaign("Đ-26-AAA", 2), campaign("Đ-26-BBB", 1)
    seen = versions(small, large)
    manual_grouping.detach(small.pk, members(small)[:1], hand(by), 1)
    before = state()
    with pytest.raises(StaleVersionError, match="Đ-26-AAA vừa có người thay đổi"):
        manual_grouping.merge(small.pk, large.pk, hand(by), seen)
    assert state() == before


@pytest.mark.parametrize(
    ("act", "error", "why"),
    [
        (lambda only, by: manual_grouping.detach(only.pk, members(only), Actor(by, ""), 1),
         ActionError, "Chưa ghi lý do"),
        (lambda only, by: manual_grouping.detach(only.pk, members(only), Actor(by, "  \n"), 1),
         ActionError, "Chưa ghi lý do"),
        (lambda only, by: manual_grouping.detach(only.pk, members(only) * 201, hand(by), 1),
         ActionError, "nhiều nhất 200"),
        (lambda only, by: merged(only, only, by), ActionError, "chính nó"),
        (lambda only, by: manual_grouping.attach(
            campaign("Đ-26-BBB").pk, {members(only)[0]: None}, hand(by), 1),
         StaleVersionError, "chuyển sang đợt khác"),
        (lambda only, _: manual_grouping.detach(
            only.pk, members(only), hand(create_officer("bien.tap", "editor")), 1),
         NotAllowedError, None),
    ],
    ids=["no reason", "blanks", "too many", "with itself", "lies elsewhere by now", "no right"],
)  # fmt: skip
def test_an_act_that_may_not_be_is_refused(
    by: User, act: Callable[[Campaign, User], Any], error: type[Exception], why: str | None
) -> None:
    only = campaign("Đ-26-AAA", 1)
    with pytest.raises(error, match=why):
        act(only, by)
    assert len(members(only)) == 1
    assert not CampaignAction.objects.exists()


def test_of_many_one_that_is_refused_leaves_the_others_be(by: User) -> None:
    first, second, third = (campaign(f"Đ-26-{char * 3}", 1) for char in "ABC")
    seen = versions(first, second, third)
    manual_grouping.detach(second.pk, members(second), hand(by), 1)
    done = manual_grouping.merge_many([first.pk, second.pk], third.pk, hand(by), seen)
    assert [act.other for act in done.acts] == [first]
    assert [pk for pk, _ in done.refused] == [second.pk]
    assert len(members(third)) == 2
