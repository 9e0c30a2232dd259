"""The steps of the script: which a story tells, with which words, in which order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.extraction import story_reader
from reports.extraction.language.cue_matcher import action_codes, tokenize
from reports.extraction.language.scoring import Explanation
from reports.extraction.story_reader import extract_from_story
from tests.support.data_files import read_jsonl

_SENTENCES = read_jsonl("script_stages.jsonl")
_SCRIPT = (
    "contact", "authority", "threat", "hand-over", "isolate", "proof", "demand", "squeeze",
)  # fmt: skip
_PARTS = st.sampled_from(
    ["không ", "được nói với ai", "bật zoom", "nối máy", ", ", ". ", "lệnh bắt", "\n", "ﬁ", "İ"]
)


def find_stages(text: str) -> list[Explanation]:
    return story_reader.find_stages(tokenize(text), extract_from_story(text).reasons)


def test_the_script_has_eight_steps_with_labels_and_forty_sentences_over_all() -> None:
    assert tuple(story_reader.stage_labels()) == _SCRIPT
    assert all(story_reader.stage_labels().values())
    assert len(_SENTENCES) >= 40
    assert {step for each in _SENTENCES for step in each["stages"]} == set(_SCRIPT)


@pytest.mark.parametrize("sentence", _SENTENCES, ids=lambda each: each["text"][:40])
def test_a_sentence_tells_the_steps_in_its_order_with_their_words(sentence: dict[str, Any]) -> None:
    stages = find_stages(sentence["text"])
    assert list(story_reader.stage_codes(stages)) == sentence["stages"]
    for reason in stages:
        assert (reason.fact, reason.points) == ("stages", 0)
        assert sentence["text"][reason.start : reason.end] == reason.words != ""


def test_a_step_shows_a_few_words_however_often_it_is_told() -> None:
    reasons = find_stages("Nó dọa cắt điện, dọa khóa sim, dọa bắt giam, dọa đi tù, dọa ra tòa.")
    threats = [reason for reason in reasons if story_reader.stage_code(reason) == "threat"]
    assert 1 < len(threats) <= story_reader.MAX_STAGE_REASONS


def test_what_the_reader_finds_demanded_is_a_step_if_it_is_of_the_taxonomy() -> None:
    text = "đọc mã otp cho nó"
    otp = Explanation("actions", "give_otp: mã otp", "mã otp", 4, 10, 3.0)
    assert [reason.rule for reason in story_reader.find_stages(tokenize(text), [otp])] == [
        "demand: give_otp"
    ]
    assert set(story_reader._stage_of_action()) <= set(action_codes())


def test_what_is_denied_is_no_step() -> None:
    assert not find_stages("Nó không đe dọa tôi.")
    assert story_reader.stage_codes(find_stages("no de doa toi")) == ("threat",)


@given(st.one_of(st.text(max_size=400), st.lists(_PARTS, max_size=40).map("".join)))
def test_no_text_raises_and_words_stand_at_their_places(text: str) -> None:
    for reason in story_reader.find_stages(tokenize(text)):
        assert text[reason.start : reason.end] == reason.words != ""
