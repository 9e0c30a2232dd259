"""How the bars of campaigns count, and how rare words are counted."""

from bench.clustering import score_pairs
from reports.campaigns.word_rarity import sentences
from tools.count_word_frequencies import count_words


def _rows(*campaigns: str | None) -> list[dict[str, str | None]]:
    return [{"campaign": campaign} for campaign in campaigns]


def test_pairs_are_counted_and_singles_are_none() -> None:
    true, predicted = _rows("a", "a", "a", None, "b", "b"), _rows("x", "x", None, "x", "y", "y")
    precision, recall, detail = score_pairs(true, predicted)
    assert (precision, recall) == (2 / 4, 2 / 4)
    assert detail == {"right": 2, "found": 4, "true": 4}


def test_nothing_put_together_is_nothing_wrong() -> None:
    assert score_pairs(_rows(None, None), _rows(None, None))[:2] == (1.0, 1.0)


def test_a_word_counts_once_a_story_and_as_often_as_the_kind_that_tells_it_most() -> None:
    noodles = [("bank", list(sentences(text))) for text in ["bún bún", *["phở bò"] * 99]]
    rice = [("tax", list(sentences(text))) for text in ["phở", "phở", "phở", *["cơm"] * 7]]
    table = count_words([*noodles, *rice])
    assert table["words"] == {"com": 7000, "pho-bo": 9900, "pho": 3000}
    assert table["compounds"] == ["pho bo"]
