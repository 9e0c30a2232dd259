"""The report page: evidence that nobody edits, suggestions with their grounds, the log."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied

from core.audit import events
from desk.reports.detail import explanations_of
from reports.cases import workflow
from reports.models import ExtractedFacts, Report
from reports.reference import units
from tests.support import report_factories
from tests.support.desk_pages import STORY, open_page, page_of, press, statements, words
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db


def test_the_words_that_fired_are_marked_with_what_they_speak_for(duty: Person) -> None:
    marks = {
        mark.text: mark.get("title")
        for mark in open_page(duty.client, report_factories.triaged(STORY)).iter("mark")
    }
    why = next(why for text, why in marks.items() if "phó giám đốc sở" in text)
    assert "Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành" in why
    assert any("Giữ bí mật" in why for why in marks.values())
    assert any("chuyển tiền" in text for text in marks)


def test_the_machines_suggestions_stand_with_their_grounds_and_points(duty: Person) -> None:
    text = words(duty.client.get(page_of(report_factories.triaged(STORY))))
    assert "máy gợi ý, chưa duyệt" in text
    assert "+24 Kiểu lừa: Giả danh lãnh đạo tỉnh, sở, ngành: “phó giám đốc”" in text


def test_grounds_that_would_be_told_alike_stand_once_with_the_points_of_all() -> None:
    text = grounds(
        _reason("job_task: hoa hồng", "hoa hồng", 0.5),
        _reason("job_task: words “=job”", "hoa hồng", 2.99),
        _reason("job_task: words “nap”", "nạp", 1.28),
        _reason("job_task: denied: hoa hồng", "hoa hồng", -1, fact="priority"),
    )
    assert text == [("+3,49", "hoa hồng"), ("+1,28", "nạp")]


def test_two_rules_of_an_urgency_are_told_apart_though_they_rest_on_the_same_words() -> None:
    one, other = "ongoing: now", "ongoing: told"
    rules = [_reason(rule, "đang gọi", 10, fact="priority") for rule in (one, other, one)]
    assert grounds(*rules, of="priority") == [("+20", "đang gọi"), ("+10", "đang gọi")]


def _reason(rule: str, quote: str, points: float, fact: str = "scenario") -> dict[str, Any]:
    return {"fact": fact, "rule": rule, "words": quote, "points": points}


def grounds(*reasons: dict[str, Any], of: str = "scenario") -> list[tuple[str, str]]:
    """What an officer reads of these reasons of a fact: points and quotes."""
    text = explanations_of(ExtractedFacts(reasons=list(reasons)), of)
    return [(each.points, each.quote) for each in text]


def test_before_the_machine_has_read_the_page_says_so_and_works(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert "máy chưa đọc" in words(duty.client.get(page_of(report)))
    assert press(duty.client, report, "take").status_code == 303


def test_hostile_text_is_text_on_the_page(duty: Person) -> None:
    hostile = "<script>alert(1)</script><b>công an</b> \u202egnas\u202c \u200b {{ x }}"
    report = report_factories.triaged(
        hostile,
        caller_number="<i>0</i>",
        claimed_name='"><u>',
        commune_raw="<s>",
        money_lost_raw="<q>",
    )
    workflow.decide("note", report.pk, by=duty.user, version=1, reason="<em>ghi</em>\u202e")
    page = duty.client.get(page_of(report)).content.decode()
    for raw in (
        "<script>alert",
        "<b>công",
        "<i>0",
        "<u>",
        "<s>",
        "<q>",
        "<em>",
        "\u202e",
        "\u200b",
    ):
        assert raw not in page
    assert page.count("[U+202E]") == 2
    assert "3 ký tự ẩn hoặc đảo chiều chữ" in page


def test_twenty_thousand_signs_fit_the_page(duty: Person) -> None:
    report = report_factories.triaged("công an " * 2500)
    assert open_page(duty.client, report).find_class("tale")


def test_nothing_on_the_page_can_be_edited(duty: Person) -> None:
    for form in open_page(duty.client, report_factories.triaged(STORY)).forms:
        assert {name for name in form.fields if name} <= {
            "csrfmiddlewaretoken", "version", "reason", "unit", "outcome", "officer",
            "code", "numbers",  # of the campaign that it is attached to
            "value",  # what is right where the machine was wrong
            "why", "seen",  # of a look at what is sealed
            "anyway",  # ended though its reporter may still be pressed
            "then", "name",  # where the officer goes on, what the officer likes
        }  # fmt: skip


def test_the_model_admin_saves_and_deletes_nothing(duty: Person) -> None:
    model_admin = admin.site.get_model_admin(Report)
    report = report_factories.report()
    request: Any = None
    with pytest.raises(PermissionDenied):
        model_admin.save_model(request, report, None, True)
    with pytest.raises(PermissionDenied):
        model_admin.delete_model(request, report)


def test_posting_to_the_page_itself_changes_nothing(duty: Person) -> None:
    report = report_factories.report(STORY)
    assert duty.client.post(page_of(report), {"story": "x"}).status_code == 405
    assert Report.objects.get(pk=report.pk).story == STORY


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
    assert (
        log.index("Ghi chú: đã gọi lại")
        < log.index("Nhận xử lý")
        < log.index("Đã ghi nhận, đã trả mã.")
    )


def test_an_assignment_names_who_got_the_report(lead: Person) -> None:
    minh = create_officer("minh", "duty")
    report = report_factories.report(STORY)
    press(lead.client, report, "assign", officer=minh.pk)
    assert "Phân công: minh" in words(lead.client.get(page_of(report)))


def test_only_officers_who_may_decide_are_offered(lead: Person, editor: Person) -> None:
    create_officer("minh", "duty")
    options = open_page(lead.client, report_factories.report(STORY)).get_element_by_id(
        "assign_officer"
    )
    assert [option.text for option in options.iter("option")][1:] == ["lead", "minh"]


def test_the_page_takes_twenty_statements_at_most(lead: Person) -> None:
    reports = [
        report_factories.triaged(
            f"Họ gọi {n}, chuyển vào STK 19031234567890.", caller_number="0550 000 123"
        )
        for n in range(25)
    ]
    for _ in range(15):  # whom the log names is asked once
        press(lead.client, reports[0], "assign", officer=lead.user.pk)
    units.names()  # kept for a minute
    every = statements(lead.client, page_of(reports[0]))
    assert len(every) <= 20, "\n".join(each[:160] for each in every)


def test_the_way_back_keeps_the_filter(duty: Person) -> None:
    page = open_page(duty.client, report_factories.report(STORY))
    assert page.xpath("//div[@class='breadcrumbs']/a[2]/@href") == ["/admin/reports/report/"]
    filtered = duty.client.get(page_of(Report.objects.get()) + "?_changelist_filters=viec%3Dmine")
    assert b'href="/admin/reports/report/?viec=mine"' in filtered.content


def test_an_erased_report_says_when(duty: Person) -> None:
    from django.db.models.functions import Now

    report = report_factories.triaged(STORY, contact="0992 000 118", phrase="bến đò, 47")
    events.log_event("report", report.pk, "erased")
    Report.objects.filter(pk=report.pk).update(
        story="", claimed_name="", commune_raw="", story_sealed=None, contact_sealed=None,
        phrase_sealed=None, contact_index=None, erased_at=Now(),
    )  # fmt: skip
    text = words(duty.client.get(page_of(report)))
    assert "Lời kể và dữ liệu cá nhân đã xóa lúc" in text
    assert "Hiện số" not in text
