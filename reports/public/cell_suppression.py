"""Which counts of a table may stand beside its total. Pure.

Under LEAST a count may point at somebody, and so it is hidden. One hidden count beside the total
is no secret, so more is hidden until nothing can be worked out. Who is hidden hangs on the values
alone, never on names or order: two hidden cells could be exchanged and everything that is shown
would stay as it is. As long as the hidden values differ, none of them can be told.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

MIN_COUNT = 5


def cells_to_suppress(
    counts: Mapping[str, int], *, empty_is_small: bool = False
) -> AbstractSet[str] | None:
    """The cells to hide so that the others and the total may be shown; None where no choice will do.

    The smallest go first, equal ones together, until they add up to LEAST and are not all alike.
    `empty_is_small`: whether 0 is a secret too, as it is of a place, where it says of everybody
    there that they were silent.
    """
    secret = {name: count for name, count in counts.items() if count or empty_is_small}
    if not any(count < MIN_COUNT for count in secret.values()):
        return frozenset()
    for limit in sorted({max(count, MIN_COUNT - 1) for count in secret.values()}):
        hidden = {name: count for name, count in secret.items() if count <= limit}
        if sum(hidden.values()) >= MIN_COUNT and len(set(hidden.values())) > 1:
            return frozenset(hidden)
    return None
