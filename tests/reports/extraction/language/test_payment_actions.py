"""Deeds of a story: asked for, done, refused or nearly done."""

import pytest

from reports.extraction.language.amounts import find_amounts
from reports.extraction.language.cue_matcher import tokenize
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.loss.classifier import extract_loss, payment_count
from tests.support.data_files import read_cases


@pytest.mark.parametrize(("story", "states"), read_cases("money.json", "action_states"))
def test_a_deed_is_asked_or_done_or_refused(story: str, states: list[str]) -> None:
    assert [action.state for action in parse_story(story).actions] == states


@pytest.mark.parametrize(("typed", "dong"), read_cases("money.json", "halves_and_tens"))
def test_halves_and_tens_are_read_and_the_next_word_is_none_of_a_sum(typed: str, dong: int) -> None:
    assert [amount.value for amount in find_amounts(tokenize(typed))] == [dong]


@pytest.mark.parametrize(("story", "millions"), read_cases("money.json", "counted"))
def test_cards_and_instalments_are_counted(story: str, millions: list[int]) -> None:
    parsed = parse_story(story)
    assert [payment_count(parsed, amount) for amount in parsed.sums] == millions


@pytest.mark.parametrize(
    ("story", "state"),
    [("nó hỏi tôi gửi", "asked"), ("nó hối tôi gửi", "asked"), ("no nop tien", "bare"),
     ("tôi nỏ nộp tiền", "refused")],
)  # fmt: skip
def test_cues_that_differ_in_marks_alone_stand_beside_each_other(story: str, state: str) -> None:
    assert [action.state for action in parse_story(story).actions] == [state]


def test_what_sounds_like_paying_is_no_deed_and_a_verb_behind_a_sum_no_currency() -> None:
    story = "Con tôi đi lao động, nó bị mất sóng, công an điều tra"
    assert [action for action in parse_story(story).actions if action.kind == "pay"] == []
    assert [amount.last for amount in find_amounts(tokenize("xin 3tr dong phi"))] == [3]
    assert [amount.last for amount in find_amounts(tokenize("xin 3 trieu dong phi"))] == [4]


def test_junk_says_nothing_of_money() -> None:
    loss, reasons = extract_loss(parse_story("đồ chó, tôi đã gửi 5 triệu"), is_junk=True)
    assert (loss.state, [each.vnd for each in loss.sums], [*reasons]) == (
        "not_said",
        [5_000_000],
        [],
    )
