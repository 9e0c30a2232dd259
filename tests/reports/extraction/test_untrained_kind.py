"""A kind of call that stands in the taxonomy and that the weights do not know yet."""

from collections.abc import Iterator
from typing import Any

import pytest

from reports.extraction import story_reader
from reports.extraction.language import cue_matcher
from reports.extraction.language.cue_matcher import code_rows, taxonomy
from reports.extraction.story_reader import extract_from_story
from tests.support.data_files import read_jsonl

_STORIES = read_jsonl("stories.jsonl")


@pytest.fixture
def _untrained_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add a kind of call to the taxonomy alone."""
    row = {**code_rows()["tax"], "code": "school_fee", "cues": ["học phí"]}
    extended = {**taxonomy(), "scenarios": [*taxonomy()["scenarios"], row]}
    cached = (cue_matcher.code_rows, cue_matcher.scenario_codes, story_reader._untrained_kinds)
    with monkeypatch.context() as patched:
        patched.setattr(cue_matcher, "taxonomy", lambda: extended)
        for each in cached:
            each.cache_clear()
        yield
    for each in cached:
        each.cache_clear()


@pytest.mark.usefixtures("_untrained_kind")
def test_a_kind_that_no_weights_know_is_named_by_its_phrases() -> None:
    reading = extract_from_story(
        "Có cô xưng là giáo viên gọi bảo nộp học phí gấp, tôi chưa chuyển."
    )
    assert reading.scenario == "school_fee"
    assert [reason.words for reason in reading.reasons if reason.fact == "scenario"] == ["học phí"]


@pytest.mark.usefixtures("_untrained_kind")
@pytest.mark.parametrize("story", _STORIES, ids=lambda story: story["id"])
def test_a_kind_that_no_weights_know_changes_no_other_story(story: dict[str, Any]) -> None:
    assert extract_from_story(story["text"]).scenario == story["scenario"]
