"""What ties two reports, and when a third one has to stand by."""

from dataclasses import replace

import pytest

from reports.campaigns import link_scoring
from reports.campaigns.link_scoring import MIN_NEAR, MIN_SURE, FingerprintData
from reports.campaigns.script_fingerprint import ScriptFingerprint
from reports.campaigns.shared_identifiers import SharedIdentifier

DAY = 86_400.0
NUMBER = SharedIdentifier("same_number", "+84550000123")
ACCOUNT = SharedIdentifier("same_account", "123456789")
NOTHING = ScriptFingerprint((), 0, {})


def _fingerprint(*keys: SharedIdentifier, at: float | None = 0.0) -> FingerprintData:
    return FingerprintData(frozenset(keys), NOTHING, at)


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


def _tied(similar: dict[str, dict[str, float]], **keys: SharedIdentifier) -> set[tuple[str, str]]:
    fingerprints = {name: _fingerprint(*([keys[name]] if name in keys else [])) for name in "abc"}
    return {(one, other) for one, other, _ in link_scoring.script_pairs(fingerprints, similar)}


def test_much_likeness_ties_by_itself_and_some_does_not() -> None:
    assert _tied({"a": {"b": MIN_SURE}, "b": {"a": MIN_SURE}}) == {("a", "b")}
    assert _tied({"a": {"b": MIN_SURE - 1}, "b": {"a": MIN_SURE - 1}}) == set()


def test_some_likeness_ties_where_a_third_tells_something_alike_or_shares_a_number() -> None:
    some = {"a": {"b": 8.0, "c": MIN_NEAR}, "b": {"a": 8.0}, "c": {"a": MIN_NEAR}}
    assert _tied(some) == set()
    assert _tied(some, b=NUMBER, c=NUMBER) == {("a", "b")}
    some["b"]["c"] = some["c"]["b"] = MIN_NEAR
    assert _tied(some) == {("a", "b")}


def test_likeness_fades_with_the_days_and_ends_with_the_wave() -> None:
    here, soon, late = (_fingerprint(at=days * DAY) for days in (0, 5, 22))
    assert link_scoring.time_decayed_similarity(here, soon, 10.0) == pytest.approx(9.0)
    assert link_scoring.time_decayed_similarity(here, late, 10.0) == 0
    assert link_scoring.time_decayed_similarity(here, _fingerprint(at=None), 10.0) < 10


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
