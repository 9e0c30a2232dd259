"""Phrases of a table in a story: marks, clauses, overlaps."""

from reports.extraction.language.cue_matcher import PhraseTrie, drop_nested, tokenize

BOOK = PhraseTrie(
    [("a", "x", "công an"), ("a", "x", "công an tỉnh"), ("a", "y", "thuế"), ("b", "z", "cô giáo")]
)


def find_texts(text: str) -> list[str]:
    return [match.phrase.text for match in drop_nested(BOOK.find(tokenize(text)))]


def test_the_longest_phrase_of_a_clause_stands() -> None:
    assert find_texts("công an tỉnh gọi, công an xã cũng gọi") == ["công an tỉnh", "công an"]
    assert find_texts("người công, an toàn") == []
    assert PhraseTrie([("a", "x", ""), ("a", "x", "!?")]).find(tokenize("!? gì")) == []


def test_words_without_marks_fit_and_wrong_marks_do_not() -> None:
    assert find_texts("cong an tinh goi") == ["công an tỉnh"]
    assert find_texts("cống ăn gì") == []
    assert find_texts("co giao goi") == ["cô giáo"]
    assert find_texts("cô giao dịch viên") == []  # who writes "cô" did not mean "giáo" by "giao"
    assert find_texts("ben thue goi") == find_texts("bên thuế gọi") == ["thuế"]
    assert find_texts("nó bảo thue nhà") == []  # a bare word of a writer who uses marks
