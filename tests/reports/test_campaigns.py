"""Which stories are one campaign, and why."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.campaigns import Key, Linked, Story, is_common_link, keys_of, link


def _campaigns(*stories: Story) -> list[str | None]:
    return [linked.campaign for linked in link(stories)]


def test_one_number_in_two_spellings_is_one_campaign() -> None:
    first, second, other = _campaigns(
        Story("a", "0550 000 123"), Story("b", "+84(0)550.000.123"), Story("c", "0550000124")
    )
    assert first is not None
    assert first == second
    assert other is None


def test_the_same_account_is_one_campaign_on_the_form_or_in_the_text() -> None:
    first, second = _campaigns(
        Story("a", text="bảo chuyển vào stk 1903 4567 8901 23 TCB"),
        Story("b", bank_account="19034567890123"),
    )
    assert first == second is not None


def test_the_same_link_is_one_campaign() -> None:
    first, second = _campaigns(
        Story("a", text="bấm https://www.vneid-gov.example.com/app/ nhé"),
        Story("b", text="link vneid-gov.EXAMPLE.com/app."),
    )
    assert first == second is not None


def test_a_chain_of_shared_keys_is_one_campaign() -> None:
    stories = [
        Story(1, "0550000123"),
        Story(2, "0550000123", bank_account="0992000111"),
        Story(3, "0992000222", text="chuyển vào stk 0992000111"),
    ]
    assert len(set(_campaigns(*stories))) == 1


@pytest.mark.parametrize(
    "caller",
    ["113", "02373.725.725", "0692348560", "+84069 2348560", "số ẩn", "BO CONG AN", "Zalo", "",
     "0550xxx123", "không nhớ", "19001095"],
)  # fmt: skip
def test_what_anybody_shows_ties_nobody(caller: str) -> None:
    assert _campaigns(Story("a", caller), Story("b", caller)) == [None, None]


@pytest.mark.parametrize(
    ("link", "common"),
    [("facebook.com/x", True), ("m.facebook.com/x", True), ("dichvucong.gov.vn", True),
     ("dichvucong-gov.vn", False), ("notfacebook.com", False)],
)  # fmt: skip
def test_sites_where_everybody_is_a_guest_tie_nobody(link: str, common: bool) -> None:
    assert is_common_link(link) is common


def test_a_number_in_the_story_counts_where_the_form_has_none() -> None:
    story = Story("a", "không nhớ", text="số 0550 000 123 gọi tôi")
    assert keys_of(story) == [Key("same_number", "+84550000123")]


def test_every_tie_says_what_is_shared_and_how_widely() -> None:
    linked = link([Story(n, "0550000123", bank_account="123456789") for n in range(3)])
    assert [(tie.key.kind, tie.key.strength, tie.stories) for tie in linked[0].ties] == [
        ("same_account", 0.95, 3),
        ("same_number", 0.8, 3),
    ]
    assert linked[0].ties[1].key.reason == "Cùng số gọi +84550000123"


_STORIES = st.lists(
    st.builds(
        Story,
        id=st.just(0),
        caller_number=st.sampled_from(["", "113", "0550000001", "+84550000001", "0992000002"]),
        text=st.sampled_from(["", "vào abc.example.com", "stk 55667788", "stk 11223344, abc.vn/x"]),
        bank_account=st.sampled_from(["", "55667788", "1122 3344", "12"]),
    ),
    max_size=12,
)


@given(_STORIES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(stories: list[Story], chance: random.Random) -> None:
    numbered = [
        Story(n, s.caller_number, "", s.text, s.bank_account) for n, s in enumerate(stories)
    ]
    shuffled = chance.sample(numbered, len(numbered))
    assert _by_id(link(numbered)) == _by_id(link(shuffled))


def _by_id(linked: list[Linked]) -> dict[int, Linked]:
    return {each.id: each for each in linked}


def test_nobody_is_alone_in_a_campaign() -> None:
    stories = [Story(n, f"055000{n % 40:04}") for n in range(60)]
    linked = link(stories)
    placed = [each.campaign for each in linked if each.campaign]
    assert all(placed.count(name) == 2 for name in placed)
    assert len(placed) == 40


def test_the_answers_come_in_the_order_given_with_ids_as_given() -> None:
    ids = ["b", 3, None, "b"]
    assert [each.id for each in link([Story(each) for each in ids])] == ids


def test_two_thousand_stories_are_linked_in_bounded_time() -> None:
    stories = [Story(n, f"0550{n // 2:06}", text="bị gọi " * 20) for n in range(2000)]
    started = time.process_time()
    link(stories)
    assert time.process_time() - started < 3
