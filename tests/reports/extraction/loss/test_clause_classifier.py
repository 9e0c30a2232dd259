"""Pieces of a story, and what each tells of the money."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.extraction import ngram_model as grams
from reports.extraction.loss.classifier import hear
from reports.extraction.loss.clause_classifier import (
    Piece,
    grams_around,
    grams_of_tellings,
    pieces_of,
    tellings,
)
from reports.extraction.loss.phrase_rules import Said, Told
from reports.extraction.ngram_model import Gram, weights
from reports.extraction.parsed_story import look_at

TABLE = (
    "a=gone\tb=kept\n1.000\t2.000\ncup may\t10.0\tb90\n<cup may\t10.0\ta-5\nbien mat\t9.0\ta80\n"
)


def pieces(text: str) -> list[Piece]:
    return pieces_of(look_at(text), Said())


def words_of(text: str) -> list[str]:
    story = look_at(text).story
    return [story.text[slice(*story.span(each.first, each.last))] for each in pieces(text)]


def names(piece: Piece) -> set[str]:
    return set(piece.names)


@pytest.fixture
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pieces.tsv").write_text(TABLE, encoding="utf-8")
    monkeypatch.setattr(grams, "FOLDER", tmp_path)
    weights.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    weights.cache_clear()
    yield
    weights.cache_clear()


def test_a_story_is_cut_at_its_stops_and_before_words_that_go_on() -> None:
    told = words_of("Nó đòi 5 triệu, tôi sợ nên chuyển rồi. Xong nó tắt máy")
    assert told == ["Nó đòi 5 triệu", "tôi sợ", "nên chuyển rồi", "Xong nó tắt máy"]


def test_a_long_breath_is_cut_too() -> None:
    assert [piece.last - piece.first for piece in pieces("toi " * 30)] == [12, 12, 6]


def test_a_story_without_a_word_has_no_piece() -> None:
    assert not pieces("😀")
    assert not tellings(look_at("😀"), Said())


def test_a_piece_hears_its_neighbours() -> None:
    one, two = pieces("tôi sợ, tôi cúp máy")
    assert {"toi so", ">cup may", "so|toi"} <= names(one)
    assert {"cup may", "toi _ may", "<toi so", "so|toi", "…cup may"} <= names(two)
    assert not {name for name in names(two) if name[0] == ">"}


def test_phrases_and_deeds_speak_in_their_piece() -> None:
    look = look_at("Họ gọi, tôi đã chuyển 5 triệu")
    first, last = pieces_of(look, hear(look))
    assert {"@pay done", "?gone"} <= names(last)
    assert {">@pay done", ">?gone"} <= names(first)


@pytest.mark.usefixtures("_table")
def test_each_piece_tells_how_surely_money_is_gone_or_kept() -> None:
    told = tellings(look_at("tiền biến mất, tôi cúp máy"), Said())
    assert [(each.kind, each.first, each.last) for each in told] == [
        ("gone", 0, 3), ("kept", 0, 3), ("gone", 3, 6), ("kept", 3, 6),
    ]  # fmt: skip
    points = [each.points for each in told]
    assert points[0] > 0 > points[1]
    assert points[3] > 0 > points[2]


def test_what_pieces_tell_is_heard_at_the_surest_and_in_order() -> None:
    told = [Told("gone", 3.0, 0, 3), Told("kept", -3.0, 0, 3), Told("kept", 6.0, 3, 5)]
    heard = list(grams_of_tellings(told))
    assert Gram("*gone 6", 0, 3) in heard
    assert Gram("*kept 7", 3, 5) in heard
    assert {Gram("*K", 3, 5), Gram("*GK", 0, 5), Gram("*all GK", 0, 5)} <= {*heard}


def test_pieces_that_tell_nothing_are_heard_as_such_and_no_piece_not_at_all() -> None:
    assert Gram("*all ", 0, 4) in grams_of_tellings([Told("kept", -3.0, 0, 4)])
    assert not list(grams_of_tellings([]))


def test_a_sum_hears_its_piece_and_the_next_that_tells() -> None:
    told = [Told("gone", -6.0, 0, 4), Told("kept", -3.0, 0, 4), Told("kept", 3.0, 4, 6)]
    assert list(grams_around(told, 2)) == ["~here kept 0", "~next kept"]
    assert list(grams_around(told, 4)) == ["~here kept 0", "~here kept 1", "~next none"]
