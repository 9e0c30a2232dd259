#!/usr/bin/env python
"""Django's command-line door."""

import os
import sys


def main() -> None:
    """Run a command. What PostgreSQL refuses is one line and exit code 1, or `--traceback`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import InterfaceError, InternalError, OperationalError  # noqa: PLC0415

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, InterfaceError, InternalError) as error:
        if "--traceback" in sys.argv:
            raise
        from core import database  # noqa: PLC0415

        sys.exit(database.error_summary(error))


if __name__ == "__main__":
    main()
