"""The command-line doors: lines in, a line of JSON out for each. They touch no database."""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import IO, Any, NoReturn

from django.core.management.base import BaseCommand


class InvalidInputLineError(ValueError):
    """A line that cannot be read; the message and the id, if there is one, go to its sender."""

    def __init__(self, message: str, line_id: object = None) -> None:
        super().__init__(message)
        self.line_id = line_id

    def answer(self) -> dict[str, Any]:
        return {"id": self.line_id, "error": str(self)}


class JsonLinesCommand(BaseCommand):
    """Answers standard input on standard output, in UTF-8 whatever the locale, line by line."""

    requires_system_checks = []
    stealth_options = ("stdin",)

    def handle(self, *args: Any, **options: Any) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A lone half of a surrogate pair is no UTF-8; as \\udxxx it is still JSON.
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        for answer in self.handle_lines(lines(options.get("stdin") or sys.stdin)):
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            self.stdout.flush()

    def handle_lines(self, text_lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """One answer for each line, in order."""
        raise NotImplementedError


def lines(source: IO[str]) -> Iterator[str]:
    """The lines of *source* as they come; bytes that are no UTF-8 become U+FFFD."""
    for line in getattr(source, "buffer", source):
        text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
        yield text.rstrip("\r\n")


def record_of(line: str) -> dict[str, Any]:
    """The JSON object on a line. Raises InvalidInputLineError where there is none."""
    try:
        record = json.loads(line, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise InvalidInputLineError("not a line of JSON") from error
    if not isinstance(record, dict):
        raise InvalidInputLineError("not a JSON object")
    return record


def _finite(written: str) -> float:
    number = float(written)
    return number if isfinite(number) else _refuse(written)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def text_of(record: dict[str, Any], field: str, *, needed: bool = False) -> str:
    """A field that holds text, "" for none. Raises InvalidInputLineError for anything else."""
    value = record.get(field)
    if isinstance(value, str):
        return value
    if value is None and not needed:
        return ""
    raise InvalidInputLineError(f'"{field}" must be text', record.get("id"))
