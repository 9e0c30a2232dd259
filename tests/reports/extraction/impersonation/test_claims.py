"""Whom a caller claimed to be: the office, the commune of its unit, and who was but told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.data.loader import load_offices
from reports.extraction.impersonation import claims as claimed
from reports.extraction.impersonation.claims import ImpersonationResult
from reports.extraction.impersonation.office_names import build_lexicon, claim_table
from reports.extraction.language.cue_matcher import tokenize
from reports.reference.office_lexicon import bundled_lexicon
from tests.support.cpu_time import assert_cpu_time_below
from tests.support.data_files import read_jsonl

_SENTENCES = read_jsonl("claimed_offices.jsonl")
HOSTILE = (
    "công an xã ", "xưng là ", "công an huyện hoằng hóa gọi ", "bên ", "a", "công an, ", "🐷 ",
)  # fmt: skip
_PARTS = st.sampled_from(
    ["công an", " xã ", "Hoằng Hóa", "xưng là", "gọi", "báo", ", ", ". ", "VKS", "\n", "ﬁ", "İ", "đ"]
)  # fmt: skip


def find_claims(text: str) -> ImpersonationResult:
    return claimed.merge_claims(claimed.claims_in_story(tokenize(text), bundled_lexicon()))


def test_there_are_sixty_sentences() -> None:
    assert len(_SENTENCES) >= 60


@pytest.mark.parametrize("sentence", _SENTENCES, ids=lambda each: each["text"][:40])
def test_a_sentence_names_whom_a_person_would_name_with_the_words(sentence: dict[str, Any]) -> None:
    """Assert several communes where the sentence has "+": none of them may be taken."""
    result = find_claims(sentence["text"])
    assert list(result.offices) == sentence["offices"]
    if sentence["communes"] == "+":
        assert len(result.communes) > 1
    else:
        assert list(result.communes) == sentence["communes"]
    for reason in result.reasons:
        assert reason.fact == "office"
        assert sentence["text"][reason.start : reason.end] == reason.words != ""


def test_unit_and_commune_are_claimed_and_all_of_the_field_for_the_name() -> None:
    (reason,) = find_claims("Trưởng công an xã Hoằng Hóa gọi bảo tôi.").reasons
    assert reason.words == "Trưởng công an xã Hoằng Hóa"
    assert reason.rule == "cong-an-xa-phuong in xa_hoang_hoa: trưởng công an xã"
    name = "đại úy Nguyễn Văn A, trưởng ca xã hoằng hoá"
    result = claimed.merge_claims(claimed.claims_in_field(name, bundled_lexicon()))
    assert (result.offices, result.communes) == (("cong-an-xa-phuong",), ("xa_hoang_hoa",))
    assert {(reason.start, reason.end) for reason in result.reasons} == {(None, None)}
    assert not any("Nguyễn" in reason.words for reason in result.reasons)


def test_a_box_of_the_page_gives_way_to_what_is_narrower() -> None:
    box = claimed.claims_from_checkbox("police", bundled_lexicon())
    assert claimed.merge_claims(box).offices == ("cong-an",)
    story = claimed.claims_in_story(tokenize("Xưng công an xã."), bundled_lexicon())
    both = claimed.merge_claims([*box, *story])
    assert both.offices == ("cong-an-xa-phuong",)
    assert len(both.reasons) == 2
    for nothing in ("other", " "):
        assert claimed.claims_from_checkbox(nothing, bundled_lexicon()) == []


def test_a_name_of_two_rows_stays_both_and_one_of_none_is_not_recognised() -> None:
    names = build_lexicon([("a", ["Tổ X"]), ("b", ["tổ x"])], lambda _: ())
    (claim,) = claimed.claims_in_story(tokenize("Nó xưng là tổ X."), names)
    assert claim.offices == ("a", "b")
    assert claim.reason.rule == "a|b: Tổ X"
    assert claimed.claims_in_story(tokenize("Điện lực gọi bảo cắt điện."), names) == []


def test_what_only_looks_like_a_callers_name_is_none() -> None:
    assert find_claims("Công an xã nói tôi phải cài lại.").offices == ("cong-an-xa-phuong",)
    assert not find_claims("Tôi ra công an xã, công an xã nói bọn nó hay dùng cách này.").offices
    assert find_claims("CAT goi bao toi").offices == ("cong-an-tinh",)
    assert not find_claims("khoi bi cat lien lac").offices  # in capitals alone
    assert not find_claims("xung la thue bao, nha co 3 so dien thoai").offices


def test_an_office_of_state_is_told_apart() -> None:
    assert find_claims("Xưng công an tỉnh.").of_state is not None
    assert find_claims("Nhân viên ngân hàng gọi.").of_state is None


def test_every_code_of_the_table_of_signs_is_known() -> None:
    offices = {row["codename"] for row in load_offices()["offices"]}
    wider = {code for codes in claim_table().any_of.values() for code in codes}
    named = wider | claim_table().everyday | claim_table().of_state | claim_table().with_unit
    assert named | set(claim_table().declared.values()) <= offices | claim_table().labels.keys()


@given(st.one_of(st.text(max_size=400), st.lists(_PARTS, max_size=40).map("".join)))
def test_no_text_raises_and_words_stand_at_their_places(text: str) -> None:
    for claim in claimed.claims_in_story(tokenize(text), bundled_lexicon()):
        assert text[claim.reason.start : claim.reason.end] == claim.reason.words != ""
    claimed.merge_claims(claimed.claims_in_field(text, bundled_lexicon()))


def test_no_more_places_are_looked_up_than_a_story_may_ask_for() -> None:
    looked_up: list[str] = []

    def locate(words: str) -> tuple[str, ...]:
        looked_up.append(words)
        return ()

    names = build_lexicon([("cong-an-xa-phuong", ["công an xã"])], locate)
    claimed.claims_in_story(tokenize("công an xã gọi. " * 1000), names)
    assert 0 < len(looked_up) < 400


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_text_takes_bounded_time(part: str) -> None:
    text = (part * 20_000)[:20_000]
    names = bundled_lexicon()
    assert assert_cpu_time_below(
        1.5, lambda text: claimed.claims_in_story(tokenize(text), names), text
    )
    assert len(claimed.claims_in_story(tokenize(text), names)) <= claimed.MAX_COUNT
