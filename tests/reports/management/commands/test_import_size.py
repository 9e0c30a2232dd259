"""A long list sent twice: each row is one report, and memory does not grow with the list.

A hundred rows here; `make soak` imports 100,000 (LIST_ROWS).
"""

import os
import re
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command

from core.spreadsheets import write_xlsx
from reports.models import Report
from tests.support.officers import Person

ROWS = int(os.environ.get("LIST_ROWS", "100"))
A_FEW = 1000
MAX_GROWTH_KB = 64 * 1024  # a report's row has some 300 bytes: as a list in memory they were more
# The locks of each report are held until its COMMIT.
pytestmark = pytest.mark.django_db(transaction=ROWS > A_FEW)


def test_a_long_list_sent_twice_is_a_report_a_row_in_bounded_memory(
    tmp_path: Path, duty: Person
) -> None:
    table = tmp_path / "nam.xlsx"
    rows = [
        (str(n), f"{n % 28 + 1}/11/2026", f"0550 {n:06}", f"Xưng công an, đòi tiền, việc {n}.")
        for n in range(1, ROWS + 1)
    ]
    with table.open("wb") as file:
        write_xlsx(file, [("STT", "Ngày gọi", "Số gọi đến", "Nội dung"), *rows])
    del rows
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    status, begun = Path("/proc/self/status"), time.monotonic()
    before, *_ = re.findall(r"VmRSS:\s+(\d+) kB", status.read_text())
    for _ in range(2):
        call_command("import_reports", str(table), by=duty.user.username)
    peak, *_ = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
    growth, seconds = int(peak) - int(before), time.monotonic() - begun
    sys.stdout.write(f"{ROWS} rows twice: {seconds:.0f} s, {growth // 1024} MB\n")
    assert Report.objects.count() == ROWS
    assert growth < MAX_GROWTH_KB
