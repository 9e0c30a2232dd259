"""A sum that is called a further one is told from one that stands in the place of another."""

import pytest

from reports.extraction.loss import classifier

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
    assert classifier.is_additional_loss(story) is (story in FURTHER)


@pytest.mark.parametrize(
    "typed", ["thêm 5tr nữa", "20 triệu nữa", "lần nữa 20 triệu", "another 5 million"]
)
def test_the_field_names_a_further_sum(typed: str) -> None:
    assert classifier.is_additional_field(typed)


@pytest.mark.parametrize(
    "typed", ["20 triệu", "tổng 15 triệu, thêm cả phí", "nửa tỷ", "nua ty", "thêm nữa"]
)
def test_the_field_names_another_sum(typed: str) -> None:
    assert not classifier.is_additional_field(typed)
