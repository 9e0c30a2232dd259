"""Accounts, links and the time of a call on the report's first page: typed evidence; no card is kept."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from core import encryption
from core.form_data import Fields
from reports.extraction.bank_accounts_and_links import mask_cards
from reports.extraction.redaction import CARD_MASK
from reports.models import Followup, Report
from reports.submission import intake
from reports.submission.call_details import MAX_LINES, CallDetailsParser
from reports.submission.form_parser import ReportFormParser
from tests.support import report_factories
from tests.support.cpu_time import assert_cpu_time_below
from tests.support.resident_pages import RECEIPT, Resident, create_resident, send, value, words

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"  # a card maker's example
ACCOUNT, LINK = "1903 1234 567 890 Techcombank", "https://vi-du.example/nop-phat"


def everything_kept(report: Report) -> str:
    values = [getattr(report, field.attname) for field in Report._meta.fields]
    texts = [str(value) for value in values if not isinstance(value, memoryview)]  # an address
    return " ".join([*texts, encryption.decrypt_field(report, "story") or ""])


def test_an_account_and_a_link_are_evidence_of_their_own_beside_the_story(client: Client) -> None:
    send(client, story="Họ gọi.", accounts=ACCOUNT, links=LINK, called_time="9 giờ sáng")
    report = Report.objects.get()
    assert (report.story, report.accounts, report.links) == ("Họ gọi.", [ACCOUNT], [LINK])
    assert report.called_on_raw == "9 giờ sáng"
    report_factories.read_all(report)
    named = report.indicators.values_list("kind", "source", "key", "bank")
    assert set(named) == {
        ("account", "form", "19031234567890", "Techcombank"),
        ("link", "form", "vi-du.example/nop-phat", ""),
    }


@pytest.mark.parametrize("typed", [{"accounts": ACCOUNT}, {"links": LINK}])
def test_an_account_or_a_link_alone_is_a_report(client: Client, typed: dict[str, Any]) -> None:
    assert send(client, **typed).status_code == 303
    assert Report.objects.exists()


@pytest.mark.parametrize("called", ["today", "yesterday"])
def test_the_day_of_a_call_is_counted_from_the_day_of_the_report(
    client: Client, called: str
) -> None:
    with time_machine.travel("2026-06-02 02:00:00+07:00", tick=False):
        send(client, story="Họ gọi.", called_day=called)
    assert (
        str(Report.objects.get().called_on)
        == {"today": "2026-06-02", "yesterday": "2026-06-01"}[called]
    )


def test_the_same_words_after_midnight_are_the_same_report() -> None:
    def parse() -> Any:
        fields = {"story": ["Họ gọi."], "called_day": ["today"], "submission_key": ["k" * 20]}
        return ReportFormParser(Fields(fields)).to_submission(())

    with time_machine.travel("2026-06-01 23:59:00+07:00", tick=False):
        first = intake.submit_report(parse(), "k" * 20)
    with time_machine.travel("2026-06-02 00:01:00+07:00", tick=False):
        again = intake.submit_report(parse(), "k" * 20)
    assert (again.again, again.report.pk) == (True, first.report.pk)


def test_what_exceeds_the_fields_goes_into_the_story() -> None:
    lines = [f"stk {number}" for number in range(MAX_LINES + 1)]
    parsed = ReportFormParser(
        Fields({"story": ["Kể."], "accounts": ["\n".join(lines)]})
    ).to_submission(())
    assert (parsed.accounts, parsed.story) == (tuple(lines[:-1]), f"Kể.\n{lines[-1]}")
    assert "list_cut" in parsed.flags


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (CARD, CARD_MASK),
        ("4111111111111111 Techcombank", f"{CARD_MASK} Techcombank"),
        ("stk 0123456789 4111-1111-1111-1111", f"stk 0123456789 {CARD_MASK}"),
        ("9704 0500 0000 0000", CARD_MASK),
        ("９７０４０５００００００００００", CARD_MASK),
        (ACCOUNT, ACCOUNT),
        ("số 5 ngõ 12", "số 5 ngõ 12"),
    ],
)
def test_a_card_is_told_from_an_account(typed: str, kept: str) -> None:
    assert mask_cards(typed, CARD_MASK) == kept


@pytest.mark.parametrize("field", ["accounts", "links"])
def test_a_card_is_refused_before_it_is_kept_and_the_report_counts(
    client: Client, field: str
) -> None:
    typed: dict[str, Any] = {"story": "Họ gọi.", field: f"{CARD}\n{ACCOUNT}"}
    send(client, **typed)
    report = Report.objects.get()
    assert getattr(report, field) == [CARD_MASK, ACCOUNT]
    assert "1111" not in everything_kept(report)
    page = words(client.get(RECEIPT).content)
    assert "Có ô ghi dãy số giống số thẻ. Trang đã bỏ số đó đi, không giữ." in page
    assert "1111" not in page


def test_a_card_in_a_field_for_callers_is_refused_and_their_numbers_stay(client: Client) -> None:
    send(client, story="Họ gọi.", caller_number=CARD)
    report = Report.objects.get()
    assert report.caller_number == CARD_MASK
    assert "card_left_out" in report.flags
    assert "1111" not in everything_kept(report)
    beside = "000 123 0550 000 124 0992"  # as many digits as a card has, and its check digit
    for typed in (beside, "0992 000 123, 0550 000 124", "ngân hàng"):
        parser = CallDetailsParser(Fields({"leg_number": [typed]}))
        assert parser.data["leg_number"] == typed


def test_a_card_stands_on_no_page_that_comes_back(client: Client) -> None:
    page = client.post("/bao-cao/", {"story": "Họ gọi.", "accounts": CARD, "form_token": "old"})
    assert page.status_code == 422
    assert "1111" not in page.content.decode()
    assert value(page.content, "accounts") == CARD_MASK
    resent = send(client, story="Họ gọi.", accounts=CARD_MASK)
    assert resent.status_code == 303
    assert "card_left_out" in Report.objects.get().flags


def test_a_card_in_a_followup_is_refused_as_well(client: Client) -> None:
    resident: Resident = create_resident(client, story="Họ gọi.")
    page = words(resident.post("/theo-doi/them/", follow=True, accounts=CARD).content)
    assert Followup.objects.get().accounts == [CARD_MASK]
    assert "1111" not in page


def test_a_number_typed_in_two_places_is_lost_in_neither() -> None:
    def contact(**typed: str) -> str:
        return (
            ReportFormParser(Fields({k: [v] for k, v in typed.items()})).to_submission(()).contact
        )

    assert contact(contact_phone="0550 000 111", urgent_phone="") == "0550 000 111"
    assert contact(contact_phone="", urgent_phone="0550 000 112") == "0550 000 112"
    assert contact(contact_phone="1", urgent_phone="1") == "1"
    assert (
        contact(contact_phone="0550 000 111", urgent_phone="0550 000 112")
        == "0550 000 112, 0550 000 111"
    )


def test_a_body_of_lone_digits_is_looked_through_for_cards_in_a_moment() -> None:
    assert assert_cpu_time_below(0.8, lambda typed: mask_cards(typed, CARD_MASK), "1 " * 40_000)
