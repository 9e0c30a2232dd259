"""Sentences that an officer turns on for the public pages, and the banks' numbers."""

import re
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpResponse

from core.audit import events
from reports.models import BankHotline, PublicStatement, PublishedNumberChange
from reports.numbers import official_numbers
from reports.reference import confirmed_statements
from tests.support.desk_pages import words
from tests.support.officers import Person, second

pytestmark = pytest.mark.django_db

BANKS = "/admin/reports/bankhotline/"
BANK = {
    "name": "Ngân hàng A", "number": "1900 000 111", "source": "mặt sau thẻ",
    "verified_on": "05/11/2026",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _sentences(db: None) -> None:
    call_command("setup_desk", verbosity=0)


def page_of(codename: str) -> str:
    return f"/admin/reports/publicstatement/{codename}/change/"


def save(person: Person, codename: str, **typed: Any) -> HttpResponse:
    """Press save on a sentence's page; `is_public="on"` ticks the box."""
    row = PublicStatement.objects.get(pk=codename)
    data = {"text": row.text, "text_en": row.text_en, "amount": row.amount or ""} | typed
    return person.client.post(page_of(codename), data)  # type: ignore[return-value]


def test_who_turns_a_sentence_on_stands_for_it_on_record(lead: Person) -> None:
    assert save(lead, "no_fine", is_public="on").status_code == 302
    row = PublicStatement.objects.get(pk="no_fine")
    assert (row.is_public, row.confirmed_by) == (True, lead.user)
    assert row.confirmed_at
    event = events.events_for("statement", "no_fine").get()
    assert (event.kind, event.actor, event.detail["text"]) == (
        "statement_shown",
        lead.user,
        row.text,
    )
    assert set(confirmed_statements.statements()) == {"no_fine"}


def test_a_sentence_that_is_turned_off_is_gone_and_on_record(lead: Person) -> None:
    save(lead, "no_fine", is_public="on")
    save(lead, "no_fine")
    assert confirmed_statements.statements() == {}
    kinds = [event.kind for event in events.events_for("statement", "no_fine")]
    assert kinds == ["statement_hidden", "statement_shown"]


def test_a_change_of_what_is_shown_is_confirmed_anew(lead: Person) -> None:
    save(lead, "first_look", is_public="on")
    save(lead, "first_look", is_public="on", amount="48")
    said = confirmed_statements.statements()["first_look"]
    assert said.amount == 48
    assert events.events_for("statement", "first_look").count() == 2


@pytest.mark.parametrize(
    ("codename", "typed"),
    [
        ("first_look", {"text": "Dự kiến sớm."}),
        ("first_look", {"text_en": "Expected before {when}."}),
        ("first_look", {"amount": ""}),
        ("first_look", {"amount": "0"}),
        ("no_fine", {"text": "Cúp máy {x}."}),
        ("no_fine", {"text": "Cúp máy {"}),
        ("no_fine", {"text": ""}),
    ],
)
def test_a_sentence_that_a_page_could_not_fill_in_is_given_back(
    lead: Person, codename: str, typed: dict[str, str]
) -> None:
    assert save(lead, codename, is_public="on", **typed).status_code == 200
    assert not PublicStatement.objects.get(pk=codename).is_public


def test_the_list_says_what_is_on_the_pages(lead: Person) -> None:
    save(lead, "no_fine", is_public="on")
    page = words(lead.client.get("/admin/reports/publicstatement/"))
    assert page.count("Đang hiện") == 1
    assert page.count("Chưa hiện") == PublicStatement.objects.count() - 1


@pytest.mark.parametrize("path", ["/dang-bi-goi/", "/rieng-tu/", "/en/rieng-tu/"])
def test_the_page_says_when_the_others_follow(lead: Person, path: str) -> None:
    assert "trong vòng hai phút" in words(lead.client.get(page_of("no_fine")))
    kept = re.search(r"max-age=(\d+)", lead.client.get(path)["Cache-Control"])
    assert kept
    assert int(kept[1]) <= 60


def test_the_duty_officer_reads_and_changes_nothing(duty: Person) -> None:
    assert duty.client.get(page_of("no_fine")).status_code == 200
    assert save(duty, "no_fine", is_public="on").status_code == 403
    assert not PublicStatement.objects.get(pk="no_fine").is_public


def test_nobody_adds_or_removes_a_sentence(lead: Person) -> None:
    assert lead.client.get("/admin/reports/publicstatement/add/").status_code == 403
    assert lead.client.post("/admin/reports/publicstatement/no_fine/delete/").status_code == 403


def test_a_banks_number_is_kept_with_the_day_it_was_compared(lead: Person) -> None:
    assert lead.client.post(f"{BANKS}add/", BANK).status_code == 303
    assert confirmed_statements.bank_hotlines() == ()
    change = official_numbers.confirm(PublishedNumberChange.objects.get().pk, by=second())
    line = confirmed_statements.bank_hotlines()[0]
    assert (line.number, line.verified_on) == ("1900 000 111", date(2026, 11, 5))
    kinds = [event.kind for event in events.events_for("published", change.pk)]
    assert kinds == ["published_confirmed", "published_proposed"]


@pytest.mark.parametrize(
    "typed",
    [
        {"number": "gọi chi nhánh"},
        {"number": "ke-gian.example"},
        {"verified_on": "31/12/2999"},
        {"verified_on": "hôm qua"},
        {"source": ""},
    ],
)
def test_what_nobody_could_dial_or_has_compared_is_given_back(
    lead: Person, typed: dict[str, str]
) -> None:
    assert lead.client.post(f"{BANKS}add/", BANK | typed).status_code == 200
    assert not BankHotline.objects.exists()


def test_a_number_that_is_removed_is_gone_from_the_pages(lead: Person) -> None:
    lead.client.post(f"{BANKS}add/", BANK)
    official_numbers.confirm(PublishedNumberChange.objects.get().pk, by=second())
    line = confirmed_statements.bank_hotlines()[0]
    assert lead.client.post(f"{BANKS}{line.pk}/delete/", {"post": "yes"}).status_code == 303
    assert confirmed_statements.bank_hotlines() == (line,)
    official_numbers.confirm(PublishedNumberChange.objects.get(outcome="").pk, by=second())
    assert confirmed_statements.bank_hotlines() == ()


def test_the_duty_officer_keeps_no_bank(duty: Person) -> None:
    assert duty.client.post(f"{BANKS}add/", BANK).status_code == 403
