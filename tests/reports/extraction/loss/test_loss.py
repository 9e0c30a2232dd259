"""What a story says of money: none, some, not said or unclear; its sums and the plain total."""

import pytest

from reports.extraction.loss.classifier import Loss
from reports.extraction.story_reader import StoryReading, extract_from_story
from tests.support.data_files import read_cases


def read_loss(text: str) -> Loss:
    return extract_from_story(text).loss


def quotes(reading: StoryReading) -> list[str]:
    return [each.words for each in reading.reasons if each.fact == "money_lost_vnd"]


@pytest.mark.parametrize(("story", "loss"), read_cases("money.json", "total_losses"))
def test_a_total_is_proposed_where_it_is_plain(story: str, loss: int | None) -> None:
    assert read_loss(story).proposed_vnd == loss


def test_a_demand_is_told_beside_what_was_paid_and_never_added() -> None:
    loss = read_loss("Họ đòi 80 triệu mới tha. Tôi đã chuyển 30 triệu.")
    assert (loss.state, loss.proposed_vnd) == ("some", 30_000_000)
    assert [(each.vnd, each.role, each.words) for each in loss.sums] == [
        (80_000_000, "demanded", "80 triệu"),
        (30_000_000, "paid", "30 triệu"),
    ]


@pytest.mark.parametrize(("story", "denial", "payment"), read_cases("money.json", "contradictions"))
def test_a_loss_that_is_denied_and_told_is_unclear_with_both_quotations(
    story: str, denial: str, payment: str
) -> None:
    reading = extract_from_story(story)
    assert (reading.loss.state, reading.money_lost_vnd) == ("unclear", None)
    told = quotes(reading)
    assert any(denial in words for words in told)
    assert any(payment in words for words in told)


def test_money_that_is_gone_without_a_sum_is_a_loss_of_no_sum() -> None:
    assert read_loss("Tôi bị lừa chuyển hết tiền tiết kiệm rồi.") == Loss("some")


@pytest.mark.parametrize(("story", "role"), read_cases("money.json", "unpaid_roles"))
def test_a_sum_that_nobody_paid_has_a_role_of_its_own(story: str, role: str) -> None:
    assert [each.role for each in read_loss(story).sums] == [role]
