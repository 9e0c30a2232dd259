"""What ties two reports, and when a third one has to stand by."""

from dataclasses import replace

import pytest

from reports.campaigns import link_scoring
from reports.campaigns.link_scoring import MIN_SURE, FingerprintData, Likeness
from reports.campaigns.script_fingerprint import (
    RareTerm,
    ScriptFingerprint,
    SharedTerm,
    fingerprint_script,
)
from reports.campaigns.shared_identifiers import SharedIdentifier
from reports.extraction.story_reader import extract_from_story

DAY = 86_400.0
NUMBER = SharedIdentifier("same_number", "+84550000123")
ACCOUNT = SharedIdentifier("same_account", "123456789")
NOTHING = ScriptFingerprint((), 0)


def _fingerprint(
    *keys: SharedIdentifier, at: float | None = 0.0, kind: str = ""
) -> FingerprintData:
    return FingerprintData(frozenset(keys), NOTHING, at, kind)


def test_the_strongest_of_what_is_shared_is_the_tie() -> None:
    tie = link_scoring.exact_link(_fingerprint(NUMBER, ACCOUNT), _fingerprint(ACCOUNT, NUMBER))
    assert tie is not None
    assert (tie.kind, tie.strength) == ("same_account", 0.95)
    assert tie.reason == "Cùng tài khoản nhận 123456789"


@pytest.mark.parametrize(
    ("other", "days", "shown"),
    [("+84550000132", 1.9, "0550 000 132"), ("+84550000133", 1.9, None), ("+84550000124", 2.1, None),
     ("+84550000124", None, None), ("+845500001240", 0, None), ("VIETCOMBANK", 0, None)],
)  # fmt: skip
def test_neighbours_are_nine_apart_and_within_two_days(
    other: str, days: float | None, shown: str | None
) -> None:
    at = None if days is None else days * DAY
    neighbour = _fingerprint(SharedIdentifier("same_number", other), at=at)
    tie = link_scoring.exact_link(_fingerprint(NUMBER), neighbour)
    reason = shown and f"Số gọi liền kề {shown}, trong vòng 48 giờ"
    assert (tie and tie.reason) == reason


def _like(*words: int, weight: float = MIN_SURE / 2) -> Likeness:
    """Each word in a passage of its own."""
    shared = (SharedTerm(RareTerm(word, 0, 0, weight, 0), weight, word) for word in words)
    return Likeness(tuple(shared), 0.0)


def _tied(similar: dict[str, Likeness], **keys: SharedIdentifier) -> set[str]:
    both_ways: dict[str, dict[str, Likeness]] = {}
    for (one, other), likeness in similar.items():
        both_ways.setdefault(one, {})[other] = likeness
        both_ways.setdefault(other, {})[one] = likeness
    fingerprints = {name: _fingerprint(*([keys[name]] if name in keys else [])) for name in "abc"}
    pairs = link_scoring.script_pairs(fingerprints, both_ways)
    return {"".join(sorted((one, other))) for one, other, _ in pairs}


def test_two_rare_words_tie_and_one_does_not() -> None:
    assert _tied({"ab": _like(1, 2)}) == {"ab"}
    assert _tied({"ab": _like(1)}) == set()


def test_what_two_that_belong_together_hold_counts_together() -> None:
    some = {"ab": _like(1), "ac": _like(2)}
    assert _tied(some) == set()
    assert _tied(some, b=NUMBER, c=NUMBER) == {"ab", "ac"}
    assert _tied(some | {"bc": _like(3, 4)}) == {"ab", "ac", "bc"}
    assert _tied({"ab": _like(1), "ac": _like(1)}, b=NUMBER, c=NUMBER) == set()


SCRIPT = fingerprint_script(
    "", "Thầy Khánh tổng phụ trách đọc phiếu H17, con bị compa đâm vào mắt."
)


def _compare(days: float | None = 0.0, kind: str = "", other: str = "") -> Likeness | None:
    told = FingerprintData(frozenset(), SCRIPT, 0.0, kind)
    at = None if days is None else days * DAY
    return link_scoring.compare(told, FingerprintData(frozenset(), SCRIPT, at, other))


def test_a_script_ties_within_its_wave() -> None:
    assert _compare(days=20)
    assert _compare(days=None)
    assert _compare(days=22) is None


def test_different_kinds_tie_only_by_a_shared_number_account_or_site() -> None:
    assert _compare(kind="job_task", other="online_kidnap") is None
    here, near = (SharedIdentifier("same_number", f"+8455000012{n}") for n in (3, 4))
    one, other = _fingerprint(here, kind="job_task"), _fingerprint(near, kind="online_kidnap")
    assert link_scoring.exact_link(one, other) is None
    assert link_scoring.exact_link(one, _fingerprint(here, kind="online_kidnap"))


def test_a_number_beside_the_others_speaks_for_one_script_and_is_told() -> None:
    here, near = (SharedIdentifier("same_number", f"+8455000012{n}") for n in (3, 4))
    one, other, far = (
        FingerprintData(frozenset([key]), SCRIPT, day * DAY)
        for key, day in ((here, 0), (near, 9), (NUMBER, 9))
    )
    alike, less = link_scoring.compare(one, other), link_scoring.compare(one, far)
    assert alike
    assert less
    assert alike.score > less.score + 3
    told = link_scoring.script_link(9, SCRIPT, one, other).reason
    assert told.endswith("số gọi liền kề 0550 000 124")
    bare = link_scoring.script_link(9, NOTHING, far, far)
    assert bare.reason == "Cùng kịch bản, nhiều chi tiết hiếm gặp giống nhau"


def test_a_kind_that_is_not_sure_costs_a_little() -> None:
    sure, unsure = _compare(kind="bank", other="bank"), _compare(kind="bank")
    assert sure
    assert unsure
    assert sure.score > unsure.score


def test_a_kind_is_sure_where_the_reader_prefers_it_by_far_and_it_is_a_scam() -> None:
    reading = extract_from_story("Xưng điện lực dọa cắt điện, bảo đóng tiền điện qua đường link.")
    assert link_scoring.sure_kind(reading) == "electricity_evn"
    assert link_scoring.sure_kind(replace(reading, margin=0.2)) == ""
    assert link_scoring.sure_kind(replace(reading, scenario="spam_submission")) == ""


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [("MB Bank", "MB Bank", "MB Bank 123456789"), ("MB Bank", "", "MB Bank 123456789"),
     ("", "BIDV", "123456789"), ("MB Bank", "BIDV", None)],
)  # fmt: skip
def test_a_number_is_one_account_at_one_bank(one: str, other: str, shown: str | None) -> None:
    ends = (_fingerprint(replace(ACCOUNT, bank=bank)) for bank in (one, other))
    tie = link_scoring.exact_link(*ends)
    assert (tie and tie.reason) == (shown and f"Cùng tài khoản nhận {shown}")
    assert SharedIdentifier.from_text(replace(ACCOUNT, bank=one).text).bank == one
