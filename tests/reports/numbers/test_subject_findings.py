"""Findings on accounts and links, and disputes about them: the same two people, the same ageing."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.errors import ActionError
from reports.models import Case, Indicator, NumberFinding, Report
from reports.numbers import disputes, findings, report_counts, subjects
from reports.numbers.subjects import SubjectVerdict
from tests.support.desk_pages import page_of, words
from tests.support.number_factories import (
    DISPUTES,
    NO_FINDING_TODAY,
    NUMBERS,
    add_finding,
    file_report,
    fill_indicators,
    proposed,
    submit_dispute,
)
from tests.support.number_lookup_page import RANGE, hash_of
from tests.support.officers import Person, act_alone

ACCOUNT, LINK = "Vietcombank 0992000456789", "https://nhai.example/nop-phat"
KEYS = {ACCOUNT: "0992000456789", LINK: "nhai.example/nop-phat"}
SUBJECTS = pytest.mark.parametrize("typed", [ACCOUNT, LINK])
pytestmark = pytest.mark.django_db


def look_up(typed: str) -> SubjectVerdict:
    subject = subjects.find_account_or_link(typed)
    assert subject
    return subjects.lookup_subject(subject)


def file_naming(typed: str, person: int, status: str = "crime_report", bank: str = "") -> Report:
    """File a report of one more person that names an account or a link, as an officer has judged it."""
    subject = file_report(person, key=f"+8499200{person:04}")
    kind = "account" if typed == ACCOUNT else "link"
    Indicator.objects.create(
        report=subject, kind=kind, source="story", raw=typed, key=KEYS[typed], bank=bank
    )
    Case.objects.filter(report=subject).update(status=status)
    return subject


# --- findings


@SUBJECTS
def test_two_officers_make_a_finding_public_and_two_take_it_back(
    typed: str, duty: Person, lead: Person
) -> None:
    act_alone()
    row = proposed(duty, number=typed)
    assert look_up(typed).kind == "unknown"
    with pytest.raises(ActionError, match="không tự xác nhận"):
        findings.confirm(proposed(lead, number="0550000999").pk, by=lead.user)
    findings.confirm(row.pk, by=lead.user)
    assert look_up(typed).kind == "confirmed"
    assert findings.withdraw(row.pk, "Nhầm", by=lead.user)
    assert look_up(typed).kind == "confirmed"


@NO_FINDING_TODAY
def test_what_is_no_finding_today_is_not_said(fields: dict[str, object]) -> None:
    add_finding(kind="account", key=KEYS[ACCOUNT], bank="Vietcombank", **fields)
    assert look_up(ACCOUNT).kind == "unknown"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("0992000456789", "tên ngân hàng"),
        ("9704 2292 1234 5678", "số thẻ"),
        ("https://dichvucong.gov.vn/nop", "nơi thật"),
        ("bidv.com.vn", "nơi thật"),
        ("https://facebook.com", "dùng chung"),
        ("https://bit.ly/" + "a" * 300, "dài quá"),
    ],
)
def test_what_speaks_against_a_proposal_is_said(duty: Person, typed: str, why: str) -> None:
    with pytest.raises(ActionError, match=why):
        proposed(duty, number=typed)
    assert not NumberFinding.objects.exists()


def test_a_finding_on_a_link_is_about_its_host_and_the_names_below_it(duty: Person) -> None:
    row = proposed(duty, number=LINK)
    assert (row.kind, row.key, row.number) == ("link", "nhai.example", "nhai.example")
    with pytest.raises(ActionError, match="Đã có một ghi nhận"):
        proposed(duty, number="nhai.example/khac")
    NumberFinding.objects.all().delete()
    add_finding(kind="link", key="nhai.example")
    assert look_up("https://dang-nhap.nhai.example/x").kind == "confirmed"
    assert look_up("https://khong-nhai.example/x").kind == "unknown"


def test_the_same_digits_at_another_bank_are_another_account() -> None:
    add_finding(kind="account", key=KEYS[ACCOUNT], bank="Vietcombank")
    assert look_up("BIDV 0992000456789").kind == "unknown"
    assert look_up("0992000456789").accused == ACCOUNT


def test_an_address_of_the_state_is_never_accused_by_reports() -> None:
    for person in range(2):
        report = file_naming(LINK, person)
        Indicator.objects.filter(report=report, kind="link").update(key="dichvucong.gov.vn")
    assert look_up("dichvucong.gov.vn").kind == "state"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("vietcombank.com.vn/dang-nhap", "unknown"),
        ("congan.com.vn", "unknown"),
        ("zalo.me", "unknown"),
        ("zalo.me/g/nhai", "several"),
    ],
)
def test_a_genuine_page_or_one_of_many_is_not_accused_by_those_who_were_lured_by_its_name(
    key: str, kind: str
) -> None:
    for person in range(2):
        report = file_naming(LINK, person)
        Indicator.objects.filter(report=report, kind="link").update(key=key)
    verdict = look_up(f"https://{key}")
    assert (verdict.kind, bool(verdict.report_summary.people)) == (kind, kind == "several")


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("dichvucong-th.top", "imitation"),
        ("vietcombank-vn.vip", "imitation"),
        ("mua-re.top", "unknown"),
    ],
)
def test_a_link_shows_by_itself_what_it_imitates(typed: str, kind: str) -> None:
    verdict = look_up(typed)
    assert verdict.kind == kind
    assert verdict.notes


def test_an_owner_who_was_cleared_imitates_nobody() -> None:
    add_finding(kind="link", key="congan-giay.top", finding="cleared")
    assert look_up("congan-giay.top").kind == "unknown"


# --- reports


@SUBJECTS
def test_reports_count_from_two_unrelated_people_whom_officers_believed_and_for_sixty_days(
    typed: str,
) -> None:
    file_naming(typed, 0), file_naming(typed, 1, "in_review")
    assert look_up(typed).kind == "unknown"
    file_naming(typed, 2)
    assert (look_up(typed).kind, look_up(typed).report_summary.people) == ("several", 2)
    with time_machine.travel(timezone.now() + timedelta(days=report_counts.DAYS + 1)):
        assert look_up(typed).kind == "unknown"


def test_reports_of_another_banks_account_do_not_count() -> None:
    file_naming(ACCOUNT, 0, bank="BIDV"), file_naming(ACCOUNT, 1, bank="Vietcombank")
    assert look_up(ACCOUNT).kind == "unknown"


def test_a_look_up_takes_three_statements_and_among_thousands_one_index_scan() -> None:
    fill_indicators("account", "story", "992{}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reports_report, reports_indicator, reports_case")
    with CaptureQueriesContext(connection) as seen:
        look_up(ACCOUNT)
    assert len(seen) == 3
    [counting] = [q["sql"] for q in seen if 'FROM "reports_indicator"' in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {counting}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert plan.count("indicator_key") == 1
    assert "Seq Scan on reports_indicator" not in plan


# --- disputes


@SUBJECTS
def test_an_upheld_dispute_takes_the_finding_back_and_forgets_what_was_told(
    typed: str, duty: Person, lead: Person
) -> None:
    act_alone()
    file_naming(typed, 0), file_naming(typed, 1)
    findings.confirm(proposed(duty, number=typed).pk, by=lead.user)
    dispute = submit_dispute(typed)
    disputes.answer(dispute.pk, upheld=True, text="Đã kiểm tra.", by=duty.user)
    assert look_up(typed).kind == "confirmed"
    disputes.confirm_clearing(dispute.pk, by=lead.user)
    assert look_up(typed).kind == "unknown"


def test_a_dispute_about_another_banks_account_clears_nothing(duty: Person, lead: Person) -> None:
    add_finding(kind="account", key=KEYS[ACCOUNT], bank="Vietcombank")
    dispute = submit_dispute("BIDV 0992000456789")
    disputes.answer(dispute.pk, upheld=True, text="Được.", by=duty.user)
    disputes.confirm_clearing(dispute.pk, by=lead.user)
    assert look_up(ACCOUNT).kind == "confirmed"


# --- for programs


@pytest.mark.parametrize(
    ("kind", "fields", "thing"),
    [
        ("account", {"key": KEYS[ACCOUNT], "bank": "Vietcombank"}, "Vietcombank:0992000456789"),
        ("link", {"key": "nhai.example"}, "nhai.example"),
    ],
)
def test_programs_find_an_account_and_a_link_by_hash(
    client: Client, kind: str, fields: dict[str, str], thing: str
) -> None:
    add_finding(kind=kind, **fields)
    listed = client.get(RANGE + hash_of(thing, kind)[:4]).json()["entries"]
    assert hash_of(thing, kind) in {entry["hash"] for entry in listed}
    assert hash_of(fields["key"], "number") not in {entry["hash"] for entry in listed}


# --- the desk


@SUBJECTS
def test_a_report_leads_to_a_proposal_of_what_it_names(typed: str, duty: Person) -> None:
    report = file_naming(typed, 0, bank="Vietcombank" if typed == ACCOUNT else "")
    row = report.indicators.get(key=KEYS[typed])
    address = f"{NUMBERS}add/?indicator={row.pk}"
    assert address in duty.read_page(page_of(report))
    value = ACCOUNT if typed == ACCOUNT else KEYS[LINK]
    assert f'value="{value}"' in duty.read_page(address)


def test_the_list_shows_kinds_and_finds_by_account_and_link(duty: Person) -> None:
    for typed in (ACCOUNT, LINK, "0550000123"):
        proposed(duty, number=typed)
    page = words(duty.client.get(NUMBERS))
    assert "nhai[.]example" in page
    for asked in ("0992 000 456 789", "nhai.example", "https://nhai.example/khac"):
        page = words(duty.client.get(NUMBERS, {"q": asked}))
        assert "1 ghi nhận" in page
        assert "0550000123" not in page


def test_the_dispute_page_says_what_is_told_of_an_account(duty: Person, lead: Person) -> None:
    findings.confirm(proposed(duty, number=ACCOUNT).pk, by=lead.user)
    dispute = submit_dispute(ACCOUNT)
    page = words(duty.client.get(f"{DISPUTES}{dispute.pk}/change/"))
    assert "Trang kiểm tra đang nói: kẻ gian đã dùng, xác nhận" in page
    assert "Trả lời người đề nghị (họ đọc bằng mã)" in page
    assert dispute.public_number in words(duty.client.get(DISPUTES, {"q": "0992000456789"}))
