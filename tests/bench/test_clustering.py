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


def test_a_word_counts_once_a_story_and_a_usual_phrase_for_some_at_least() -> None:
    stories = [list(sentences([text])) for text in ["bún bún bún", *["phở"] * 99]]
    usual = [list(sentences(["lệnh bắt"]))]
    table = count_words(stories, [(usual, (0.05, 0.03))])
    assert table["stories"] == 100
    assert table["words"] == {"bun": 1, "pho": 99, "lenh": 5, "bat": 5}
    assert table["pairs"] == {"lenh bat": 3}
