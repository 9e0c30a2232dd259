"""One act, or one prepared message, for all reports of a campaign."""

from typing import Any

import pytest

from core import encryption
from core.audit import events
from reports.cases import bulk
from reports.models import Campaign, CannedReply, Case, Message, Report
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.desk_pages import QUEUE, tree, words
from tests.support.officers import Person
from tests.support.report_factories import decide, erase, report

pytestmark = pytest.mark.django_db


def begin(person: Person, group: Campaign, verb: str) -> Any:
    return person.client.post(f"/admin/reports/campaign/{group.pk}/together/", {"verb": verb})


def send(person: Person, page: Any, **typed: Any) -> Any:
    """Press the button of a form as it stands, with what is typed."""
    form = tree(page).forms[-1]
    address = form.action
    return person.client.post(address, dict(form.form_values()) | typed, follow=True)


@pytest.fixture
def thanks(db: None) -> CannedReply:
    CannedReply.objects.all().delete()
    text = "Tin {so_tin}: số này là lừa đảo, đừng chuyển tiền."
    return CannedReply.objects.create(title="Báo lừa đảo", text=text, text_en="Report {so_tin}.")


def test_all_open_reports_are_closed_and_the_pressed_one_is_left_and_told(duty: Person) -> None:
    group = campaign("Đ-26-KKT", reports=2)
    pressed = report("Họ đang giữ máy.", happening_now=True)
    add_to_campaign(pressed, group)
    done = group.links.exclude(report=pressed).first()
    assert done
    decide("junk", done.report, duty)
    page = begin(duty, group, "close")
    assert "Kết thúc xử lý 2 tin" in words(page)
    text = words(send(duty, page, outcome="scam", reason="Cùng một đợt."))
    assert "Đã làm 1 tin, không làm 1 tin." in text
    assert "còn đang bị ép" in text
    assert sorted(Case.objects.values_list("status", flat=True)) == ["closed", "junk", "new"]


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
    first = Report.objects.order_by("received_at").first()
    assert first
    assert f"Tin {first.public_number}: số này là lừa đảo" in words(preview)
    assert "Gửi cho 3 người báo" in words(preview)
    assert not Message.objects.exists()
    assert "Đã làm 3 tin, không làm 0 tin." in words(send(duty, preview))
    again = words(send(duty, preview))
    assert "đã làm rồi, không làm lại" in again
    sent = Message.objects.get(report=english)
    assert encryption.decrypt_field(sent, "text") == f"Report {english.public_number}."
    assert set(Message.objects.values_list("report", flat=True)).isdisjoint({junk.pk, erased.pk})
    assert events.events_for("bulk", tree(preview).forms[-1].fields["key"]).count() == 1
    assert "Không có tin nào làm được việc này" in words(begin(duty, group, "message"))


def test_a_text_that_changed_since_it_was_read_is_read_again(
    duty: Person, thanks: CannedReply
) -> None:
    group = campaign("Đ-26-KKT", reports=1)
    preview = send(duty, begin(duty, group, "message"), reply=thanks.pk)
    CannedReply.objects.update(text="Câu khác.")
    assert "Câu khác." in words(send(duty, preview))
    assert not Message.objects.exists()


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


def test_only_who_may_do_the_act_begins_it(duty: Person, editor: Person) -> None:
    group = campaign("Đ-26-KKT", reports=1)
    assert begin(duty, group, "assign").status_code == 403
    assert begin(editor, group, "message").status_code == 403
    assert begin(duty, group, "x").status_code == 409
    page = words(duty.client.get(f"/admin/reports/campaign/{group.pk}/change/"))
    assert "Xử lý cùng" in page
    assert "Nhắn mọi người báo" in page
    assert QUEUE in begin(duty, group, "junk").content.decode()
