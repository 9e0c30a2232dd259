"""A sum that is called a further one is told from one that stands in the place of another."""

import pytest

from reports.extraction.language.parsed_story import parse_story
from reports.extraction.story_reader import extract_from_story
from reports.facts.followup_facts import is_additional_field, is_additional_loss

FURTHER = (
    "chuyển thêm 20 triệu nữa",
    "toi chuyen them 20 trieu roi",
    "Hôm nay tôi chuyển tiếp 20 triệu cho họ.",
    "Tôi vừa chuyển 20 triệu lần nữa.",
    "them 5tr nua",
    "I just sent another 5 million",
)
# A first payment, half a billion, a demand; and who tells all of it anew adds nothing.
NOT_FURTHER = (
    "Tôi đã chuyển 20 triệu.",
    "Tôi chuyển trực tiếp 20 triệu rồi.",
    "Kể thêm: tôi mất 20 triệu.",
    "Tôi mất nửa tỷ.",
    "toi mat nua ty",
    "Họ đòi thêm 20 triệu nữa.",
    "Tôi mất 10 triệu rồi chuyển thêm 20 triệu nữa.",
    "Tôi chuyển thêm 5 triệu, tổng cộng 15 triệu.",
)


@pytest.mark.parametrize("story", [*FURTHER, *NOT_FURTHER])
def test_a_payment_that_is_called_a_further_one_is_one(story: str) -> None:
    loss = extract_from_story(story).loss
    assert is_additional_loss(parse_story(story), loss) is (story in FURTHER)


@pytest.mark.parametrize(
    ("typed", "is_further"),
    [("thêm 5tr nữa", True), ("20 triệu nữa", True), ("lần nữa 20 triệu", True),
     ("another 5 million", True), ("20 triệu", False), ("tổng 15 triệu, thêm cả phí", False),
     ("nửa tỷ", False), ("nua ty", False), ("thêm nữa", False)],
)  # fmt: skip
def test_the_field_names_a_further_sum_or_another(typed: str, is_further: bool) -> None:
    assert is_additional_field(typed) is is_further
