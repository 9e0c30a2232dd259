"""Intake sources: the doors by which a submission comes in, all through `intake.submit_report`.

The report form, an officer at the desk, the program of an agency (views/intake_api.py, open311.py), a table
(row_parser.py), a message by Zalo (views/zalo.py). A further one is a value of `Report.Source`, and a module that turns what it is sent
into the fields of the form for `ReportFormParser`, which refuses nothing but an empty report.
"""

import hashlib
from dataclasses import dataclass

from reports.models import Report


@dataclass(frozen=True)
class IntakeSource:
    """The door of one submission.

    `client_id`, `external_id`: the program that sent it, and its own id of the report;
    `origin_digests`: as in flood_detection.py, None where nobody counts.
    """

    kind: str = Report.Source.WEB
    client_id: int | None = None
    external_id: str = ""
    origin_digests: list[str] | None = None


WEB = IntakeSource()


def scope_key(sender: object, key: str) -> str:
    """Return a submission key that two senders with the same key of their own do not share."""
    return hashlib.sha256(f"{sender} {key}".encode()).hexdigest()
