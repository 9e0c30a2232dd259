"""Triage reads what was said later: it adds, makes nothing smaller, and never steps back."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.audit import events
from core.models import OutboxItem
from core.outbox import queue
from reports.extraction.language.scoring import is_remainder
from reports.facts.merged_report import Caller
from reports.models import CampaignLink, ExtractedFacts, Followup, Indicator, Report
from reports.tracking import followups
from reports.triage import report_triage
from tests.support.report_factories import add_followup, load_reading, process_triage, report

LOST = "Tôi đã chuyển khoản mất 35 triệu vào stk 0987000111222 rồi."
pytestmark = pytest.mark.django_db


def indicator_keys(subject: Report, source: str) -> set[tuple[str, str]]:
    rows = Indicator.objects.filter(report=subject, source=source)
    return {(each.kind, each.key) for each in rows}


def test_what_a_later_story_says_becomes_a_fact_with_its_reason() -> None:
    subject = report("Họ xưng công an, bắt chuyển tiền.")
    before = process_triage(subject)
    assert before.money_lost_vnd is None
    add_followup(subject, story=LOST)
    facts = process_triage(subject)
    assert facts.money_lost_vnd == 35_000_000
    assert facts.priority > before.priority
    reason = next(each for each in facts.reasons if each["fact"] == "money_lost_vnd")
    assert "báo thêm" in reason["rule"]
    assert "35 triệu" in reason["words"]
    assert (reason["start"], reason["end"]) == (None, None)
    for reason in facts.reasons:  # places count in the report's own story
        if reason["start"] is not None and not is_remainder(reason["rule"]):
            assert subject.story[reason["start"] : reason["end"]] == reason["words"]


@pytest.mark.parametrize(
    ("first", "later", "total"),
    [
        ({"money_lost_raw": "10 triệu"}, [{"story": "Tôi chuyển thêm 20 triệu nữa."}], 30),
        ({"money_lost_raw": "10 triệu"}, [{"money_lost_raw": "thêm 20 triệu nữa"}], 30),
        ({"story": LOST}, [{"money_lost_raw": "thêm 5tr"}], 40),
        ({"story": LOST}, [{"story": "them 5tr nua"}], 40),
        ({"story": LOST}, [{"story": "Tôi mất 1 triệu."}], 35),  # no story makes it smaller
        ({}, [{"money_lost_raw": "thêm 5 triệu"}], 5),
        ({"money_lost_raw": "1 triệu"}, [{"money_lost_raw": "2 triệu"}], 2),
        ({"money_lost_raw": "10 triệu"}, [{"money_lost_raw": "0", "story": "Không mất thêm."}], 0),
        ({"money_lost_raw": "10 triệu"},
         [{"story": "Tôi chuyển thêm 20 triệu nữa."}, {"money_lost_raw": "25 triệu"},
          {"money_lost_raw": "thêm 5 triệu"}], 30),
    ],
)  # fmt: skip
def test_a_further_sum_is_added_and_a_total_that_is_typed_stands_in_the_place_of_all_before(
    first: dict[str, Any], later: list[dict[str, Any]], total: int
) -> None:
    subject = report(**{"story": "Họ gọi.", **first})
    for fields in later:
        add_followup(subject, **fields)
    assert process_triage(subject).money_lost_vnd == total * 1_000_000


def test_a_further_sum_in_both_story_and_field_counts_once() -> None:
    subject = report("Họ gọi.", money_lost_raw="10 triệu")
    add_followup(subject, story="Tôi chuyển thêm 20 triệu nữa.", money_lost_raw="20 triệu")
    facts = process_triage(subject)
    assert facts.money_lost_vnd == 30_000_000
    reasons = [each for each in facts.reasons if each["fact"] == "money_lost_vnd"]
    assert any("20 triệu" in each["words"] and "báo thêm" in each["rule"] for each in reasons)


def test_callers_accounts_and_links_told_later_are_found() -> None:
    subject = report("Họ gọi.", caller_number="0550000123")
    add_followup(
        subject,
        callers=(Caller(number="0550 000 124"),),
        accounts=("0987 000 111 222 Vietcombank", "không nhớ"),
        links=("http://dichvucong-fake.example/xyz",),
    )
    process_triage(subject)
    assert indicator_keys(subject, "followup") == {
        ("number", "+84550000124"),
        ("account", "0987000111222"),
        ("account", ""),
        ("link", "dichvucong-fake.example/xyz"),
    }
    assert indicator_keys(subject, "caller") == {("number", "+84550000123")}


def test_an_answer_to_the_pages_own_question_removes_nothing() -> None:
    subject = report("Họ gọi.", caller_number="0550000123, 0550000124")
    add_followup(subject, accounts=("0987000111222",))
    add_followup(
        subject, kind="answer", callers=(Caller(number="0550000124"),), accounts=("0987000111333",)
    )
    process_triage(subject)
    typed = {("number", "+84550000123"), ("number", "+84550000124")}
    assert indicator_keys(subject, "caller") == typed
    assert indicator_keys(subject, "followup") == {
        ("number", "+84550000124"),
        ("account", "0987000111222"),
        ("account", "0987000111333"),
    }
    assert not Indicator.objects.filter(flags__contains=["corrected"]).exists()


def test_a_corrected_caller_still_ties_reports_together_and_is_marked() -> None:
    subject = report("Họ gọi.", caller_number="0550000123")
    add_followup(subject, callers=(Caller(number="0550000124"),))
    add_followup(subject, kind="correction", callers=(Caller(number="0550000125"),))
    process_triage(subject)
    marks = {each.key: "corrected" in each.flags for each in Indicator.objects.all()}
    assert marks == {"+84550000123": True, "+84550000124": True, "+84550000125": False}


def test_requests_to_withdraw_crowd_out_nothing_that_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = report("Họ gọi.")
    add_followup(subject, accounts=("0987000111222",))
    monkeypatch.setattr(followups, "MAX_WITHDRAWALS", 60)
    for number in range(51):
        add_followup(subject, kind="withdrawal", story=str(number))
    process_triage(subject)
    assert indicator_keys(subject, "followup") == {("account", "0987000111222")}


@pytest.mark.parametrize(
    ("other", "later"),
    [
        ({"story": "Họ bảo chuyển vào stk 0987000111222."}, {"accounts": ("0987000111222",)}),
        ({"caller_number": "0992000124"}, {"callers": (Caller(number="0992000124"),)}),
    ],
    ids=["account", "caller"],
)
@pytest.mark.parametrize("is_newer", [False, True])
def test_an_account_or_caller_told_later_ties_the_report_to_older_and_newer_ones(
    other: dict[str, Any], later: dict[str, Any], is_newer: bool
) -> None:
    subject, tied = report("Họ gọi.", caller_number="0550000123"), report(**other)
    process_triage(subject)
    if not is_newer:
        process_triage(tied)
    assert not CampaignLink.objects.exists()
    add_followup(subject, **later)
    process_triage(subject)
    if is_newer:
        process_triage(tied)
    assert set(CampaignLink.objects.values_list("report_id", flat=True)) == {subject.pk, tied.pk}


def test_a_reading_from_before_a_followup_changes_nothing_that_was_read_after() -> None:
    subject = report("Họ gọi.")
    early = report_triage.extract(*load_reading(subject))
    add_followup(subject, story=LOST, accounts=("0987000111222",))
    process_triage(subject)
    report_triage.write_and_link([early])
    assert ExtractedFacts.objects.get().money_lost_vnd == 35_000_000
    assert indicator_keys(subject, "followup") == {("account", "0987000111222")}


def test_what_was_said_later_is_found_by_the_desks_search() -> None:
    subject = report("Họ gọi.")
    add_followup(subject, story="Ở quán Bến Ngự.", callers=(Caller(name="Đại úy Không Ai"),))
    search = process_triage(subject).search_text
    assert "ben ngu" in search
    assert "dai uy khong ai" in search


def test_an_erased_followup_says_nothing() -> None:
    subject = report("Họ gọi.")
    add_followup(
        subject, story=LOST, callers=(Caller(number="0550000124"),), accounts=("0987000111222",)
    )
    assert process_triage(subject).money_lost_vnd == 35_000_000
    events.log_event("report", subject.pk, "erased")
    blank = dict.fromkeys(("story_sealed", "contact_sealed", "contact_index", "phrase_sealed"))
    Followup.objects.update(erased_at=timezone.now(), story="", callers=[], accounts=[], **blank)
    queue.enqueue("reports.triage", subject.pk)
    facts = process_triage(subject)
    assert (facts.money_lost_vnd, facts.followups_read) == (None, 1)
    assert not Indicator.objects.exists()


def test_a_report_without_followups_costs_no_statement_more() -> None:
    item = OutboxItem.objects.get(key=str(report("Họ gọi.").pk))
    with CaptureQueriesContext(connection) as queries:
        report_triage.process_items([item.pk])
    statements = [query["sql"] for query in queries if not query["sql"].startswith("PREPARE")]
    assert sum("EXECUTE read_report" in sql for sql in statements) == 1
    assert not [sql for sql in statements if "reports_followup" in sql]


def test_a_pasted_list_is_read_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_triage, "_MAX_INDICATORS", 10)
    subject = report("Họ gọi.")
    add_followup(subject, accounts=tuple(f"0987{number:09}" for number in range(50)))
    process_triage(subject)
    assert Indicator.objects.count() == 10
