"""Pieces of a story, and what each tells of the money."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.extraction.language import scoring
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.language.scoring import Feature, load_model
from reports.extraction.loss.classifier import collect_loss_evidence
from reports.extraction.loss.features import (
    Clause,
    classify_clauses,
    clause_features,
    neighbour_clause_features,
    split_clauses,
)
from reports.extraction.loss.phrase_rules import ClauseVerdict, PhraseEvidence

TABLE = (
    "a=gone\tb=kept\n1.000\t2.000\ncup may\t10.0\tb90\n<cup may\t10.0\ta-5\nbien mat\t9.0\ta80\n"
)


def pieces(text: str) -> list[Clause]:
    return split_clauses(parse_story(text), PhraseEvidence())


@pytest.fixture
def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pieces.tsv").write_text(TABLE, encoding="utf-8")
    monkeypatch.setattr(scoring, "FOLDER", tmp_path)
    load_model.cache_clear()


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    load_model.cache_clear()
    yield
    load_model.cache_clear()


def test_a_story_is_cut_at_its_stops_before_words_that_go_on_and_in_a_long_breath() -> None:
    told = "Nó đòi 5 triệu, tôi sợ nên chuyển rồi. Xong nó tắt máy"
    story = parse_story(told).story
    cut = [story.text[slice(*story.char_span(each.first, each.last))] for each in pieces(told)]
    assert cut == ["Nó đòi 5 triệu", "tôi sợ", "nên chuyển rồi", "Xong nó tắt máy"]
    assert [piece.last - piece.first for piece in pieces("toi " * 30)] == [12, 12, 6]
    assert not pieces("😀")
    assert not classify_clauses(parse_story("😀"), PhraseEvidence())


def test_a_piece_hears_its_neighbours() -> None:
    one, two = pieces("tôi sợ, tôi cúp máy")
    assert {"toi so", ">cup may", "so|toi"} <= set(one.names)
    assert {"cup may", "toi _ may", "<toi so", "so|toi", "…cup may"} <= set(two.names)
    assert not {name for name in two.names if name[0] == ">"}


def test_phrases_and_deeds_speak_in_their_piece() -> None:
    parsed = parse_story("Họ gọi, tôi đã chuyển 5 triệu")
    first, last = split_clauses(parsed, collect_loss_evidence(parsed))
    assert {"@pay done", "?gone"} <= set(last.names)
    assert {">@pay done", ">?gone"} <= set(first.names)


@pytest.mark.usefixtures("_table")
def test_each_piece_tells_how_surely_money_is_gone_or_kept() -> None:
    verdicts = classify_clauses(parse_story("tiền biến mất, tôi cúp máy"), PhraseEvidence())
    assert [(each.kind, each.first, each.last) for each in verdicts] == [
        ("gone", 0, 3), ("kept", 0, 3), ("gone", 3, 6), ("kept", 3, 6),
    ]  # fmt: skip
    points = [each.points for each in verdicts]
    assert points[0] > 0 > points[1]
    assert points[3] > 0 > points[2]


def test_what_pieces_tell_is_heard_at_the_surest_and_in_order() -> None:
    gone, unsure = ClauseVerdict("gone", 3.0, 0, 3), ClauseVerdict("kept", -3.0, 0, 3)
    features = list(clause_features([gone, unsure, ClauseVerdict("kept", 6.0, 3, 5)]))
    assert Feature("*gone 6", 0, 3) in features
    assert Feature("*kept 7", 3, 5) in features
    assert {Feature("*K", 3, 5), Feature("*GK", 0, 5), Feature("*all GK", 0, 5)} <= {*features}
    assert Feature("*all ", 0, 3) in clause_features([unsure])  # which tells nothing
    assert not list(clause_features([]))


def test_a_sum_hears_its_piece_and_the_next_that_tells() -> None:
    verdicts = [
        ClauseVerdict("gone", -6.0, 0, 4),
        ClauseVerdict("kept", -3.0, 0, 4),
        ClauseVerdict("kept", 3.0, 4, 6),
    ]
    assert list(neighbour_clause_features(verdicts, 2)) == ["~here kept 0", "~next kept"]
    after = ["~here kept 0", "~here kept 1", "~next none"]
    assert list(neighbour_clause_features(verdicts, 4)) == after
