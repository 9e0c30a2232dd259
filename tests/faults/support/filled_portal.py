"""A portal with something of everything in it, and how it looks from inside; run as a program,
on the database of its environment.

    python -m tests.faults.support.filled_portal fill|describe
"""

import json
import sys
from typing import Any

import django

STORY = "Ông ta xưng là thiếu tá Lê Văn Bịa và bắt tôi đọc mã."
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 900
KEY = "key-of-the-drill"


def fill() -> None:
    """300 invented reports, half of them read, with decisions, warnings, people and files."""
    from django.core.management import call_command

    from core.models import OutboxItem
    from reports.models import Report
    from reports.submission.intake import TRIAGE_TASK
    from reports.triage import report_triage
    from tests.support.sanitized_copies import store_file
    from tools.demo.reports import fill_desk
    from tools.demo.site import create_demo_site

    for command in ("migrate", "setup_desk"):
        call_command(command, verbosity=0)
    create_demo_site()
    fill_desk()
    report = submit_own_report().report
    with_files = [report, *Report.objects.exclude(pk=report.pk).order_by("pk")[:9]]
    for number, one in enumerate(with_files):
        store_file(PICTURE + bytes([number]), one, f"ảnh {number}.png")
    items = OutboxItem.objects.filter(task=TRIAGE_TASK).order_by("id").values_list("id", flat=True)
    report_triage.process_items(items[: len(items) // 2])


def submit_own_report() -> Any:
    """Submit the one report whose receipt and file are compared later; again, it is the same."""
    from reports.submission import intake

    return intake.submit_report(intake.ReportSubmission(story=STORY, contact="0992 000 111"), KEY)


def describe() -> dict[str, Any]:
    """Return what must be the same after a restore; then one more report, which must find its place."""
    from core import encryption
    from core.models import OutboxItem
    from reports.attachments import storage as files
    from reports.models import Case, EvidenceFile
    from reports.monitoring.queue_stats import queue_balance
    from reports.submission import intake, receipt_codes
    from reports.submission.intake import TRIAGE_TASK

    again = submit_own_report()
    report = receipt_codes.report_for_code(again.code)
    assert report
    file = EvidenceFile.objects.get(report=report)
    balance = queue_balance()
    waiting = OutboxItem.objects.filter(task=TRIAGE_TASK, done_at=None, failed_at=None)
    facts = {
        "again": again.again,
        "story": report.story,
        "contact": encryption.decrypt_field(report, "contact"),
        "file": b"".join(files.open_original(file)) == PICTURE + b"\0",
        "balanced": balance.balanced,
        "waiting": balance.waiting,
        "due": waiting.filter(due_at__lte=django.utils.timezone.now()).count(),
    }
    newest = intake.submit_report(
        intake.ReportSubmission(story="Một tin nữa."), "key-after-it"
    ).report
    return facts | {"next": Case.objects.filter(report=newest).exists()}


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "fill":
        fill()
    else:
        sys.stdout.write(json.dumps(describe(), ensure_ascii=False))
