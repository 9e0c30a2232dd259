"""Reports that somebody may have arranged: shown with reasons, counted as nobody more, left to people."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.management import reference_data
from reports.facts import abuse_flags
from reports.models import Case, Commune, ExtractedFacts, FloodSample, NumberFinding, Report
from reports.numbers import report_counts
from reports.numbers.lookup import VerdictKind
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, list_reports
from tests.support.number_factories import (
    KEY,
    NUMBER,
    add_finding,
    file_report,
    look_up,
    move_report,
)
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
WARNING = "Có thể có người cố ý báo dồn số này"


def arranged(many: int = 4) -> list[Report]:
    """One network, one text, many contacts."""
    return [
        file_report(0, flags=(abuse_flags.SAME_NETWORK,), contact=f"0550 222 {number:03}")
        for number in range(many)
    ]


def test_reports_of_one_network_add_nobody_even_once_an_officer_has_taken_them_up() -> None:
    file_report(0)
    for number in (1, 2, 3):
        file_report(number, flags=(abuse_flags.SAME_NETWORK,))
    assert look_up().kind == VerdictKind.UNKNOWN
    Case.objects.update(status=Case.Status.IN_REVIEW)
    assert look_up().kind == VerdictKind.UNKNOWN
    file_report(2)
    assert look_up().report_summary.people == 2


def test_who_is_first_from_a_carriers_network_silences_nobody_for_long() -> None:
    """The owner of the number says nothing; those who come after say it from four communes."""
    report_factories.number(report_factories.report("", caller_number=KEY), KEY)
    reference_data.load_communes()
    for number, commune in enumerate(Commune.objects.order_by("pk")[:4], 1):
        assert look_up().kind == VerdictKind.UNKNOWN
        report = file_report(
            number, flags=(abuse_flags.SAME_NETWORK,), commune_id=commune.pk, contact=""
        )
        move_report(report, timezone.now() - timedelta(days=number))
    assert look_up().report_summary.people == 4


def test_marked_reports_count_nowhere_in_public_until_an_officer_has_taken_them_up() -> None:
    file_report(0), file_report(1, flags=(abuse_flags.ADDRESS_BUSY,))
    assert look_up().kind == VerdictKind.UNKNOWN
    Case.objects.update(status=Case.Status.IN_REVIEW)
    assert look_up().report_summary.people == 2


def test_a_mark_that_was_counted_weighs_as_one_that_was_typed(duty: Person) -> None:
    file_report(0)
    for number, mark in ((1, abuse_flags.SAME_NETWORK), (2, abuse_flags.SAME_WORDS)):
        FloodSample.objects.create(report=file_report(number), flags=[mark])
    assert look_up().kind == VerdictKind.UNKNOWN
    assert ">xếp dưới<" in duty.read_page(QUEUE)
    junk = Report.objects.get(flood_sample__flags=[abuse_flags.SAME_WORDS])
    assert list_reports(duty.client)[-1] == junk
    page = duty.client.get(f"/admin/reports/report/{junk.pk}/change/").content.decode()
    assert "nhiều tin dùng đúng lời này" in page


def test_its_signs_are_told_with_how_many_share_them() -> None:
    arranged(4)
    file_report(1), file_report(2, flags=(abuse_flags.FLAG_SUBMITTED_TOO_FAST,))
    signs = report_counts.coordination_signal(KEY)
    assert signs == report_counts.CoordinationSignal(reports=6, one_network=4, alike=4, lowered=0)


def test_unlike_reports_from_everywhere_and_two_alike_are_no_concert() -> None:
    arranged(2)
    assert report_counts.coordination_signal(KEY) is None
    for number in range(4):
        file_report(number, "+84550000124")
    assert report_counts.coordination_signal("+84550000124") is None
    assert report_counts.coordination_signal("") is None


def test_the_page_of_a_report_and_of_a_number_show_it_and_the_machine_does_nothing_about_it(
    lead: Person,
) -> None:
    report = arranged(4)[0]
    finding = add_finding()
    for address in (
        f"/admin/reports/report/{report.pk}/change/",
        f"/admin/reports/numberfinding/{finding.pk}/change/",
    ):
        text = lead.client.get(address).content.decode()
        assert WARNING in text, address
        assert "4 tin có lời kể gần như giống nhau" in text
        assert "4 tin đến từ mạng đã báo số này trước đó" in text
    assert set(Case.objects.values_list("status", flat=True)) == {Case.Status.NEW}
    assert NumberFinding.objects.get() == finding


def test_a_marked_report_stands_below_and_keeps_its_priority(duty: Person) -> None:
    real, junk = report_factories.report(), report_factories.report(flags=(abuse_flags.SAME_WORDS,))
    report_factories.add_facts(real, priority=20), report_factories.add_facts(junk, priority=95)
    assert list_reports(duty.client) == [real, junk]
    assert ExtractedFacts.objects.get(report=junk).priority == 95
    assert ">xếp dưới<" in duty.read_page(QUEUE)
    Case.objects.filter(report=junk).update(status=Case.Status.IN_REVIEW, officer=duty.user)
    assert list_reports(duty.client) == [junk, real]
    assert ">xếp dưới<" not in duty.read_page(QUEUE)


@pytest.mark.parametrize("flag", abuse_flags.LOWERING)
def test_a_mark_is_told_in_plain_words(duty: Person, flag: str) -> None:
    report = report_factories.report(flags=(flag,))
    text = duty.client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert flag not in text.partition('class="notice"')[2].partition("</p>")[0]
    assert "gửi" in text or "tin" in text


def test_a_public_page_says_nothing_of_it(client: Client) -> None:
    nobodys = client.post("/kiem-tra/", {"number": "0550 000 999"}).content
    arranged(4)
    page = client.post("/kiem-tra/", {"number": NUMBER}).content
    text = [" ".join(of.decode().split()) for of in (nobodys, page)]
    assert text[0].replace("999", "") == text[1].replace("123", "")
