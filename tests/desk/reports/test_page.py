"""The report page: evidence that nobody edits, the machine's reading, the log."""

import re

import pytest
from django.conf import settings

from reports.calendar import deadline_rules
from reports.models import LegalHold, Report
from reports.reference import confirmed_statements, gazetteer, office_lexicon, units
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.desk_pages import QUEUE, STORY, open_page, page_of, press, statements, words
from tests.support.messages import add_followup, answered
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def test_the_words_that_fired_are_marked_with_what_they_speak_for(duty: Person) -> None:
    page = open_page(duty.client, report_factories.triaged(STORY))
    marks = {mark.text: mark.get("title") for mark in page.iter("mark")}
    why = next(why for text, why in marks.items() if "phó giám đốc sở" in text)
    assert "Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành" in why
    assert any("Giữ bí mật" in why for why in marks.values())
    assert any("chuyển tiền" in text for text in marks)


def test_points_are_for_who_tunes_the_rules(duty: Person, lead: Person) -> None:
    page = page_of(report_factories.triaged(STORY + " Tôi sắp rút 250 triệu."))
    text, points = words(duty.client.get(page)), "+24 Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành"
    assert "sắp rút 250 triệu" in text
    assert points not in text
    assert points in words(lead.client.get(page))


def test_a_row_and_its_words_in_the_story_bear_the_same_name(duty: Person) -> None:
    page = open_page(duty.client, report_factories.triaged(STORY))
    rows = set(page.xpath("//*[@data-row]/@data-row"))
    marked = {row for mark in page.iter("mark") for row in mark.get("data-rows").split()}
    assert {"scenario", "actions", "priority"} <= marked & rows
    css = (settings.BASE_DIR / "static/css/desk.css").read_text(encoding="utf-8")
    assert [row for row in marked & rows if f'[data-rows~="{row}"]' not in css] == []


def test_a_box_that_the_story_does_not_speak_of_stands_beside_what_was_read(duty: Person) -> None:
    typed = {"demands": ("money", "isolation", "software")}
    page = words(duty.client.get(page_of(report_factories.triaged("Họ bắt chuyển tiền.", **typed))))
    boxes = "Dặn giữ bí mật, ra chỗ vắng (người báo chọn); Bảo cài app, bấm link, quét mã (người báo chọn)"
    assert f"Chuyển tiền; {boxes}" in page


def test_before_the_machine_has_read_the_page_says_so_and_works(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert "máy chưa đọc" in words(duty.client.get(page_of(report)))
    assert press(duty.client, report, "take").status_code == 303


def test_hostile_text_is_text_on_the_page(duty: Person) -> None:
    hostile = "<script>alert(1)</script><b>công an</b> \u202egnas\u202c \u200b {{ x }}"
    typed = {"caller_number": "<i>0</i>", "claimed_name": '"><u>', "commune_raw": "<s>"}
    report = report_factories.triaged(hostile, **typed, money_lost_raw="<q>")
    press(duty.client, report, "note", reason="<em>ghi</em>\u202e")
    page = duty.read_page(page_of(report))
    raw = ("<script>alert", "<b>công", "<i>0", "<u>", "<s>", "<q>", "<em>", "\u202e", "\u200b")
    assert [each for each in raw if each in page] == []
    assert page.count("[U+202E]") == 2
    assert "3 ký tự ẩn hoặc đảo chiều chữ" in page


def test_nothing_on_the_page_can_be_edited(duty: Person) -> None:
    page = open_page(duty.client, report_factories.triaged(STORY))
    for form in (
        each for each in page.forms if each.get("id") != "facts"
    ):  # which says, and edits not
        assert {name for name in form.fields if name} <= {
            "csrfmiddlewaretoken", "version", "reason", "unit", "outcome", "officer",
            "code", "numbers",  # of the campaign that it is attached to
            "why", "seen",  # of a look at what is sealed
            "bank", "account", "holder", "amount_vnd", "transferred_when", "text",  # of a letter to a bank
            "anyway", "uncalled_reason",  # ended though its reporter may still be pressed
            "urgent", "outside",  # a hand-over
            "then", "name",  # where the officer goes on, what the officer likes
        "q",  # of the search in the head
        }  # fmt: skip


@pytest.mark.parametrize("key", ["x", "00000000-0000-0000-0000-000000000000", "1%00"])
def test_a_report_that_is_not_there_is_not_found(duty: Person, key: str) -> None:
    assert duty.client.get(f"/admin/reports/report/{key}/change/").status_code == 404


def test_reports_that_share_a_number_stand_beside_with_the_reason(duty: Person) -> None:
    first = report_factories.triaged("Họ gọi tôi.", caller_number="0550 000 123")
    other = report_factories.triaged("Họ gọi mẹ tôi.", caller_number="+84 550 000 123")
    stranger = report_factories.triaged("Họ gọi ông.", caller_number="0550 000 999")
    text = words(duty.client.get(page_of(first)))
    assert f"{other.public_number} cùng số điện thoại 0550 000 123" in text
    assert stranger.public_number not in text
    assert re.search(r"Đợt Đ-\d\d-\w+", text)


def test_the_log_tells_what_happened_newest_first(duty: Person) -> None:
    report = report_factories.triaged(STORY)
    press(duty.client, report, "take")
    press(duty.client, report, "note", reason="đã gọi lại")
    text = words(duty.client.get(page_of(report)))
    log = text[text.index("Nhật ký xử lý") :]
    newest_first = ("Ghi chú: đã gọi lại", "Nhận xử lý", "Đã ghi nhận, đã trả mã.")
    places = [log.index(each) for each in newest_first]
    assert places == sorted(places)


def test_only_officers_who_may_decide_are_offered_and_who_got_the_report_is_named(
    lead: Person, editor: Person
) -> None:
    minh, report = create_officer("minh", "duty"), report_factories.report(STORY)
    options = open_page(lead.client, report).xpath("//*[@id='assign_officer']//option/text()")
    assert options[1:] == ["lead (mở tin vừa xong)", "minh"]
    press(lead.client, report, "assign", officer=minh.pk)
    assert "Phân công: minh" in words(lead.client.get(page_of(report)))


def assert_few_statements(person: Person, report: Report, most: int = 20) -> None:
    every = statements(person.client, page_of(report))
    assert len(every) <= most, "\n".join(each[:160] for each in every)


def test_the_page_takes_twenty_statements_at_most(lead: Person) -> None:
    for n in range(25):
        story = f"Họ gọi {n}, chuyển vào STK 19031234567890."
        report = report_factories.triaged(story, caller_number="0550 000 123")
    for _ in range(15):  # whom the log names is asked once
        press(lead.client, report, "assign", officer=lead.user.pk)
    units.names()  # kept for a minute
    confirmed_statements.bank_hotlines()
    confirmed_statements.statements()
    assert_few_statements(lead, report)


def test_the_way_back_keeps_the_filter(duty: Person) -> None:
    report = report_factories.report(STORY)
    page = open_page(duty.client, report)
    assert page.xpath("//div[@class='breadcrumbs']/a[2]/@href") == [QUEUE]
    filtered = duty.read_page(page_of(report), _changelist_filters="viec=mine")
    assert f'href="{QUEUE}?viec=mine"' in filtered


def test_an_erased_report_says_when(duty: Person) -> None:
    report = report_factories.triaged(STORY, contact="0992 000 118", phrase="bến đò, 47")
    text = words(duty.client.get(page_of(report_factories.erase(report))))
    assert "Lời kể và dữ liệu cá nhân đã xóa lúc" in text
    assert "Số và câu hẹn hiện" not in text
    assert text.count("Đã xóa") >= 3  # the caller's number, the reporter's, the phrase
    assert "Không để lại" not in text


@pytest.fixture
def rich(lead: Person) -> Report:
    """With a campaign, words of its reporter, corrections, a hold, deadlines and a paper."""
    story = "Xưng công an, đòi chuyển 20 triệu vào STK 19031234567890."
    called = {"caller_number": "0550 000 123"}
    report_factories.triaged(story, **called)
    report = report_factories.triaged(story, **called, contact="0992 000 118", phrase="bến đò")
    if not hasattr(report, "campaign_link"):
        add_to_campaign(report, campaign("Đ-26-AAA"))
    press(lead.client, report, "ask", reason="Mấy giờ?")
    answered(report, "Chín giờ.")
    add_followup(report, story="Họ gọi lại.")
    press(lead.client, report, "act", reason="Đã chiếm đoạt. Gửi Cơ quan điều tra.")
    press(
        lead.client,
        report,
        "hand_over",
        unit="Công an xã Yên Định",
        reason="Địa bàn xã.",
        anyway="on",
    )
    LegalHold.objects.create(report=report, reason="Đang điều tra", actor=lead.user)
    return report


def test_a_rich_report_takes_two_more_with_nothing_kept_warm(lead: Person, rich: Report) -> None:
    for each in (units, gazetteer, office_lexicon, deadline_rules):
        each.clear_cache()
    assert_few_statements(lead, rich, most=22)
