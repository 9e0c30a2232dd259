"""Findings and reports of telephone numbers for tests."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from reports.extraction import phones
from reports.models import Dispute, Indicator, NumberFinding, Office, OfficeQuestion, Report
from reports.numbers import disputes, findings, lookup, office_questions
from reports.numbers.disputes import DisputeSubmission
from reports.numbers.lookup import NumberVerdict
from tests.support import report_factories
from tests.support.officers import Person

NUMBER = "0550000123"
KEY = "+84550000123"
STORIES = (
    "Họ xưng điện lực, dọa cắt điện trong hai giờ nếu không nộp tiền ngay.",
    "Một giọng nữ bảo tôi có bưu phẩm cấm rồi nối máy sang cán bộ điều tra.",
    "Người lạ mời tăng hạn mức thẻ tín dụng và bảo đọc mã gửi về máy.",
    "Xưng phó giám đốc sở, hứa giúp con tôi vào làm nếu gửi trước ba triệu.",
)
APART = timedelta(minutes=31)  # so that they count as two


def file_report(number: int = 0, key: str = KEY, **typed: Any) -> Report:
    """The report of one more person, with a number and a story of their own, who came a while
    before those with a lower number.
    """
    defaults = {"contact": f"0550 111 {number:03}", "caller_number": key}
    report = report_factories.report(STORIES[number % len(STORIES)], **defaults | typed)
    report_factories.number(report, key)
    move_report(report, timezone.now() - APART * number)
    return report


def fill_indicators(kind: str, source: str, form: str) -> None:
    """Six thousand indicators of three thousand reports, among which an index finds one; `form` is a
    key's with a place for its digits.
    """
    rows = [
        Report(submission_key=f"many-{n:012}", content_digest=b"d", public_number=f"M{n}")
        for n in range(3000)
    ]
    Report.objects.bulk_create(rows)
    Indicator.objects.bulk_create(
        Indicator(report=row, kind=kind, source=source, key=form.format(550000000 + n * 997))
        for n, row in enumerate(rows * 2)
    )


def move_report(report: Report, at: datetime) -> None:
    """Move a report to another time; the guard of the evidence looks away."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE reports_report SET received_at = %s WHERE id = %s", [at, report.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")


def add_finding(**fields: Any) -> NumberFinding:
    """A finding that two officers have made."""
    proposer, approver = (
        User.objects.get_or_create(username=name)[0] for name in ("proposer", "approver")
    )
    defaults = {
        "key": KEY, "number": NUMBER, "finding": "confirmed", "reason": "Đã gọi thử.",
        "proposed_by": proposer, "confirmed_by": approver, "confirmed_at": Now(),
        "valid_until": timezone.localdate() + timedelta(days=90),
    }  # fmt: skip
    return NumberFinding.objects.create(**defaults | fields)


NO_FINDING_TODAY = pytest.mark.parametrize(
    "fields",
    [
        {"confirmed_by": None, "confirmed_at": None},
        {"valid_until": timezone.localdate() - timedelta(days=1)},
        {"withdrawn_at": Now()},
        {"finding": "cleared"},
    ],
    ids=["proposed", "over", "withdrawn", "cleared"],
)


def look_up(number: str = NUMBER) -> NumberVerdict:
    return lookup.lookup_number(phones.parse(number))


NUMBERS = "/admin/reports/numberfinding/"

DISPUTES = "/admin/reports/dispute/"


def proposed(by: Person, **words: Any) -> NumberFinding:
    fields = {"number": NUMBER, "finding": "confirmed", "reason": "Đã gọi thử."} | words
    return findings.store_proposal(findings.validate_finding(**fields, by=by.user))


def submit_dispute(number: str = NUMBER) -> Dispute:
    return disputes.submit_dispute(
        DisputeSubmission(number, "Số của tôi.", "0550000111"), f"key-{number:0>12}"
    )


OFFICE_MAIL = "truc@dienluc.example"


def ask_office(by: Person, number: str = NUMBER, *asked: str) -> OfficeQuestion:
    """A question to the power company, whose mail is owed."""
    fields = {"name": "Điện lực Mẫu", "email": OFFICE_MAIL}
    office, _ = Office.objects.get_or_create(codename="dien-luc", defaults=fields)
    row = office_questions.build_question(number, office, *(asked or ("own",)), by=by.user)
    office_questions.store_question(row)
    return row


def answer_office(by: Person, answer: str = "no", number: str = NUMBER) -> OfficeQuestion:
    """A question that the power company's clerk has answered."""
    row = ask_office(by, number)
    assert office_questions.record_answer(row.pk, answer, "Đã hỏi tổng đài.")
    row.refresh_from_db()
    return row
