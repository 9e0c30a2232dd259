"""Replies: blanks from a fixed list, both languages, and what no officer writes to a reporter."""

import pytest
from django.core.management import call_command

from core.audit import events
from portal.management import reference_data
from reports.cases import replies
from reports.models import CannedReply, Case, Office
from tests.support import report_factories
from tests.support.data_files import read_cases
from tests.support.desk_pages import page_of, words
from tests.support.officers import Person
from tests.support.report_factories import decide

pytestmark = pytest.mark.django_db

ADD = "/admin/reports/cannedreply/add/"
GIVEN = {"title": "Chào", "text": "Tin {so_tin}", "text_en": "Report {so_tin}", "use": "message",
         "is_active": "on", "position": "5"}  # fmt: skip


def test_every_reply_that_we_bring_keeps_the_promises_in_both_languages(
    reference_rows: None,
) -> None:
    rows = CannedReply.objects.all()
    assert rows.count() >= 15
    for reply in rows:
        for text in (reply.text, reply.text_en):
            filled = replies.substitute(text, {"duong_day_nong": replies.hotline()})
            assert (reply.title, replies.unknown_placeholders(text)) == (reply.title, [])
            assert (reply.title, replies.forbidden_wording(filled)) == (reply.title, "")


def test_our_replies_come_into_an_empty_table_alone(reference_rows: None) -> None:
    CannedReply.objects.exclude(title="Đã nhận tin").delete()
    call_command("setup_desk", verbosity=0)
    assert CannedReply.objects.count() == 1


def test_a_blank_that_nobody_can_fill_is_refused_with_the_list(lead: Person) -> None:
    answer = lead.client.post(ADD, GIVEN | {"text": "Tin {so_tin} của {ten}, {{x}} {"})
    assert "Trang không biết điền {ten}, {x}, {" in words(answer)
    assert "{duong_day_nong}" in words(answer)
    assert "của {ten}" in words(answer)
    assert not CannedReply.objects.exists()


@pytest.mark.parametrize(("text", "told"), read_cases("replies.json", "broken_promises"))
def test_a_reply_that_breaks_a_promise_is_refused(lead: Person, text: str, told: str) -> None:
    assert told in words(lead.client.post(ADD, GIVEN | {"text_en": text}))
    assert not CannedReply.objects.exists()


def test_a_saved_reply_is_on_record_with_who(lead: Person) -> None:
    assert lead.client.post(ADD, GIVEN).status_code == 302
    reply = CannedReply.objects.get()
    event = events.events_for("reply", reply.pk).get()
    assert (event.actor, event.detail["now"]["text"]) == (lead.user, "Tin {so_tin}")


def test_blanks_are_filled_once_and_unknown_ones_stay_to_be_seen() -> None:
    assert replies.substitute("{a} {b}", {"a": "{b}", "b": ""}) == "{b} {b}"
    assert replies.unfilled_placeholders("{so_tin} {x} {so_tin} { }") == ["{so_tin}", "{x}"]


def test_the_values_are_those_of_the_report_in_its_language(reference_rows: None) -> None:
    Office.objects.filter(codename="thue").update(name="Cơ quan thuế", name_en="Tax office")
    case = Case.objects.get(report=report_factories.report(claimed_office="thue"))
    case.unit_name = "Công an xã Yên Định"
    values = replies.placeholder_values(case, "en")
    assert values["so_tin"] == case.report.public_number
    assert (values["co_quan"], values["don_vi"]) == ("Tax office", "Công an xã Yên Định")
    assert values["duong_day_nong"] == "02373.725.725"
    assert replies.placeholder_values(case, "vi")["co_quan"] == "Cơ quan thuế"


@pytest.mark.parametrize(
    ("ticked", "read", "vietnamese", "english"), read_cases("replies.json", "claimed_offices")
)
def test_whom_the_caller_claimed_to_be_is_said_in_words_of_the_report_page_too(
    reference_rows: None, ticked: str, read: list[str], vietnamese: str, english: str
) -> None:
    report = report_factories.report(claimed_office=ticked)
    report_factories.add_facts(report, offices=read)
    case = Case.objects.get(report=report)
    assert replies.placeholder_values(case, "vi")["co_quan"] == vietnamese
    assert replies.placeholder_values(case, "en")["co_quan"] == english


def test_an_officers_word_on_whom_they_claimed_to_be_stands(reference_rows: None) -> None:
    report = report_factories.report(claimed_office="police")
    Case.objects.filter(report=report).update(corrections_json={"offices": ["ngan-hang"]})
    name = Office.objects.get(codename="ngan-hang").name
    assert replies.placeholder_values(Case.objects.get(report=report), "vi")["co_quan"] == name


def test_replies_for_another_kind_or_out_of_use_are_not_offered(db: None) -> None:
    def keep(title: str, **fields: object) -> None:
        CannedReply.objects.create(title=title, text="x", text_en="y", **fields)

    keep("mọi tin")
    keep("thuế", scenarios=["tax"])
    keep("điện", scenarios=["electricity_evn"])
    keep("cũ", is_active=False)
    keep("hỏi", use="ask")
    report = report_factories.report()
    report_factories.add_facts(report, scenario="tax")
    case = Case.objects.select_related("report__facts").get(report=report)
    suggested = replies.suggested_replies(case, "message", "vi")
    assert [each.title for each in suggested] == ["thuế", "mọi tin"]


# --- what no officer writes, whoever sits at the officer's desk


@pytest.mark.parametrize("text", read_cases("replies.json", "asks_for_a_secret"))
def test_whoever_asks_for_a_secret_is_refused(text: str) -> None:
    assert replies.forbidden_wording(text) == "secret"


@pytest.mark.parametrize("text", read_cases("replies.json", "unpublished_numbers"))
def test_a_number_that_no_office_has_published_is_refused(text: str) -> None:
    reference_data.load_offices()
    assert replies.forbidden_wording(text) == "number"


@pytest.mark.parametrize("text", read_cases("replies.json", "everyday"))
def test_what_officers_ask_every_day_is_told(text: str) -> None:
    reference_data.load_offices()
    assert replies.forbidden_wording(text) == ""


def test_what_no_reporter_reads_may_name_any_number(duty: Person) -> None:
    reason = "Đọc OTP: đã gọi 0912345678."
    assert decide("note", report_factories.case(), duty, reason=reason).version == 2


@pytest.mark.parametrize("unit", ["Công an xã, gọi 0912345678", "Đội ke-gian.com", "Đọc OTP đi"])
def test_a_unit_is_a_name_alone(duty: Person, unit: str) -> None:
    report = report_factories.report()
    fields = {"version": 1, "unit": unit, "outside": "on", "reason": "Đúng địa bàn."}
    answer = duty.client.post(page_of(report, "hand_over"), fields)
    assert answer.status_code == 422
    assert "Chỉ ghi tên" in words(answer)
    assert Case.objects.get(report=report).status == "new"


@pytest.mark.parametrize("unit", ["Công an phường Hạc Thành", "Phòng PC02", "Đội 3, PA05"])
def test_units_are_named_as_they_are(unit: str) -> None:
    assert replies.is_unit(unit)
