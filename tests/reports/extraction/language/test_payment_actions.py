"""Deeds of a story: asked for, done, refused or nearly done; and the sums that they settle."""

import pytest

from reports.extraction.language.amounts import find_amounts
from reports.extraction.language.cue_matcher import tokenize
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.language.scoring import load_model, score
from reports.extraction.loss.classifier import collect_loss_evidence, extract_loss, loss_features
from reports.extraction.loss.features import is_refunded
from reports.extraction.loss.phrase_rules import SETTLED, apply_phrase_rules
from reports.extraction.loss.total import payment_count
from tests.support.data_files import read_cases


@pytest.mark.parametrize(("story", "states"), read_cases("money.json", "action_states"))
def test_a_deed_is_asked_or_done_or_refused(story: str, states: list[str]) -> None:
    assert [action.state for action in parse_story(story).actions] == states


@pytest.mark.parametrize(
    ("story", "paid"),
    [
        ("Họ đòi nộp 5 triệu. Tôi nộp. Hôm sau đòi thêm 4 triệu, tôi cũng nộp.", [5, 4]),
        ("Họ đòi phạt 6 triệu, em chuyển luôn. Sau đòi thêm 15 triệu thì em không chuyển.", [6]),
        ("Họ thu phí 8 triệu, sau là phí 10 triệu. Tôi đóng cả hai.", [8, 10]),
        ("Họ đòi 15 triệu, tôi không chuyển.", []),
        ("toi trung thuong 14tr tien ban hang", []),
    ],
)
def test_a_sum_that_was_asked_for_is_settled_by_the_next_deed(story: str, paid: list[int]) -> None:
    evidence = apply_phrase_rules(parse_story(story))
    settled = [amount.value for amount, why in evidence.gone if why.rule == SETTLED]
    assert settled == [millions * 10**6 for millions in paid]


@pytest.mark.parametrize(
    ("typed", "dong"),
    [
        ("mất nửa tỷ", 500_000_000),
        ("đi đứt củ rưỡi", 1_500_000),
        ("3 chục triệu", 30_000_000),
        ("gui 15 trieu tam ung", 15_000_000),
        ("năm triệu tám", 5_800_000),
    ],
)
def test_halves_and_tens_are_read_and_the_next_word_is_none_of_a_sum(typed: str, dong: int) -> None:
    assert [amount.value for amount in find_amounts(tokenize(typed))] == [dong]


@pytest.mark.parametrize(
    ("story", "millions"),
    [
        ("Họ đòi 3 triệu, em chuyển rồi. Bà mua 5 cái thẻ 500 nghìn đọc cho nó.", [1, 5]),
        ("Bố tôi bị lừa hai lần, mỗi lần 6 triệu", [2]),
        ("nap 600k x 3 lan, mat het", [3]),
        ("Tôi gửi nó 5 triệu", [1]),
    ],
)
def test_cards_and_instalments_are_counted(story: str, millions: list[int]) -> None:
    parsed = parse_story(story)
    assert [payment_count(parsed, amount) for amount in parsed.sums] == millions


@pytest.mark.parametrize(("story", "back"), read_cases("money.json", "refunds"))
def test_a_sum_that_came_back_is_told_from_one_that_was_promised(story: str, back: bool) -> None:
    assert is_refunded(parse_story(story), 1) is back


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


def test_turns_are_told_in_their_order_and_what_was_last_left_undone() -> None:
    names = [gram.name for gram in parse_story("Nó đòi 5 triệu, tôi cúp máy").all_features]
    assert "!D$R" in names
    none = apply_phrase_rules(parse_story("Gửi link bắt bấm, em không bấm.")).none
    assert none is not None
    assert none.rule == "not done: refused"


@pytest.mark.parametrize(
    ("story", "loss"), [("đồ chó, tôi không gửi", None), ("đồ chó, tôi đã gửi 5 triệu", 5_000_000)]
)
def test_junk_says_nothing_of_money_but_where_a_sum_is_gone(story: str, loss: int | None) -> None:
    parsed = parse_story(story)
    evidence = collect_loss_evidence(parsed)
    state = score(load_model("state"), loss_features(parsed, evidence))
    assert extract_loss(parsed, evidence, state, is_junk=True).value == loss
