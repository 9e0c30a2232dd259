"""Runs management commands in forks of a process that has loaded the portal once: a command begun anew
takes most of its time for that. `python -m tests.faults.support.command_server`, a request a line.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django
from django.core.checks import run_checks

import manage


def main() -> None:
    """Run each request of stdin, and print its exit code as subprocess would have it."""
    django.setup()
    run_checks()  # which load what a command's own checks would
    for line in sys.stdin:
        request = json.loads(line)
        if not (pid := os.fork()):
            run(request)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def run(request: dict[str, Any]) -> None:
    """Run a command with its environment and its files for output; never return."""
    os.environ |= request["env"]
    for descriptor, path, mode in (
        (0, os.devnull, "rb"),
        (1, request["stdout"], "wb"),
        (2, request["stderr"], "wb"),
    ):
        with Path(path).open(mode) as file:
            os.dup2(file.fileno(), descriptor)
    sys.argv = ["manage.py", *request["words"]]
    code: Any = 0
    try:
        manage.main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001  # as Python ends by itself
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    main()
