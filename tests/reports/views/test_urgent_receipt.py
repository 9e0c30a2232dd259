"""The receipt of who is under pressure or reports for another, and of a place with a former name."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import Settings

from reports.facts.merged_report import merged_report
from reports.models import Report
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import RECEIPT, read_receipt, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people_take_their_time")]
LATER = "/theo-doi/them/"


def test_a_number_is_asked_for_beside_the_red_button_where_none_was_given(client: Client) -> None:
    page: Any = html.document_fromstring(read_receipt(client, happening_now="yes"))
    (asks,) = [form for form in page.forms if "contact_phone" in form.fields]
    assert asks.action == LATER
    assert asks.xpath("ancestor::*[contains(@class, 'is-red')]")
    fields = {name: value for name, value in asks.form_values() if name}
    client.post(LATER, fields | {"contact_phone": "0992 000 111"})
    assert merged_report(Report.objects.get()).has_contact
    assert not html.document_fromstring(client.get(RECEIPT).content).xpath(
        "//*[@id='urgent_phone']"
    )


@pytest.mark.parametrize("fields", [{"happening_now": "yes", "contact_phone": "0992 000 111"}, {}])
def test_no_number_is_asked_for_twice_or_of_who_is_in_no_danger(
    client: Client, fields: dict[str, str]
) -> None:
    assert b"urgent_phone" not in read_receipt(client, **fields)


def test_an_urgent_report_is_promised_what_the_desks_clock_says(
    client: Client, reference_rows: None, settings: Settings
) -> None:
    settings.DEADLINE_CALL_MINUTES = 15
    confirm_statement("first_review")
    page = words(read_receipt(client, happening_now="yes"))
    due = timezone.localtime(Report.objects.get().received_at + timedelta(minutes=15))
    assert f"cán bộ trực được nhắc gọi trước {due:%H:%M}" in page
    assert "Dự kiến trước" not in page
    assert "Dự kiến trước" in words(read_receipt(client, story="Chuyện khác."))


def test_who_reports_for_another_is_told_what_to_do(client: Client) -> None:
    assert "đừng để ra ngân hàng một mình" in words(read_receipt(client, on_behalf="yes"))
    assert "ra ngân hàng một mình" not in words(read_receipt(client))


@pytest.mark.usefixtures("reference_rows")
@pytest.mark.parametrize(
    ("typed", "echo"),
    [
        ("Hoằng Quang", "Hoằng Quang, nay là phường Nguyệt Viên"),
        ("Nguyệt Viên", ""),
        ("Bịa Bịa", ""),
    ],
)
def test_a_former_commune_is_told_by_its_present_name(
    client: Client, typed: str, echo: str
) -> None:
    page = words(read_receipt(client, commune=typed))
    assert echo in page
    assert ("nay là" in page) == bool(echo)
