"""Commands that read and write JSON lines."""

import io
import json
from typing import Any

from django.core.management import call_command


def run_json_lines(command: str, *lines: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command(command, stdin=io.StringIO("".join(line + "\n" for line in lines)), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]
