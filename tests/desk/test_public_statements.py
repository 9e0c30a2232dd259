"""Sentences that an officer turns on for the public pages, and the banks' numbers."""

import re
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.http import HttpResponse

from core.audit import events
from core.models import Proposal
from reports.models import BankHotline, PublicStatement
from reports.reference import confirmed_statements
from reports.reference.confirmed_statements import BANK_HOTLINE, STATEMENT
from tests.support.desk_pages import words
from tests.support.officers import Person, confirm_open

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


def test_a_sentence_is_shown_and_hidden_by_two_on_record(lead: Person) -> None:
    assert save(lead, "no_fine", is_public="on").status_code == 303
    assert confirmed_statements.statements() == {}
    shown = confirm_open(STATEMENT)
    assert set(confirmed_statements.statements()) == {"no_fine"}
    save(lead, "no_fine")
    page = words(lead.client.get("/admin/core/proposal/"))
    assert f"{PublicStatement.objects.get(pk='no_fine')} cho hiện trên trang: không" in page
    assert set(confirmed_statements.statements()) == {"no_fine"}
    confirm_open(STATEMENT)
    assert confirmed_statements.statements() == {}
    confirmed, proposed = events.events_for("proposal", shown.pk)
    assert (proposed.actor, proposed.detail["now"]["is_public"]) == (lead.user, True)
    assert confirmed.actor == shown.decided_by


def test_while_a_proposal_waits_nobody_types_another(lead: Person) -> None:
    save(lead, "no_fine", is_public="on")
    page = lead.read_page(page_of("no_fine"))
    assert "đang có một đề nghị chờ xác nhận" in page
    assert 'name="_save"' not in page
    confirm_open(STATEMENT)
    assert 'name="_save"' in lead.read_page(page_of("no_fine"))


def test_a_change_of_what_is_shown_is_confirmed_anew(lead: Person) -> None:
    save(lead, "first_review", is_public="on")
    confirm_open(STATEMENT)
    save(lead, "first_review", is_public="on", amount="48")
    assert confirmed_statements.statements()["first_review"].amount == 24
    confirm_open(STATEMENT)
    assert confirmed_statements.statements()["first_review"].amount == 48


@pytest.mark.parametrize(
    ("codename", "typed"),
    [
        ("first_review", {"text": "Dự kiến sớm."}),
        ("first_review", {"text_en": "Expected before {when}."}),
        ("first_review", {"amount": ""}),
        ("first_review", {"amount": "0"}),
        ("no_fine", {"text": "Cúp máy {x}."}),
        ("no_fine", {"text": "Cúp máy {"}),
        ("no_fine", {"text": ""}),
    ],
)
def test_a_sentence_that_a_page_could_not_fill_in_is_given_back(
    lead: Person, codename: str, typed: dict[str, str]
) -> None:
    assert save(lead, codename, is_public="on", **typed).status_code == 200
    assert not Proposal.objects.exists()


def test_the_list_says_what_is_on_the_pages(lead: Person) -> None:
    PublicStatement.objects.filter(pk="no_fine").update(is_public=True)
    page = words(lead.client.get("/admin/reports/publicstatement/"))
    assert page.count("Đang hiện") == 1
    assert page.count("Chưa hiện") == PublicStatement.objects.count() - 1


@pytest.mark.parametrize("path", ["/dang-bi-goi/", "/rieng-tu/", "/en/rieng-tu/"])
def test_the_page_says_when_the_others_follow(lead: Person, path: str) -> None:
    assert "trong vòng hai phút" in words(lead.client.get(page_of("no_fine")))
    kept = re.search(r"max-age=(\d+)", lead.client.get(path)["Cache-Control"])
    assert kept
    assert int(kept[1]) <= 60


def test_a_banks_number_is_shown_with_its_day_until_it_is_removed(lead: Person) -> None:
    assert lead.client.post(f"{BANKS}add/", BANK).status_code == 303
    assert confirmed_statements.bank_hotlines() == ()
    confirm_open(BANK_HOTLINE)
    (line,) = confirmed_statements.bank_hotlines()
    assert (line.number, line.verified_on) == ("1900 000 111", date(2026, 11, 5))
    wrong = {"post": "yes", "reason": "đã đổi"}
    assert lead.client.post(f"{BANKS}{line.pk}/delete/", wrong).status_code == 303
    assert confirmed_statements.bank_hotlines() == ()


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
def test_what_nobody_could_dial_or_compare_is_told(lead: Person, typed: dict[str, str]) -> None:
    assert lead.client.post(f"{BANKS}add/", BANK | typed).status_code == 200
    assert not BankHotline.objects.exists()
