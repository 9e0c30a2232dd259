"""A sum that is called a further one is told from one that stands in the place of another."""

import pytest

from reports.extraction.loss import classifier


@pytest.mark.parametrize(
    "story",
    [
        "chuyển thêm 20 triệu nữa",
        "toi chuyen them 20 trieu roi",
        "Hôm nay tôi chuyển tiếp 20 triệu cho họ.",
        "Tôi vừa chuyển 20 triệu lần nữa.",
        "them 5tr nua",
        "I just sent another 5 million",
    ],
)
def test_a_payment_that_is_called_a_further_one_is_one(story: str) -> None:
    assert classifier.is_additional_loss(story)


@pytest.mark.parametrize(
    "story",
    [
        "Tôi đã chuyển 20 triệu.",
        "Tôi chuyển trực tiếp 20 triệu rồi.",
        "Kể thêm: tôi mất 20 triệu.",
        "Tôi mất nửa tỷ.",
        "toi mat nua ty",
        "Họ đòi thêm 20 triệu nữa.",
    ],
)
def test_a_first_payment_half_a_billion_or_a_demand_is_no_further_one(story: str) -> None:
    assert not classifier.is_additional_loss(story)


@pytest.mark.parametrize(
    "story",
    [
        "Tôi mất 10 triệu rồi chuyển thêm 20 triệu nữa.",
        "Tôi chuyển thêm 5 triệu, tổng cộng 15 triệu.",
    ],
)
def test_who_tells_all_of_it_anew_adds_nothing(story: str) -> None:
    assert not classifier.is_additional_loss(story)


@pytest.mark.parametrize(
    ("typed", "is_more"),
    [
        ("thêm 5tr nữa", True),
        ("20 triệu nữa", True),
        ("lần nữa 20 triệu", True),
        ("another 5 million", True),
        ("20 triệu", False),
        ("tổng 15 triệu, thêm cả phí", False),
        ("nửa tỷ", False),
        ("nua ty", False),
        ("thêm nữa", False),
    ],
)
def test_the_field_says_which_it_means(typed: str, is_more: bool) -> None:
    assert classifier.is_additional_field(typed) is is_more
