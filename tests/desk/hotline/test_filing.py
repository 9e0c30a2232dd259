"""An officer files for who called: the resident's form, intake as ever, the code read out once."""

import re
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from lxml import html

from core.audit import events
from core.errors import NotAllowedError
from core.models import OutboxItem
from core.province import province
from reports.models import Office, Report
from reports.submission import intake, receipt_codes
from tests.support import number_factories, report_factories
from tests.support.alert_factories import commune
from tests.support.concurrency import in_parallel
from tests.support.desk_pages import page_of
from tests.support.officers import Person
from tests.support.processes import ROOT

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
        raise OperationalError

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
    first = form.xpath(".//input[not(@type='hidden')]")[0]
    assert (first.get("name"), first.get("value")) == ("happening_now", "yes")
    assert first.get("autofocus") is not None
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


def test_account_and_link_are_read_with_the_story(duty: Person) -> None:
    link = "https://vi-du.example/nop-phat"
    file_report(duty.client, accounts="1903 1234 567 890 Techcombank", links=link)
    report = Report.objects.get()
    assert (report.story, report.links) == (FIELDS["story"], [link])
    report_factories.read_all(report)
    keys = set(report.indicators.exclude(source="caller").values_list("kind", "key"))
    assert keys == {("account", "19031234567890"), ("link", "vi-du.example/nop-phat")}


@pytest.mark.parametrize(("kind", "office"), [("bank", "bank"), ("family", "other"), ("x", "")])
def test_the_kind_of_call_is_an_office_of_the_report_form(
    duty: Person, kind: str, office: str
) -> None:
    file_report(duty.client, kind=kind, claimed_office="")
    assert Report.objects.get().claimed_office == office


def test_the_button_beside_a_number_shows_its_card_and_keeps_all_that_was_typed(
    duty: Person,
) -> None:
    number_factories.file_report(0)
    typed = {"demands": ["money", "secrets"], "kind": "police", "accounts": "1903", "look": "1"}
    response = duty.client.post(FILE, FIELDS | typed)
    page = html.document_fromstring(response.content.decode())
    assert response.status_code == 200
    assert "1 tin đã nêu" in " ".join(page.xpath("string(//*[@class='number-card'])").split())
    assert page.xpath("//input[@checked]/@value") == ["yes", "police", "money", "secrets"]
    assert page.xpath("//input[@name='submission_key']/@value") == [FIELDS["submission_key"]]
    assert page.xpath("string(//textarea[@name='story'])").strip() == FIELDS["story"]
    assert not page.find_class("wrong")


def test_what_is_read_out_stands_there_by_kind_with_the_hotline_of_the_province(
    duty: Person,
) -> None:
    Office.objects.create(
        codename="bo-cong-an", name="Bộ Công an", never_by_phone="Không đòi tiền."
    )
    page = html.document_fromstring(duty.client.get(FILE).content.decode())
    assert "Bộ Công an: không đòi tiền." in page.xpath("string(//*[@class='if-police'])")
    assert province.hotline in page.xpath("string(//*[@id='content-main'])")
    rules = (ROOT / "static/css/hotline.css").read_text()
    for code in page.xpath("//input[@name='kind']/@value"):
        assert page.find_class(f"if-{code}")
        assert f".hotline:not(:has([name=kind][value={code}]:checked)) .if-{code}" in rules


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"contact_phone": "09123"}, "Số này không gọi được: thiếu chữ số."),
        ({"contact_phone": "số của con gái"}, "Số này không gọi được: thiếu chữ số."),
        ({"contact_phone": "0992 000 1"}, "Số này không phải số thuê bao trong nước"),
        ({"commune": "Đại Mẫu"}, "Có mấy xã, phường tên này."),
    ],
)
def test_a_doubt_is_told_once_while_the_caller_is_there_and_then_filed(
    duty: Person, typed: dict[str, str], told: str
) -> None:
    for place, district in (("a", "Huyện A"), ("b", "Huyện B")):
        row = commune(f"xa_{place}", f"Xã Đại Mẫu {place.upper()}")
        row.former_communes, row.former_districts = ["Xã Đại Mẫu"], [district]
        row.save()
    first = file_report(duty.client, **typed)
    page = html.document_fromstring(first.content.decode())
    assert first.status_code == 422
    assert told in first.content.decode()
    assert not Report.objects.exists()
    form = next(each for each in page.forms if "filing" in each.get("class", ""))
    fields = {name: value for name, value in form.form_values() if name != "look"}
    assert fields.items() >= typed.items()
    assert duty.client.post(FILE, fields).status_code == 200
    assert Report.objects.get().story.strip() == FIELDS["story"]


def test_the_page_stays_in_the_browser_for_the_back_button(duty: Person) -> None:
    page = duty.client.get(FILE)
    assert page.headers["Cache-Control"] == "private, max-age=0"
    form = html.document_fromstring(page.content.decode()).find_class("hotline")[0]
    assert form.get("action") != FILE
