"""Phrases of a table in a story: marks, clauses, overlaps."""

from reports.extraction.language.cue_matcher import tokenize
from reports.extraction.language.phrase_trie import PhraseTrie, drop_nested

BOOK = PhraseTrie(
    [("a", "x", "công an"), ("a", "x", "công an tỉnh"), ("a", "y", "thuế"), ("b", "z", "cô giáo")]
)


def find_texts(text: str) -> list[str]:
    return [match.phrase.text for match in drop_nested(BOOK.find(tokenize(text)))]


def test_the_longest_phrase_stands() -> None:
    assert find_texts("công an tỉnh gọi, công an xã cũng gọi") == ["công an tỉnh", "công an"]


def test_words_without_marks_fit_and_wrong_marks_do_not() -> None:
    assert find_texts("cong an tinh goi") == ["công an tỉnh"]
    assert find_texts("cống ăn gì") == []


def test_a_phrase_stays_in_its_clause() -> None:
    assert find_texts("người công, an toàn") == []


def test_marks_may_lack_of_a_whole_phrase_alone() -> None:
    """Who writes "cô" with its mark did not mean "cô giáo" by "cô giao"."""
    assert find_texts("cô giao dịch viên") == []
    assert find_texts("co giao goi") == ["cô giáo"]


def test_a_single_bare_word_says_nothing_where_the_writer_uses_marks() -> None:
    assert find_texts("bên thuế gọi") == ["thuế"]
    assert find_texts("nó bảo thue nhà") == []
    assert find_texts("ben thue goi") == ["thuế"]


def test_of_nothing_nothing_is_kept() -> None:
    assert PhraseTrie([("a", "x", ""), ("a", "x", "!?")]).find(tokenize("!? gì")) == []
