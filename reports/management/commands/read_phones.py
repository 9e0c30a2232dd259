"""manage.py read_phones: print kind, canonical key and flags of each number, one a line."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.extraction.phones import parse
from reports.management.json_lines_command import JsonLinesCommand


class Command(JsonLinesCommand):
    help = 'Read numbers, one a line, and print {"raw", "kind", "key", "flags"} for each. Writes nothing.'

    def handle_lines(self, text_lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        for phone in map(parse, text_lines):
            answer = {"raw": phone.raw, "kind": phone.kind, "key": phone.key}
            yield answer | {"flags": list(phone.flags)}
