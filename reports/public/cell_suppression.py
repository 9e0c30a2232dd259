"""Choose which counts of a table to suppress beside its total. Pure.

A count under MIN_COUNT may identify somebody. One suppressed count follows from the total, so more
are suppressed until none can be computed. The choice depends on values alone, never on names or
order: if two suppressed values were exchanged, nothing public would change.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

MIN_COUNT = 5


def cells_to_suppress(
    counts: Mapping[str, int], *, empty_is_small: bool = False
) -> AbstractSet[str] | None:
    """Return the cells to suppress so that all others and the total may be public, or None.

    The smallest go first, equal ones together, until they add up to MIN_COUNT and differ.
    `empty_is_small`: suppress 0 too, as of a place, where 0 says that nobody there reported.
    """
    secret = {name: count for name, count in counts.items() if count or empty_is_small}
    if not any(count < MIN_COUNT for count in secret.values()):
        return frozenset()
    for limit in sorted({max(count, MIN_COUNT - 1) for count in secret.values()}):
        hidden = {name: count for name, count in secret.items() if count <= limit}
        if sum(hidden.values()) >= MIN_COUNT and len(set(hidden.values())) > 1:
            return frozenset(hidden)
    return None
