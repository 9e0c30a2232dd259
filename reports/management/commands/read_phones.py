"""manage.py read_phones: one number a line -> its kind, canonical key and flags."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.extraction.phones import read
from reports.management.json_lines_command import DoorCommand


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
