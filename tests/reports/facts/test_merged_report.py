"""A report with what was said later: what stands, and what adds up."""

import pytest
from pytest_django import DjangoAssertNumQueries

from core import encryption
from reports.facts import merged_report as module
from reports.facts.merged_report import Caller, merged_report
from reports.reference import gazetteer
from tests.support.report_factories import add_followup, report

pytestmark = pytest.mark.django_db


def numbers(callers: tuple[Caller, ...]) -> list[str]:
    return [caller.number for caller in callers]


def test_the_latest_word_that_says_something_stands_and_a_withdrawal_says_nothing() -> None:
    subject = report(money_lost_raw="20 triệu", commune_raw="Hạc Thành")
    add_followup(subject, money_lost_raw="30 triệu")
    add_followup(subject, story="Họ gọi lại.")
    add_followup(subject, kind="withdrawal", story="Thôi.")
    merged = merged_report(subject)
    assert merged.money_lost_raw == "30 triệu"
    assert merged.commune_raw == "Hạc Thành"
    assert merged.followup_with_latest_place is None
    assert [each.kind for each in merged.substantive_followups] == ["more", "more"]


def test_a_place_that_is_written_anew_replaces_the_old_one_whole() -> None:
    subject = report(commune_raw="Hạc Thành")
    add_followup(subject, commune_raw="Lam Sn", flags=(gazetteer.UNKNOWN,))
    merged = merged_report(subject)
    assert (merged.commune_raw, merged.commune_id) == ("Lam Sn", None)
    assert merged.followup_with_latest_place == merged.followups[0]


def test_a_new_phrase_and_a_new_number_stand_before_the_old_ones() -> None:
    subject = report(contact="0550000111", phrase="bến Sung, 47")
    add_followup(subject, phrase="hai cái bát")
    merged = merged_report(subject)
    assert encryption.decrypt_field(merged, "phrase") == "hai cái bát"
    assert encryption.decrypt_field(merged, "contact") == "0550000111"
    assert merged.has_phrase
    assert merged.has_contact


def test_callers_add_up_and_a_correction_begins_anew_beside_all_that_was_told() -> None:
    subject = report(caller_number="0550000123")
    add_followup(subject, callers=(Caller(number="0550000124"),))
    assert numbers(merged_report(subject).callers) == ["0550000123", "0550000124"]
    add_followup(subject, kind="correction", callers=(Caller(number="0550000125"),))
    merged = merged_report(subject)
    assert numbers(merged.callers) == ["0550000125"]
    assert numbers(merged.followup_callers_with_corrected) == ["0550000124", "0550000125"]


def test_an_answer_stands_in_nobodys_place() -> None:
    subject = report(caller_number="0550000123, 0550000124")
    add_followup(
        subject, kind="answer", callers=(Caller(number="0550000124"),), accounts=("0987000111222",)
    )
    merged = merged_report(subject)
    assert len(merged.callers) == 2
    assert not merged.is_caller_corrected


@pytest.mark.parametrize("kind", ["more", "answer", "correction"])
def test_accounts_and_links_add_up_whatever_follows(kind: str) -> None:
    subject = report()
    add_followup(subject, accounts=("0987000111222",), links=("abc.example",))
    add_followup(subject, kind="correction", story="Không phải hôm qua.")
    merged = merged_report(subject)
    assert (merged.accounts, merged.links) == (("0987000111222",), ("abc.example",))
    add_followup(subject, kind=kind, accounts=("0987000111333",), links=("xyz.example",))
    merged = merged_report(subject)
    assert merged.accounts == ("0987000111222", "0987000111333")
    assert merged.links == ("abc.example", "xyz.example")


def test_a_whole_costs_one_statement_however_much_was_said(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    subject = report()
    for number in range(5):
        add_followup(subject, story=f"Lần {number}: " + "x" * 10_000, contact="0550000111")
    with django_assert_num_queries(1):
        merged = merged_report(subject)
        assert merged.has_contact
        assert [len(each.beginning) for each in merged.followups] == [module.SHOWN + 1] * 5  # type: ignore[attr-defined]


def test_of_very_many_followups_the_latest_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_COUNT", 2)
    subject = report()
    for sum_ in ("1 triệu", "2 triệu", "3 triệu"):
        add_followup(subject, money_lost_raw=sum_)
    latest = merged_report(subject).followups
    assert [each.money_lost_raw for each in latest] == ["2 triệu", "3 triệu"]
