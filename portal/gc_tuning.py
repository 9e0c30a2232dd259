"""What processes share that are forked from one: memory read in before, and left alone since."""

import gc


def freeze_gc() -> None:
    """What has been read in is there to stay: the collector shall not look at it again, for each
    look would make a process its own copy of a page that all could share. Requests and tasks leave
    next to no rings behind, so it looks seldom: that is a twentieth of a report's cost.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
