"""Clauses of a story, and what each says of the money."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.extraction.language import scoring
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.loss.sums import Clause, classify_clauses, split_clauses

TABLE = "a=gone\tb=kept\n1.000\t2.000\ncup may\t10.0\tb90\n<cup\t10.0\ta-5\nbien mat\t9.0\ta80\n"


def clauses(text: str) -> list[Clause]:
    return split_clauses(parse_story(text))


@pytest.fixture(autouse=True)
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "clauses.tsv").write_text(TABLE, encoding="utf-8")
    monkeypatch.setattr(scoring, "FOLDER", tmp_path)
    scoring.forget_weights()
    yield
    scoring.forget_weights()


def test_a_story_is_cut_at_its_stops_before_words_that_go_on_and_in_a_long_breath() -> None:
    told = "Nó đòi 5 triệu, tôi sợ nên chuyển rồi. Xong nó tắt máy"
    story = parse_story(told).story
    cut = [story.text[slice(*story.char_span(each.first, each.last))] for each in clauses(told)]
    assert cut == ["Nó đòi 5 triệu", "tôi sợ", "nên chuyển rồi", "Xong nó tắt máy"]
    assert [each.last - each.first for each in clauses("toi " * 30)] == [12, 12, 6]
    assert not clauses("😀")
    assert not classify_clauses(parse_story("😀"))


def test_a_clause_hears_its_neighbours_and_its_actions() -> None:
    one, two = clauses("tôi sợ, tôi cúp máy")
    assert {"toi so", ">cup", "so|toi"} <= set(one.names)
    assert {"cup may", "<toi", "so|toi", "…cup may"} <= set(two.names)
    first, last = clauses("Họ gọi, tôi đã chuyển 5 triệu")
    assert "@pay done" in last.names
    assert ">@pay done" in first.names


def test_each_clause_tells_how_surely_money_is_gone_or_kept() -> None:
    one, two = classify_clauses(parse_story("tiền biến mất, tôi cúp máy"))
    assert (one.kind, two.kind) == ("gone", "kept")
    assert one.gone > 0 > one.kept
    assert two.kept > 0 > two.gone
