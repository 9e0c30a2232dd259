"""An officer files for who called: the resident's form, intake as ever, the code read out once."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html

from core.audit import events
from core.errors import NotAllowedError
from core.models import OutboxItem
from reports.models import Report
from reports.submission import intake, receipt_codes
from tests.support.concurrency import in_parallel
from tests.support.desk_pages import page_of
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

FILE = "/admin/reports/report/file/"
FIELDS = {
    "source": "phone",
    "submission_key": "a-key-of-the-desk-0001",
    "happening_now": "yes",
    "story": "Họ xưng công an, đòi chuyển tiền.",
    "caller_number": "0550 000 123",
    "claimed_office": "police",
    "demands": "money",
    "contact_phone": "0992 000 118",
}


def file_report(client: Client, **typed: Any) -> HttpResponse:
    return client.post(FILE, FIELDS | typed)  # type: ignore[return-value]


def read_code(response: HttpResponse) -> str:
    page = html.document_fromstring(response.content.decode())
    return "".join(page.xpath("//ol[@class='code']//b/text()"))


def test_a_report_is_taken_in_as_any_and_who_filed_it_is_on_record(duty: Person) -> None:
    assert file_report(duty.client, source="walk_in").status_code == 200
    report = Report.objects.get()
    assert (report.source, report.happening_now) == ("walk_in", True)
    assert OutboxItem.objects.get().task == intake.TRIAGE_TASK
    event = events.events_for("report", report.pk).get()
    assert (event.kind, event.actor, event.detail["source"]) == ("filed", duty.user, "walk_in")


def test_the_code_that_is_read_out_opens_the_report_and_stands_on_no_other_page(
    duty: Person,
) -> None:
    response = file_report(duty.client)
    code = read_code(response)
    assert receipt_codes.report_for_code(code) == Report.objects.get()
    assert receipt_codes.phonetic_group(code[:4]) in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    page = duty.client.get(page_of(Report.objects.get()))
    assert code[:4] not in page.content.decode()


def test_a_second_click_makes_no_second_report_and_no_second_act(duty: Person) -> None:
    first, second = file_report(duty.client), file_report(duty.client)
    assert read_code(first) == read_code(second)
    assert "không ghi thêm tin nào" in second.content.decode()
    assert events.events_for("report", Report.objects.get().pk).count() == 1


@pytest.mark.parametrize("source", ["", "carrier pigeon"])
def test_without_a_source_nothing_is_filed_and_nothing_is_lost(duty: Person, source: str) -> None:
    hostile = "<script>alert(1)</script>"
    response = file_report(duty.client, source=source, claimed_name=hostile)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Chọn tin đến bằng cách nào." in page
    for text in (FIELDS["story"], FIELDS["caller_number"], FIELDS["submission_key"]):
        assert text in page
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not Report.objects.exists()


def test_a_form_that_tells_nothing_is_no_report(duty: Person) -> None:
    blank = dict.fromkeys(FIELDS, "") | {"source": "phone", "contact_phone": "0992 000 118"}
    response = duty.client.post(FILE, blank)
    assert "Chưa có gì để ghi" in response.content.decode()
    assert "0992 000 118" in response.content.decode()
    assert not Report.objects.exists()


def test_nothing_else_that_is_typed_is_refused(duty: Person) -> None:
    odd = {"caller_number": "không nhớ", "money_lost_vnd": "kha khá", "demands": "xyz"}
    assert file_report(duty.client, **odd, commune="đâu đó\0").status_code == 200
    report = Report.objects.get()
    assert {"money_unread", "demand_unknown", "commune_unknown"} <= {*report.flags}


def test_a_database_that_is_away_loses_nothing(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **options: object) -> None:
        raise intake.OperationalError

    monkeypatch.setattr(intake, "submit_report", away)
    response = file_report(duty.client)
    assert response.status_code == 503
    assert FIELDS["story"] in response.content.decode()


def test_filing_itself_asks_for_the_right(editor: Person) -> None:
    typed = intake.ReportSubmission(story="Họ xưng công an.")
    with pytest.raises(NotAllowedError):
        intake.file_on_behalf(typed, "a-key-of-the-desk-0001", "phone", editor.user)
    assert not Report.objects.exists()


def test_the_form_works_by_keys_and_enter_sends_nothing_half_told(duty: Person) -> None:
    page = html.document_fromstring(duty.client.get(FILE).content.decode())
    form = page.xpath("//form[contains(@class, 'filing')]")[0]
    assert form.xpath(".//button")[0].get("disabled") is not None
    assert form.xpath(".//input[@name='source']")[0].get("autofocus") is not None
    assert not page.xpath("//*[@tabindex > 0]")
    labelled = {label.get("for") for label in form.iter("label")}
    for field in form.xpath(".//input[not(@type='hidden')] | .//textarea"):
        assert field.get("id") in labelled
    assert re.fullmatch(r"[\w-]{16,64}", form.xpath(".//*[@name='submission_key']/@value")[0])


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_report_and_one_act(duty: Person) -> None:
    answers = in_parallel([lambda: file_report(duty.client).status_code] * 2)
    assert answers == [200, 200]
    assert events.events_for("report", Report.objects.get().pk).filter(kind="filed").count() == 1
