"""What one report can do to campaigns, and that it is all taken back with the report."""

import json
import random
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from core.models import OutboxItem
from reports.campaigns import manual_grouping, matching, regrouping
from reports.models import Campaign, CampaignLink, FloodSample, MergeProposal, Report
from reports.retention import erasure
from reports.submission import flood_detection
from tests.support.campaign_factories import campaign_of, hand, members, state, triage
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db

NUMBERS = [f"0550 {n}00 {n}{n}{n}" for n in range(1, 7)]
State = tuple[set[frozenset[str]], set[frozenset[frozenset[str]]]]


def come_in(name: str, *numbers: int) -> Report:
    """A report of these numbers, read by the machine."""
    return triage(f"tin {name}", caller_number=", ".join(NUMBERS[each] for each in numbers))


def waves(count: int) -> list[Report]:
    """Two reports of each of so many numbers."""
    return [come_in(f"{number}{which}", number) for number in range(count) for which in "ab"]


def regroup() -> None:
    """Let the worker do what is owed to campaigns."""
    owed = OutboxItem.objects.filter(task=matching.REGROUP_TASK, done_at=None).order_by("id")
    regrouping.process_items(list(owed.values_list("pk", flat=True)))
    assert not owed.exists()


def lay() -> State:
    """Which reports lie together, by their stories, and which of these an officer is asked about."""
    lying = {
        group.pk: frozenset(group.links.values_list("report__story", flat=True))
        for group in Campaign.objects.live()
    }
    asked = MergeProposal.objects.open().values_list("campaign_a", "campaign_b")
    return set(lying.values()), {frozenset({lying[a], lying[b]}) for a, b in asked}


def test_a_report_that_names_a_number_of_each_of_six_campaigns_ties_none_of_them() -> None:
    waves(6)
    before = state()
    assert campaign_of(come_in("keo", *range(6))) is None
    assert state() == before
    assert not MergeProposal.objects.exists()
    come_in("0c", 0)  # nor is it found by those who come later
    assert sorted(map(len, lay()[0])) == [2, 2, 2, 2, 2, 3]


def test_a_report_that_names_numbers_of_two_campaigns_asks_an_officer() -> None:
    waves(2)
    come_in("nối", 0, 1)
    groups, asked = lay()
    assert sorted(map(len, groups)) == [2, 3]
    assert asked == {frozenset(groups)}


def junk(subject: Report, by: User) -> None:
    decide("junk", subject, by)


def erase(subject: Report, _: User) -> None:
    erasure.erase(subject.pk, cause="asked")


def mark(subject: Report, _: User) -> None:
    """The relay was late: the mark comes after triage."""
    FloodSample.objects.create(report=subject, origin_digests=["nơi"])
    marks = [{"report": str(subject.pk), "marks": ["same_words"], "lowered": True}]
    values = {"marks": json.dumps(marks), "task": "", "regroup": matching.REGROUP_TASK, "usual": 1}
    with connection.cursor() as cursor:
        cursor.execute(flood_detection._STORE_FLAGS, values)


@pytest.mark.parametrize("set_aside", [junk, erase, mark])
@pytest.mark.parametrize(
    "numbers", [(0,), (0, 1), (0, 2)], ids=["one", "two campaigns", "a single"]
)
def test_what_a_report_tied_is_taken_back_with_it(
    set_aside: Callable[[Report, User], None], numbers: tuple[int, ...], chief: User
) -> None:
    waves(2), come_in("đơn", 2)
    before = state()
    subject = come_in("nối", *numbers)
    assert state() != before
    set_aside(subject, chief)
    regroup()
    assert (state(), MergeProposal.objects.count()) == (before, 0)


def test_a_suspected_report_ties_from_when_an_officer_takes_it_up(chief: User) -> None:
    come_in("một", 0)
    subject = triage("hai", caller_number=NUMBERS[0], flags=["too_fast"])
    assert not Campaign.objects.exists()
    decide("take", subject, chief)
    regroup()
    assert campaign_of(subject)


def test_reports_that_one_alone_held_together_part_and_find_together_again(chief: User) -> None:
    """It came before the campaigns did, so nothing could be asked."""
    hub = come_in("trục", 0, 1)
    waves(2)
    together, code = lay(), Campaign.objects.get().code
    assert sorted(map(len, together[0])) == [5]
    decide("junk", hub, chief)
    regroup()
    assert sorted(map(len, lay()[0])) == [2, 2]
    assert Campaign.objects.filter(code=code).exists()
    decide("reopen", hub, chief)
    regroup()
    assert lay() == together


def test_what_people_grouped_stays(chief: User) -> None:
    first, *_ = waves(2)
    older, younger = Campaign.objects.order_by("opened_at")
    late = come_in("nối", 0, 1)
    manual_grouping.merge(younger.pk, older.pk, hand(chief), {younger.pk: 1, older.pk: 1})
    decide("junk", late, chief), decide("junk", first, chief)
    regroup()
    by_hand = set(CampaignLink.objects.filter(kind="officer").values_list("report", flat=True))
    assert len(by_hand) >= 2
    assert by_hand <= set(members(older))
    assert first.pk not in members(older)


def play(dice: random.Random, by: User, *, only_good: bool) -> State:
    """Reports come in by lot; some become junk, some of these good again. Return how all lie."""
    plan = [(f"{n}", dice.sample(range(5), dice.choice([1, 1, 1, 2, 2, 3]))) for n in range(11)]
    fate = [dice.choice(["", "", "junk", "junk reopen"]) for _ in plan]
    when = [dice.randrange(n, len(plan)) for n in range(len(plan))]
    came: dict[str, Report] = {}
    for turn, (name, numbers) in enumerate(plan):
        if not (only_good and fate[turn] == "junk"):
            came[name] = come_in(name, *numbers)
        for n in (n for n, at in enumerate(when) if at == turn and not only_good):
            for verb in fate[n].split():
                decide(verb, came[f"{n}"], by)
                regroup()
    return lay()


@pytest.mark.parametrize("seed", range(12))
def test_campaigns_lie_as_if_what_was_junk_had_never_come(seed: int, chief: User) -> None:
    with transaction.atomic():
        played = play(random.Random(seed), chief, only_good=False)  # noqa: S311  # no secret
        transaction.set_rollback(True)
    assert played == play(random.Random(seed), chief, only_good=True)  # noqa: S311  # no secret


def test_of_very_many_the_report_alone_is_taken_out(
    chief: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrouping, "MAX_REPORTS", 3)
    subject, *_ = waves(2)
    late = come_in("nối", 0, 1)
    decide("junk", late, chief)
    regroup()
    assert sorted(map(len, lay()[0])) == [2, 2]
    assert campaign_of(subject)
