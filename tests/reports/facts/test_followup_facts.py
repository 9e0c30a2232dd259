"""Triage reads what was said later: it adds, makes nothing smaller, and never steps back."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.audit import events
from core.models import OutboxItem
from core.outbox import queue
from reports.extraction.language.explanations import is_remainder
from reports.facts.merged_report import Caller
from reports.models import CampaignLink, ExtractedFacts, Followup, Indicator, Report
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from reports.triage import service
from tests.support.report_factories import report

LOST = "Tôi đã chuyển khoản mất 35 triệu vào stk 0987000111222 rồi."
pytestmark = pytest.mark.django_db


def say(subject: Report, **said: Any) -> None:
    followups.submit_followup(
        subject, FollowupSubmission(**said), f"key-of-a-page-{subject.followups.count()}"
    )


def triage_report(subject: Report) -> ExtractedFacts:
    """The facts once all that is owed has been worked off."""
    owed = OutboxItem.objects.filter(key=str(subject.pk), done_at=None).order_by("id")
    service.process_items([item.pk for item in owed])
    return ExtractedFacts.objects.get(report=subject)


def named(subject: Report, place: str) -> set[tuple[str, str]]:
    found = Indicator.objects.filter(report=subject, place=place)
    return {(each.kind, each.key) for each in found}


def test_what_a_later_story_says_becomes_a_fact_with_its_reason() -> None:
    subject = report("Họ gọi hai lần.")
    before = triage_report(subject)
    assert before.money_lost_vnd is None
    say(subject, story=LOST)
    facts = triage_report(subject)
    assert facts.money_lost_vnd == 35_000_000
    assert facts.priority > before.priority
    reason = next(each for each in facts.reasons if each["fact"] == "money_lost_vnd")
    assert "báo thêm" in reason["rule"]
    assert "35 triệu" in reason["words"]
    assert (reason["start"], reason["end"]) == (None, None)


def test_places_of_reasons_count_in_the_reports_own_story() -> None:
    subject = report("Họ xưng công an, bắt chuyển tiền.")
    say(subject, story=LOST)
    for reason in triage_report(subject).reasons:
        if reason["start"] is not None and not is_remainder(reason["rule"]):
            assert subject.story[reason["start"] : reason["end"]] == reason["words"]


def test_a_later_story_makes_nothing_smaller() -> None:
    subject = report(LOST)
    say(subject, story="Tôi mất 1 triệu.")
    assert triage_report(subject).money_lost_vnd == 35_000_000


def test_the_latest_sum_of_the_form_is_the_one_that_is_declared() -> None:
    subject = report("Họ gọi.", money_lost_raw="1 triệu")
    say(subject, money_lost_raw="2 triệu")
    assert triage_report(subject).money_lost_vnd == 2_000_000


@pytest.mark.parametrize(
    ("first", "said", "total"),
    [
        ({"money_lost_raw": "10 triệu"}, {"story": "Tôi chuyển thêm 20 triệu nữa."}, 30),
        ({"money_lost_raw": "10 triệu"}, {"money_lost_raw": "thêm 20 triệu nữa"}, 30),
        ({"story": LOST}, {"money_lost_raw": "thêm 5tr"}, 40),
        ({"story": LOST}, {"story": "them 5tr nua"}, 40),
        ({}, {"money_lost_raw": "thêm 5 triệu"}, 5),
        ({"money_lost_raw": "10 triệu"}, {"money_lost_raw": "0", "story": "Không mất thêm."}, 0),
    ],
)
def test_a_further_sum_is_added_to_what_was_lost_before(
    first: dict[str, Any], said: dict[str, Any], total: int
) -> None:
    subject = report(**{"story": "Họ gọi.", **first})
    say(subject, **said)
    assert triage_report(subject).money_lost_vnd == total * 1_000_000


def test_a_further_sum_in_both_story_and_field_counts_once() -> None:
    subject = report("Họ gọi.", money_lost_raw="10 triệu")
    say(subject, story="Tôi chuyển thêm 20 triệu nữa.", money_lost_raw="20 triệu")
    facts = triage_report(subject)
    assert facts.money_lost_vnd == 30_000_000
    reasons = [each for each in facts.reasons if each["fact"] == "money_lost_vnd"]
    assert any("20 triệu" in each["words"] and "báo thêm" in each["rule"] for each in reasons)


def test_a_total_that_is_typed_after_further_sums_stands_in_their_place() -> None:
    subject = report("Họ gọi.", money_lost_raw="10 triệu")
    say(subject, story="Tôi chuyển thêm 20 triệu nữa.")
    say(subject, money_lost_raw="25 triệu")
    assert triage_report(subject).money_lost_vnd == 25_000_000
    say(subject, money_lost_raw="thêm 5 triệu")
    assert triage_report(subject).money_lost_vnd == 30_000_000


def test_callers_accounts_and_links_told_later_are_found() -> None:
    subject = report("Họ gọi.", caller_number="0550000123")
    say(
        subject,
        legs=(Caller(number="0550 000 124"),),
        accounts=("0987 000 111 222 Vietcombank", "không nhớ"),
        links=("http://dichvucong-fake.example/xyz",),
    )
    triage_report(subject)
    assert named(subject, "later") == {
        ("number", "+84550000124"),
        ("account", "0987000111222"),
        ("account", ""),
        ("link", "dichvucong-fake.example/xyz"),
    }
    assert named(subject, "caller") == {("number", "+84550000123")}


def test_an_answer_to_the_pages_own_question_removes_nothing() -> None:
    subject = report("Họ gọi.", caller_number="0550000123, 0550000124")
    say(subject, accounts=("0987000111222",))
    say(subject, kind="answer", legs=(Caller(number="0550000124"),), accounts=("0987000111333",))
    triage_report(subject)
    assert named(subject, "caller") == {("number", "+84550000123"), ("number", "+84550000124")}
    assert named(subject, "later") == {
        ("number", "+84550000124"),
        ("account", "0987000111222"),
        ("account", "0987000111333"),
    }
    assert not Indicator.objects.filter(flags__contains=["corrected"]).exists()


def test_a_corrected_caller_still_ties_reports_together_and_is_marked() -> None:
    subject = report("Họ gọi.", caller_number="0550000123")
    say(subject, legs=(Caller(number="0550000124"),))
    say(subject, kind="correction", legs=(Caller(number="0550000125"),))
    triage_report(subject)
    marks = {each.key: "corrected" in each.flags for each in Indicator.objects.all()}
    assert marks == {"+84550000123": True, "+84550000124": True, "+84550000125": False}


def test_wishes_to_withdraw_crowd_out_nothing_that_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = report("Họ gọi.")
    say(subject, accounts=("0987000111222",))
    monkeypatch.setattr(followups, "MAX_WISHES", 60)
    for number in range(51):
        say(subject, kind="withdrawal", story=str(number))
    triage_report(subject)
    assert named(subject, "later") == {("account", "0987000111222")}


def test_an_account_told_later_ties_the_report_to_others() -> None:
    first, second = report("Họ bảo chuyển vào stk 0987000111222."), report("Họ gọi.")
    triage_report(first)
    triage_report(second)
    assert not CampaignLink.objects.exists()
    say(second, accounts=("0987000111222",))
    triage_report(second)
    assert set(CampaignLink.objects.values_list("report_id", flat=True)) == {first.pk, second.pk}


def test_a_caller_told_later_ties_a_newer_report_to_this_one() -> None:
    first, second = (
        report("Họ gọi.", caller_number="0550000123"),
        report("x", caller_number="0992000124"),
    )
    say(first, legs=(Caller(number="0992000124"),))
    triage_report(first)
    triage_report(second)
    assert set(CampaignLink.objects.values_list("report_id", flat=True)) == {first.pk, second.pk}


def test_a_reading_from_before_an_addition_changes_nothing_that_was_read_after() -> None:
    subject = report("Họ gọi.")
    early = service.extract(*service._report(str(subject.pk)))
    say(subject, story=LOST, accounts=("0987000111222",))
    triage_report(subject)
    service._write(early)
    assert ExtractedFacts.objects.get().money_lost_vnd == 35_000_000
    assert named(subject, "later") == {("account", "0987000111222")}


def test_what_was_said_later_is_found_by_the_desks_search() -> None:
    subject = report("Họ gọi.")
    say(subject, story="Ở quán Bến Ngự.", legs=(Caller(name="Đại úy Không Ai"),))
    search = triage_report(subject).search_text
    assert "ben ngu" in search
    assert "dai uy khong ai" in search


def test_an_erased_addition_says_nothing() -> None:
    subject = report("Họ gọi.")
    say(subject, story=LOST, legs=(Caller(number="0550000124"),), accounts=("0987000111222",))
    assert triage_report(subject).money_lost_vnd == 35_000_000
    events.log_event("report", subject.pk, "erased")
    blank = dict.fromkeys(("story_sealed", "contact_sealed", "contact_index", "phrase_sealed"))
    Followup.objects.update(erased_at=timezone.now(), story="", callers=[], accounts=[], **blank)
    queue.enqueue("reports.triage", subject.pk)
    facts = triage_report(subject)
    assert (facts.money_lost_vnd, facts.followups_read) == (None, 1)
    assert not Indicator.objects.exists()


def test_a_report_without_additions_costs_no_statement_more() -> None:
    item = OutboxItem.objects.get(key=str(report("Họ gọi.").pk))
    with CaptureQueriesContext(connection) as queries:
        service.process_items([item.pk])
    asked = [query["sql"] for query in queries if not query["sql"].startswith("PREPARE")]
    assert sum("EXECUTE read_report" in sql for sql in asked) == 1
    assert not [sql for sql in asked if "reports_followup" in sql]


def test_a_pasted_list_is_read_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_MAX_INDICATORS", 10)
    subject = report("Họ gọi.")
    say(subject, accounts=tuple(f"0987{number:09}" for number in range(50)))
    triage_report(subject)
    assert Indicator.objects.count() == 10
