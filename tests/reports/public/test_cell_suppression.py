"""No count that is hidden can be worked out of those that are shown."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.public.cell_suppression import MIN_COUNT, cells_to_suppress

Seen = tuple[int, tuple[tuple[str, int | None], ...]]


def list_visible(counts: Mapping[str, int], *, empty_is_small: bool) -> Seen | None:
    """All that a reader of the table sees, the total among it."""
    hidden = cells_to_suppress(counts, empty_is_small=empty_is_small)
    if hidden is None:
        return None
    visible = tuple((name, None if name in hidden else counts[name]) for name in sorted(counts))
    return (sum(counts.values()), visible)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        pytest.param([5, 0, 12], set(), id="none is small"),
        pytest.param([3, 20, 12], {"a", "c"}, id="the next smallest is taken along"),
        pytest.param([3, 12, 12, 40], {"a", "b", "c"}, id="equals go together"),
        pytest.param([4, 4, 9, 10], {"a", "b", "c"}, id="none is known of its likes"),
        pytest.param([1, 2, 9, 10], {"a", "b", "c"}, id="the hidden are not few together"),
        pytest.param([3], None, id="one that cannot be closed"),
        pytest.param([4, 4], None, id="two alike that cannot be closed"),
        pytest.param([1, 2], None, id="two that cannot be closed"),
    ],
)
def test_small_counts_are_hidden_with_what_they_take_along_or_the_table_is_given_up(
    counts: list[int], hidden: set[str] | None
) -> None:
    assert cells_to_suppress(dict(zip("abcd", counts, strict=False))) == hidden


def test_nothing_is_a_secret_of_places_alone() -> None:
    counts = {"a": 0, "b": 0, "c": 7, "d": 9}
    assert cells_to_suppress(counts) == frozenset()
    assert cells_to_suppress(counts, empty_is_small=True) == {"a", "b", "c"}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), min_size=1), st.booleans())
def test_no_small_count_is_shown_or_left_over(counts: dict[str, int], empty_is_small: bool) -> None:
    hidden = cells_to_suppress(counts, empty_is_small=empty_is_small)
    if hidden is not None:
        visible = [count for name, count in counts.items() if name not in hidden]
        assert all(count >= MIN_COUNT or (count == 0 and not empty_is_small) for count in visible)
        rest = sum(counts.values()) - sum(visible)
        assert rest >= MIN_COUNT if hidden else rest == 0


@pytest.mark.parametrize("empty_is_small", [False, True])
def test_who_knows_the_rule_and_tries_every_table_learns_no_hidden_count(
    empty_is_small: bool,
) -> None:
    """All tables of four cells up to nine: those that look alike differ in every hidden cell."""
    alike = defaultdict[Seen, list[dict[str, int]]](list)
    for values in product(range(10), repeat=4):
        counts = dict(zip("abcd", values, strict=True))
        if seen := list_visible(counts, empty_is_small=empty_is_small):
            alike[seen].append(counts)
    for (_, visible), tables in alike.items():
        for name, count in visible:
            assert count is not None or len({table[name] for table in tables}) > 1
