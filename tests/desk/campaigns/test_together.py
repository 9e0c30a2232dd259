"""One act, or one prepared message, for all reports of a campaign."""

from typing import Any

import pytest

from core import encryption
from core.audit import events
from reports.calendar.deadline_rules import FOLLOWUP_ANSWER, NOTIFY
from reports.cases import bulk, deadlines
from reports.models import Campaign, CannedReply, Case, Deadline, Message, Report
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.desk_pages import tree, words
from tests.support.messages import answered
from tests.support.officers import Person
from tests.support.report_factories import add_followup, decide, erase, report

pytestmark = pytest.mark.django_db


def begin(person: Person, group: Campaign, verb: str) -> Any:
    return person.client.post(f"/admin/reports/campaign/{group.pk}/together/", {"verb": verb})


def send(person: Person, page: Any, **typed: Any) -> Any:
    """Press the button of a form as it stands, with what is typed."""
    form = tree(page).forms[-1]
    return person.client.post(form.action, dict(form.form_values()) | typed, follow=True)


@pytest.fixture
def thanks(db: None) -> CannedReply:
    text = "Tin {so_tin}: số này là lừa đảo, đừng chuyển tiền."
    return CannedReply.objects.create(title="Báo lừa đảo", text=text, text_en="Report {so_tin}.")


def test_all_open_reports_are_closed_and_the_pressed_one_is_left_and_told(duty: Person) -> None:
    group, pressed = campaign("Đ-26-KKT", reports=1), report("Họ giữ máy.", happening_now=True)
    add_to_campaign(pressed, group)
    page = begin(duty, group, "close")
    told = words(page)
    assert "Kết thúc xử lý 1 tin" in told
    assert "Để lại 1 tin: người báo còn đang bị ép" in told
    assert told.index("Để lại 1 tin") < told.index(pressed.public_number)
    text = words(send(duty, page, outcome="scam", reason="Cùng một đợt."))
    assert "Đã làm 1 tin, không làm 1 tin." in text
    assert "còn đang bị ép" in text
    assert sorted(Case.objects.values_list("status", flat=True)) == ["closed", "new"]


def test_a_message_is_read_before_it_goes_to_each_in_their_language(
    duty: Person, thanks: CannedReply
) -> None:
    group = campaign("Đ-26-KKT", reports=2)
    english, junk, erased = report("x", language="en"), report("rác"), report("xóa")
    for each in (english, junk, erased):
        add_to_campaign(each, group)
    decide("junk", junk, duty)
    erase(erased)
    preview = send(duty, begin(duty, group, "message"), reply=thanks.pk)
    first = Report.objects.earliest("received_at")
    assert f"Tin {first.public_number}: số này là lừa đảo" in words(preview)
    thanks.text_en = "Thank you. Report {so_tin}."
    thanks.save()
    again = send(duty, preview)  # it has changed since
    assert "Gửi cho 3 người báo" in words(again)
    assert not Message.objects.exists()
    for told in ("Đã làm 3 tin, không làm 0 tin.", "đã làm rồi, không làm lại"):
        assert told in words(send(duty, again))
    sent = encryption.decrypt_field(Message.objects.get(report=english), "text")
    assert sent == f"Thank you. Report {english.public_number}."
    assert not Message.objects.filter(report__in=[junk, erased]).exists()
    assert events.events_for("bulk", tree(again).forms[-1].fields["key"]).count() == 1


def test_who_asked_wrote_or_waits_for_the_notice_of_a_crime_is_answered_singly(
    duty: Person, lead: Person, thanks: CannedReply
) -> None:
    group = campaign("Đ-26-KKT", reports=1)
    asked, wrote, crime = report("rút"), report("viết"), report("tội phạm")
    for each in (asked, wrote, crime):
        add_to_campaign(each, group)
    add_followup(asked, kind="withdrawal")
    deadlines.start_for_new_reports()
    deadlines.start_for_requests()
    answered(wrote, "Tôi vừa mất thêm tiền.")
    decide("act", crime, lead)
    before = words(begin(duty, group, "message"))
    assert "Để lại 2 tin: người báo có lời" in before
    assert "Để lại 1 tin: tin báo về tội phạm" in before
    page = words(send(duty, send(duty, begin(duty, group, "message"), reply=thanks.pk)))
    assert "Đã làm 1 tin, không làm 3 tin." in page
    assert "có lời hoặc đề nghị chưa trả lời; mở tin ra trả lời riêng" in page
    assert "tin báo về tội phạm" in page
    assert not Message.objects.exclude(actor=None).filter(report__in=[asked, wrote, crime]).exists()
    running = Deadline.objects.pending().filter(report__in=[asked, crime])
    assert set(running.values_list("kind", flat=True)) >= {NOTIFY, FOLLOWUP_ANSWER}


def test_who_must_be_called_gets_no_thanks_with_all_others(
    duty: Person, thanks: CannedReply
) -> None:
    group, pressed = campaign("Đ-26-KKT", reports=1), report("họ đang ép", happening_now=True)
    add_to_campaign(pressed, group)
    deadlines.start_for_new_reports()
    page = words(send(duty, send(duty, begin(duty, group, "message"), reply=thanks.pk)))
    assert "còn bị ép hoặc chưa ai gọi được" in page
    assert not Message.objects.filter(report=pressed).exists()


def test_a_link_in_one_language_leaves_those_reports_and_the_result_is_kept(
    duty: Person, thanks: CannedReply
) -> None:
    group = campaign("Đ-26-KKT", reports=1)
    add_to_campaign(report("x", language="en"), group)
    CannedReply.objects.update(text_en="Read https://vi-du.example/a")
    page = words(send(duty, send(duty, begin(duty, group, "message"), reply=thanks.pk)))
    assert "Đã làm 1 tin, không làm 1 tin." in page
    assert "có đường dẫn" in page


def test_a_press_reaches_so_many_and_the_next_one_the_others(
    duty: Person, thanks: CannedReply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MAX_MESSAGES", 2)
    group = campaign("Đ-26-KKT", reports=3)
    for sent in (2, 3):
        page = begin(duty, group, "message")
        assert ("Mỗi lượt nhiều nhất 2 tin" in words(page)) == (sent == 2)
        send(duty, send(duty, page, reply=thanks.pk))
        assert Message.objects.values("report").distinct().count() == sent
    assert "Không có tin nào làm được việc này" in words(begin(duty, group, "message"))


def test_reports_that_are_left_out_keep_no_later_one_from_its_turn(
    duty: Person, thanks: CannedReply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MAX_MESSAGES", 1)
    pressed = [report("họ đang ép", happening_now=True), report("họ còn ép", happening_now=True)]
    group = campaign("Đ-26-KKT", reports=0)
    calm = report("xong")
    for each in (*pressed, calm):
        add_to_campaign(each, group)
    deadlines.start_for_new_reports()
    page = begin(duty, group, "message")
    assert "Để lại 2 tin: người báo còn bị ép" in words(page)
    preview = send(duty, page, reply=thanks.pk)
    assert "Gửi cho 1 người báo" in words(preview)
    send(duty, preview)
    assert list(Message.objects.values_list("report", flat=True)) == [calm.pk]
    nobody = words(begin(duty, group, "message"))
    assert "Không có tin nào làm được việc này. 2 tin: người báo còn bị ép" in nobody


def test_money_gone_is_left_to_the_outcome_of_a_closing(duty: Person) -> None:
    group = campaign("Đ-26-KKT", reports=0)
    lost = report("mất tiền", money_lost=True)
    add_to_campaign(lost, group)
    page = begin(duty, group, "close")
    assert "Kết thúc xử lý 1 tin" in words(page)
    assert "Đã làm 0 tin" in words(send(duty, page, outcome="scam", reason="Cùng một đợt."))
    assert "Đã làm 1 tin" in words(
        send(duty, begin(duty, group, "close"), outcome="duplicate", reason="Trùng.")
    )
    page = begin(duty, group, "junk")
    assert "Không có tin nào làm được" in words(page)


def test_only_who_may_do_the_act_begins_it(duty: Person, editor: Person) -> None:
    group = campaign("Đ-26-KKT", reports=1)
    asked = [(duty, "assign"), (editor, "message"), (duty, "x")]
    assert [begin(who, group, verb).status_code for who, verb in asked] == [403, 403, 409]
