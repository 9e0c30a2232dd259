"""Which stories are one campaign, and why."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.campaigns.offline_clustering import StoryInput, StoryWithCampaign, cluster
from tests.support.cpu_time import assert_cpu_time_below


def _campaigns(*stories: StoryInput) -> list[str | None]:
    return [linked.campaign for linked in cluster(stories)]


@pytest.mark.parametrize(
    "stories",
    [
        [StoryInput("a", "0550 000 123"), StoryInput("b", "+84(0)550.000.123")],
        [StoryInput("a", text="bảo chuyển vào stk 1903 4567 8901 23 TCB"),
         StoryInput("b", bank_account="19034567890123")],
        [StoryInput("a", text="bấm https://www.vneid-gov.example.com/app/ nhé"),
         StoryInput("b", text="link vneid-gov.EXAMPLE.com/app.")],
        [StoryInput(1, "0550000123"), StoryInput(2, "0550000123", bank_account="0992000111"),
         StoryInput(3, "0992000222", text="chuyển vào stk 0992000111")],
    ],
    ids=["number", "account of form or text", "link", "chain of keys"],
)  # fmt: skip
def test_who_shares_something_in_any_spelling_is_one_campaign(stories: list[StoryInput]) -> None:
    *together, other = _campaigns(*stories, StoryInput("z", "0550000124"))
    assert len(set(together)) == 1
    assert together[0] is not None
    assert other is None


def test_one_number_at_two_banks_is_two_accounts_and_without_a_bank_neither() -> None:
    told = ["MB", "vcb", "MB Bank", "", "Vietcombank"]
    one, other, *rest = _campaigns(
        *(StoryInput(n, text=f"stk 0123456789012 {bank}") for n, bank in enumerate(told))
    )
    assert one != other
    assert rest == [one, None, other]


@pytest.mark.parametrize(
    "caller",
    ["113", "02373.725.725", "0692348560", "+84069 2348560", "số ẩn", "BO CONG AN", "Zalo", "",
     "0550xxx123", "không nhớ", "19001095"],
)  # fmt: skip
def test_what_anybody_shows_ties_nobody(caller: str) -> None:
    assert _campaigns(StoryInput("a", caller), StoryInput("b", caller)) == [None, None]


def test_every_tie_says_what_is_shared_and_how_widely() -> None:
    linked = cluster([StoryInput(n, "0550000123", bank_account="123456789") for n in range(3)])
    assert [(why.link.kind, why.link.strength, why.stories) for why in linked[0].reasons] == [
        ("same_account", 0.95, 3),
        ("same_number", 0.8, 3),
    ]
    assert linked[0].reasons[1].link.reason == "Cùng số gọi 0550 000 123"


def _retold(first: str, second: str, days: int = 3) -> list[StoryWithCampaign]:
    """Two stories of two callers, some days apart."""
    at = f"2026-10-{1 + days:02}T09:00:00+07:00"
    early, late = "0550000001", "0992000002"
    return cluster([StoryInput(1, early, "", first, "", "2026-10-01T09:00:00+07:00"),
                 StoryInput(2, late, "", second, "", at)])  # fmt: skip


_SCRIPT = "Thầy Khánh tổng phụ trách bảo con bị compa đâm vào mắt, mổ theo phiếu H17."
_RETOLD = "em đc ông Khánh tổng phụ trách đội gọi, đọc phiếu H17, xin tiền mổ mắt cho con"


def test_one_script_in_other_words_is_one_campaign_and_says_by_which_words() -> None:
    first, second = _retold(_SCRIPT, _RETOLD)
    assert first.campaign == second.campaign is not None
    (why,) = second.reasons
    assert (why.link.kind, why.stories) == ("same_script", 2)
    assert why.link.words == ("Khánh tổng phụ trách",)
    assert why.link.reason == "Cùng kịch bản, cùng kể “Khánh tổng phụ trách”"


def test_a_script_is_known_again_without_marks_and_of_weeks_ago_is_another_wave() -> None:
    unmarked = "ong Khanh tong phu trach doi noi con bi compa dam mat, phieu H17"
    first, second = _retold(_SCRIPT, unmarked)
    assert first.campaign == second.campaign is not None
    assert {each.campaign for each in _retold(_SCRIPT, _RETOLD, days=25)} == {None}


@pytest.mark.parametrize(
    "story",
    ["Có người xưng công an gọi bảo tôi dính vụ án rửa tiền, bắt chuyển tiền vào tài khoản.",
     "Họ bảo trúng thưởng xe máy, phải nộp phí trước.", "gọi rồi cúp máy", ""],
)  # fmt: skip
def test_what_every_gang_says_ties_nobody(story: str) -> None:
    other = "Người lạ xưng công an bảo tôi liên quan vụ rửa tiền, đòi chuyển tiền phí, rồi cúp máy."
    assert {each.campaign for each in _retold(story, other)} == {None}


def test_neighbouring_numbers_within_two_days_are_one_campaign() -> None:
    first, second, *others = _campaigns(
        StoryInput("a", "0550000123", at="2026-10-01T08:00:00+07:00"),
        StoryInput("b", "0550 000 127", at="2026-10-03T07:00:00+07:00"),
        StoryInput("late", "0550000130", at="2026-10-09T07:00:00+07:00"),
        StoryInput("far", "0550000140", at="2026-10-01T07:00:00+07:00"),
        StoryInput("at no known time", "0550000124"),
    )
    assert first == second is not None
    assert others == [None, None, None]


_TEXTS = (
    "", "vào abc.example.com", "stk 55667788", "stk 11223344, abc.vn/x", _SCRIPT, _RETOLD,
    "phiếu H17 nói mắt phải mổ, thầy Khánh bảo", "tổng phụ trách xin tiền mổ mắt H17",
)  # fmt: skip
_STORIES = st.lists(
    st.builds(
        StoryInput,
        id=st.just(0),
        caller_number=st.sampled_from(
            ["", "113", "0550000001", "+84550000001", "0992000002", "0550000003"]
        ),
        text=st.sampled_from(_TEXTS),
        bank_account=st.sampled_from(["", "55667788", "1122 3344", "12"]),
        at=st.sampled_from(["", *(f"2026-10-{day:02}T08:00:00+07:00" for day in (1, 2, 9, 29))]),
    ),
    max_size=12,
)


@given(_STORIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(
    stories: list[StoryInput], chance: random.Random
) -> None:
    numbered = [replace(story, id=n) for n, story in enumerate(stories)]
    shuffled = chance.sample(numbered, len(numbered))
    assert cluster(numbered) == sorted(cluster(shuffled), key=lambda each: each.id)


def test_nobody_is_alone_in_a_campaign() -> None:
    stories = [StoryInput(n, f"055000{n % 40:04}") for n in range(60)]
    linked = cluster(stories)
    placed = [each.campaign for each in linked if each.campaign]
    assert all(placed.count(name) == 2 for name in placed)
    assert len(placed) == 40


def test_the_answers_come_in_the_order_given_with_ids_as_given() -> None:
    ids = ["b", 3, None, "b"]
    assert [each.id for each in cluster([StoryInput(each) for each in ids])] == ids


def test_two_thousand_stories_are_linked_in_bounded_time() -> None:
    def many(text: str) -> None:
        cluster([StoryInput(n, f"0550{n // 2:06}", text=text) for n in range(2000)])

    assert assert_cpu_time_below(8, many, "bị gọi " * 20)  # half of it reads their kinds
