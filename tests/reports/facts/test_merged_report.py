"""A report with what was said later: what stands, and what adds up."""

import pytest
from pytest_django import DjangoAssertNumQueries

from core import encryption
from reports.facts import merged_report
from reports.facts.merged_report import Caller
from reports.models import Report
from reports.reference import gazetteer
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from tests.support.report_factories import report

pytestmark = pytest.mark.django_db


def say(subject: Report, **said: object) -> None:
    followups.submit_followup(
        subject, FollowupSubmission(**said), f"key-of-a-page-{subject.followups.count()}"
    )  # type: ignore[arg-type]


def test_the_latest_word_that_says_something_stands() -> None:
    subject = report(money_lost_raw="20 triệu", commune_raw="Hạc Thành")
    say(subject, money_lost_raw="30 triệu")
    say(subject, story="Họ gọi lại.")
    told = merged_report.merged_report(subject)
    assert told.money_lost_raw == "30 triệu"
    assert told.commune_raw == "Hạc Thành"
    assert told.followup_with_latest_place is None


def test_a_place_that_is_written_anew_replaces_the_old_one_whole() -> None:
    subject = report(commune_raw="Hạc Thành")
    say(subject, commune_raw="Lam Sn", flags=(gazetteer.UNKNOWN,))
    told = merged_report.merged_report(subject)
    assert (told.commune_raw, told.commune_id) == ("Lam Sn", None)
    assert told.followup_with_latest_place == told.followups[0]


def test_a_new_phrase_and_a_new_number_stand_before_the_old_ones() -> None:
    subject = report(contact="0550000111", phrase="bến Sung, 47")
    say(subject, phrase="hai cái bát")
    told = merged_report.merged_report(subject)
    assert encryption.decrypt_field(told, "phrase") == "hai cái bát"
    assert encryption.decrypt_field(told, "contact") == "0550000111"
    assert told.has_phrase
    assert told.has_contact


def test_callers_add_up_and_a_correction_begins_anew() -> None:
    subject = report(caller_number="0550000123")
    say(subject, legs=(Caller(number="0550000124"),))
    assert [leg.number for leg in merged_report.merged_report(subject).callers] == [
        "0550000123",
        "0550000124",
    ]
    say(subject, kind="correction", legs=(Caller(number="0550000125"),))
    assert [leg.number for leg in merged_report.merged_report(subject).callers] == ["0550000125"]


def test_what_was_corrected_remains_among_all_that_was_told() -> None:
    subject = report(caller_number="0550000123")
    say(subject, legs=(Caller(number="0550000124"),))
    say(subject, kind="correction", legs=(Caller(number="0550000125"),))
    assert [leg.number for leg in merged_report.merged_report(subject).all_followup_callers] == [
        "0550000124",
        "0550000125",
    ]


def test_an_answer_stands_in_nobodys_place() -> None:
    subject = report(caller_number="0550000123, 0550000124")
    say(subject, kind="answer", legs=(Caller(number="0550000124"),), accounts=("0987000111222",))
    told = merged_report.merged_report(subject)
    assert len(told.callers) == 2
    assert not told.is_caller_corrected


@pytest.mark.parametrize("kind", ["more", "answer", "correction"])
def test_accounts_and_links_add_up_whatever_follows(kind: str) -> None:
    subject = report()
    say(subject, accounts=("0987000111222",), links=("abc.example",))
    say(subject, kind=kind, accounts=("0987000111333",), links=("xyz.example",))
    told = merged_report.merged_report(subject)
    assert told.accounts == ("0987000111222", "0987000111333")
    assert told.links == ("abc.example", "xyz.example")


def test_a_correction_of_the_story_leaves_the_lists() -> None:
    subject = report()
    say(subject, accounts=("0987000111222",), links=("abc.example",))
    say(subject, kind="correction", story="Không phải hôm qua.")
    told = merged_report.merged_report(subject)
    assert (told.accounts, told.links) == (("0987000111222",), ("abc.example",))


def test_a_wish_to_withdraw_changes_nothing_that_was_told() -> None:
    subject = report(money_lost_raw="20 triệu")
    say(subject, kind="withdrawal", story="Thôi.")
    told = merged_report.merged_report(subject)
    assert told.money_lost_raw == "20 triệu"
    assert told.substantive_followups == ()


def test_a_whole_costs_one_statement_however_much_was_said(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    subject = report()
    for number in range(5):
        say(subject, story=f"Lần {number}: " + "x" * 10_000, contact="0550000111")
    with django_assert_num_queries(1):
        told = merged_report.merged_report(subject)
        assert told.has_contact
        assert [len(each.beginning) for each in told.followups] == [merged_report.SHOWN + 1] * 5  # type: ignore[attr-defined]


def test_of_very_many_additions_the_latest_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged_report, "MAX_COUNT", 2)
    subject = report()
    for sum_ in ("1 triệu", "2 triệu", "3 triệu"):
        say(subject, money_lost_raw=sum_)
    assert [each.money_lost_raw for each in merged_report.merged_report(subject).followups] == [
        "2 triệu",
        "3 triệu",
    ]
