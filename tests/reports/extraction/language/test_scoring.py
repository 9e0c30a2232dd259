"""Words of a story and their weights: a score is nothing but the sum of its parts."""

from pathlib import Path

import pytest

from reports.data.loader import load_json
from reports.extraction.language import scoring
from reports.extraction.language.cue_matcher import scenario_codes
from reports.extraction.language.parsed_story import ending_features, parse_story
from reports.extraction.language.scoring import LANE_BITS, MIN_LENGTH, Feature, load_model, score

TABLE = "a=tax\tb=bank\n0.000\t1.500\ncan bo\t2.0\ta30b-10\nthue\t4.0\ta50\n$\t1.0\t\n"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> scoring.LinearModel:
    (tmp_path / "some.tsv").write_text(TABLE, encoding="utf-8")
    monkeypatch.setattr(scoring, "FOLDER", tmp_path)
    scoring.forget_weights()
    return load_model("some")


@pytest.fixture(autouse=True)
def _forget() -> None:
    scoring.forget_weights()


def names(text: str) -> list[str]:
    return [gram.name for gram in parse_story(text).grams]


def test_a_story_is_words_their_pairs_their_families_and_characters_for_numbers() -> None:
    assert names("Trời xanh mây") == ["troi", "xanh", "may", "troi xanh", "xanh may"]
    assert names("mất 20 triệu lúc 9 giờ")[:5] == ["mat", "$", "luc", "#", "gio"]
    assert "=otp" in names("đọc dãy số gửi về máy")
    assert "=otp" in names("doc ma otp")
    assert "=otp" not in names("đọc báo")


def test_how_a_story_ends_is_told_apart() -> None:
    parsed = parse_story("trước " * 20 + "rồi tôi cúp máy")
    ending = ending_features(parsed.words)
    assert Feature("…cup may", 22, 24) in ending
    assert "…truoc truoc" in {gram.name for gram in ending}
    assert Feature("…truoc", 0, 1) not in ending


def test_a_table_is_read_as_it_is_written(table: scoring.LinearModel) -> None:
    assert table.labels == ("tax", "bank")
    assert table.needed == {"tax": 0.0, "bank": 1.5}
    assert score(table, [Feature("can bo", 0, 2)]).contributions("bank")[0].points == pytest.approx(
        -2 / MIN_LENGTH
    )
    assert not score(table, [Feature("$", 0, 1)]).contributions("tax")


def test_what_is_no_table_is_no_silence(tmp_path: Path, table: scoring.LinearModel) -> None:
    (tmp_path / "other.tsv").write_text("a=tax\n0.0\nthue\t4.0\t0:30\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no weights: 0:30"):
        load_model("other")


def test_a_score_is_the_sum_of_its_parts(table: scoring.LinearModel) -> None:
    weighing = score(table, parse_story("cán bộ thuế đòi 5 triệu").grams)
    for label, points in weighing.scores.items():
        assert points == pytest.approx(sum(part.points for part in weighing.contributions(label)))
    assert [part.gram.name for part in weighing.contributions("tax")] == ["thue", "can bo"]
    assert score(table, parse_story("xyz").grams).scores == {"tax": 0.0, "bank": 0.0}


def test_one_word_weighs_little_and_a_long_story_no_more_than_a_short_one(
    table: scoring.LinearModel,
) -> None:
    one, short, long = (
        score(table, [Feature("thue", 0, 1)] * often).scores["tax"] for often in (1, 40, 4000)
    )
    assert one == pytest.approx(4 / MIN_LENGTH * 5)
    assert short <= long <= 5.0


def test_the_weights_are_small_and_were_learnt_from_the_stories_at_hand() -> None:
    """Run `python -m tools.train_reader` after a change of stories or families."""
    from tools import train_reader  # which takes two seconds

    assert (scoring.FOLDER / train_reader.SOURCE).read_text().strip() == train_reader.hash_sources()
    sizes = [file.stat().st_size for file in scoring.FOLDER.glob("*.tsv")]
    assert len(sizes) == 5
    assert sum(sizes) < 1_200_000
    for model in (load_model(file.stem) for file in scoring.FOLDER.glob("*.tsv")):
        *lanes, _ = zip(*map(model.unpack, model.weights.values()), strict=True)
        assert all(sum(map(abs, lane)) < 1 << LANE_BITS - 1 for lane in lanes)


def test_a_taught_story_marks_the_words_that_tell_of_its_money() -> None:
    """Mark only where something is told (data/weights/README.md)."""
    from tools import train_reader

    dangers = set(load_json("danger.json"))
    for file in train_reader.STORIES.glob("*.jsonl"):
        assert file.stat().st_size < 6_500_000
        for story in train_reader.read_labels(file):
            if "danger" in story:
                assert set(story["danger"]) <= dangers
                continue
            assert story["scenario"] in scenario_codes()
            assert all(story["money_because"])
            assert story["money_because"] or story["money_lost_vnd"] is None, story["text"]
