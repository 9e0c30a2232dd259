"""Deeds of a story: asked for, done, refused or nearly done; and the sums that they settle."""

import pytest

from reports.cues import cut
from reports.look import look_at
from reports.lost import SETTLED, what_phrases_say
from reports.money import amounts


@pytest.mark.parametrize(
    ("story", "states"),
    [
        ("Nó bảo tôi nộp 5 triệu, tôi không nộp", ["asked", "refused"]),
        ("nếu không chuyển thì bắt", ["asked"]),
        ("bảo em chưa nộp phạt", ["asked"]),
        ("tôi bảo không nộp", ["refused"]),
        ("mẹ em chuyển 20 triệu rồi", ["done"]),
        ("tôi suýt chuyển", ["nearly"]),
        ("dọa quá nên tôi nộp", ["done"]),
        ("We paid nothing", ["refused"]),
        ("she told me to send 5 million", ["asked"]),
        ("mat 5 trieu dong", ["bare"]),
    ],
)
def test_a_deed_is_asked_or_done_or_refused(story: str, states: list[str]) -> None:
    assert [deed.state for deed in look_at(story).deeds] == states


@pytest.mark.parametrize(
    ("story", "paid"),
    [
        ("Họ đòi nộp 5 triệu. Tôi nộp. Hôm sau đòi thêm 4 triệu, tôi cũng nộp.", [5, 4]),
        ("Họ đòi phạt 6 triệu, em chuyển luôn. Sau đòi thêm 15 triệu thì em không chuyển.", [6]),
        ("Họ đòi 15 triệu, tôi không chuyển.", []),
        ("toi trung thuong 14tr tien ban hang", []),
    ],
)
def test_a_sum_that_was_asked_for_is_settled_by_the_next_deed(story: str, paid: list[int]) -> None:
    said = what_phrases_say(look_at(story))
    settled = [amount.value for amount, why in said.gone if why.rule == SETTLED]
    assert settled == [millions * 10**6 for millions in paid]


def test_what_was_last_left_undone_speaks_for_no_loss() -> None:
    none = what_phrases_say(look_at("Gửi link bắt bấm, em không bấm.")).none
    assert none is not None
    assert none.rule == "not done: refused"


@pytest.mark.parametrize(
    ("said", "dong"),
    [
        ("mất nửa tỷ", 500_000_000),
        ("đi đứt củ rưỡi", 1_500_000),
        ("3 chục triệu", 30_000_000),
        ("gui 15 trieu tam ung", 15_000_000),
        ("năm triệu tám", 5_800_000),
    ],
)
def test_halves_and_tens_are_read_and_the_next_word_is_none_of_a_sum(said: str, dong: int) -> None:
    assert [amount.value for amount in amounts(cut(said))] == [dong]
