"""manage.py read_phones: one number a line -> its kind, canonical key and flags."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.management.doors import DoorCommand
from reports.phones import read


class Command(DoorCommand):
    help = 'Read numbers, one a line; answer {"raw", "kind", "key", "flags"} for each.'

    def answers(self, given: Iterable[str]) -> Iterator[dict[str, Any]]:
        for phone in map(read, given):
            yield {
                "raw": phone.raw,
                "kind": phone.kind,
                "key": phone.key,
                "flags": list(phone.flags),
            }
