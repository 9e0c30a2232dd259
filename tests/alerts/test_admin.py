"""The desk's pages of warnings: what each role can do, and that nothing is lost or done unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from alerts import publishing
from alerts.forms import free_slug
from alerts.models import Alert, AlertRevision, AlertStep
from tests.support.alert_factories import HOSTILE, cancelled, commune, draft, issued, submitted
from tests.support.campaign_factories import campaign
from tests.support.desk_pages import tree
from tests.support.officers import Person
from tests.support.warning_pages import ADD, fill_form, find_missing, get_text, issue, page, press

pytestmark = pytest.mark.django_db


def get_form(person: Person, alert: Alert) -> Any:
    return tree(person.client.get(page(alert))).get_element_by_id("alert_form")


def make_superuser(person: Person) -> None:
    person.user.is_superuser = True
    person.user.save()


def test_an_editor_writes_a_draft_under_their_own_name(editor: Person) -> None:
    editor.client.post(ADD, fill_form())
    alert = Alert.objects.get()
    assert alert.slug == "gia-nhan-vien-buu-dien"
    assert (alert.author, alert.stage) == (editor.user, Alert.Stage.DRAFT)
    assert alert.response_type == ["Avoid", "Monitor"]
    assert alert.steps.get().title == "Dọa phạt"


def test_a_draft_is_saved_with_what_there_is_and_says_what_it_lacks(editor: Person) -> None:
    empty = dict.fromkeys(("short_title", "summary", "advice", "sms", "sms_share"), "")
    editor.client.post(ADD, fill_form(**empty | {"steps-TOTAL_FORMS": 0}))
    alert = Alert.objects.get()
    words = ["Còn thiếu để gửi duyệt", "Tiêu đề ngắn", "Làm gì khi gặp", "từ một đến 12 bước"]
    words.append("Tin nhắn của Công an: chưa ghi.")
    assert find_missing(words, get_text(editor.client, page(alert))) == []
    assert "Chưa trình được" in press(editor, alert, "submit")
    for name in ("", "_page", "_paper", "_frame", "_picture", "_square", "_poster", "_pack"):
        address = reverse(f"admin:alerts_alert_preview{name}", args=[alert.pk])
        assert editor.client.get(address).status_code == 200, name


def test_a_bad_form_says_why_and_keeps_what_was_written(editor: Person) -> None:
    fields = fill_form(sms="Cúp máy", sms_share="a" * 170, summary="Điều đã gõ")
    words = ["chữ không dấu", "dài 170 ký tự", "Điều đã gõ"]
    assert find_missing(words, editor.client.post(ADD, fields).content.decode()) == []
    assert not Alert.objects.exists()


def test_the_story_of_a_warning_at_the_desk(editor: Person, approver: Person) -> None:
    alert = draft(author=editor.user)
    assert "Chờ duyệt" in press(editor, alert, "submit")
    assert "Đang có hiệu lực, bản 1" in issue(approver, alert)
    revision = AlertRevision.objects.get()
    assert (revision.author, revision.issued_by) == (editor.user, approver.user)
    Alert.objects.update(summary="Tóm tắt mới.")
    press(editor, alert, "submit")
    assert "Đang có hiệu lực, bản 2" in issue(approver, alert)
    Alert.objects.update(summary="Mới hơn.", effective=timezone.now() + timedelta(days=400))
    press(editor, alert, "submit")
    words = ["Đã ký và hẹn giờ", "Đang có hiệu lực, bản 2; hẹn "]
    assert find_missing(words, issue(approver, alert)) == []


def test_an_author_with_every_right_is_told_to_ask_another(editor: Person) -> None:
    make_superuser(editor)
    alert = submitted(author=editor.user)
    Alert.objects.update(author=editor.user)
    assert "không tự phát" in issue(editor, alert)
    assert "Phát cảnh báo</button>" not in get_text(editor.client, page(alert))
    assert not AlertRevision.objects.exists()


def test_a_text_in_review_is_read_only(editor: Person) -> None:
    alert = submitted()
    assert 'name="title"' not in get_text(editor.client, page(alert))
    assert editor.client.post(page(alert), fill_form(title="Lén sửa")).status_code == 403
    assert Alert.objects.get().title != "Lén sửa"


def test_who_sends_a_text_back_says_why_to_its_writer(editor: Person, approver: Person) -> None:
    alert = submitted()
    text = press(approver, alert, "send-back", reason=" \0 ")
    assert "Ghi vì sao trả lại" in text
    press(approver, alert, "send-back", reason="Bớt câu dọa <b>cắt điện</b>.")
    words = ["Người duyệt trả lại:</b> Bớt câu dọa &lt;b&gt;cắt điện&lt;/b&gt;.", 'name="title"']
    assert find_missing(words, get_text(editor.client, page(alert))) == []
    publishing.submit(alert, by=editor.user)
    assert "Người duyệt trả lại" not in get_text(editor.client, page(alert))


def test_a_writer_takes_a_text_back_without_a_word(editor: Person) -> None:
    alert = submitted()
    assert "Lấy lại để sửa" in get_text(editor.client, page(alert))
    press(editor, alert, "send-back")
    alert.refresh_from_db()
    assert alert.stage == Alert.Stage.DRAFT


def test_a_text_to_be_issued_is_read_in_words(approver: Person) -> None:
    alert = submitted(scenario="provincial_leader", response_type=["Avoid"])
    text = get_text(approver.client, page(alert))
    assert "Giả danh lãnh đạo tỉnh, sở, ngành" in text
    assert find_missing(["provincial_leader", "Avoid"], text) == ["provincial_leader", "Avoid"]
    assert text.count("module collapse") == 1  # of the translations alone, as there is none


def test_a_writer_is_told_that_to_change_what_is_issued_is_a_new_edition(editor: Person) -> None:
    told = "Sửa ở dưới là soạn bản mới."
    alert = issued().alert
    assert told in get_text(editor.client, page(alert))
    Alert.objects.update(summary="Lời mới.")
    assert told not in get_text(editor.client, page(alert))


def test_the_start_page_leads_approvers_to_others_texts(editor: Person, approver: Person) -> None:
    link = "?stage__exact=review"
    assert link not in get_text(approver.client, "/admin/")
    alert = submitted()
    assert link in get_text(approver.client, "/admin/")
    assert link not in get_text(editor.client, "/admin/")
    Alert.objects.filter(pk=alert.pk).update(author=approver.user)
    assert link not in get_text(approver.client, "/admin/")


def test_an_old_screen_issues_nothing(approver: Person) -> None:
    alert = submitted()
    draft_etag = publishing.draft_etag(alert)
    AlertStep.objects.update(quote="Lời khác.")
    assert "Nội dung đã đổi" in press(
        approver, alert, "issue", draft_etag=draft_etag, has_read="yes"
    )
    assert not AlertRevision.objects.exists()


def test_an_approver_cancels_by_a_choice_of_what_residents_read(approver: Person) -> None:
    alert = issued().alert
    assert "Cảnh báo này đã hết hiệu lực.</option>" in get_text(approver.client, page(alert))
    assert "Đã hủy" in press(approver, alert, "cancel", ending="error")
    assert AlertRevision.objects.get(msg_type="Cancel").frozen_content.message.is_withdrawn


def test_a_cancelled_warning_is_read_only_without_buttons(editor: Person, approver: Person) -> None:
    alert = cancelled(issued()).alert
    for person in (editor, approver):
        names = ['name="title"', "/submit/", "/issue/", "/cancel/"]
        assert find_missing(names, get_text(person.client, page(alert))) == names


def test_issuing_asks_whether_the_text_was_read(approver: Person) -> None:
    alert = submitted()
    assert "Tôi đã đọc bản này</label>" in get_text(approver.client, page(alert))
    text = press(approver, alert, "issue", draft_etag=publishing.draft_etag(alert))
    assert "Chưa phát. Đọc bản này" in text
    assert not AlertRevision.objects.exists()


def test_an_update_is_shown_beside_the_issued_edition_word_by_word(approver: Person) -> None:
    alert = issued(summary="Kẻ gian gọi, dọa cắt điện <b>.", certainty="Observed").alert
    assert "Khác bản đang đăng" not in get_text(approver.client, page(alert))
    alert.communes.add(commune())
    Alert.objects.update(summary="Kẻ gian gọi, dọa cắt nước <b>.", certainty="Likely")
    publishing.submit(alert, by=alert.author)
    words = [
        "Khác bản đang đăng: 3 chỗ", "dọa cắt <del>điện </del>&lt;b&gt;.", "dọa cắt <ins>nước </ins>&lt;b&gt;.",
        "<del>Đã xác minh</del>", "<ins>Nhiều khả năng</ins>", "(trống)", "<ins>Phường Thử</ins>",
        "và chỗ khác bản đang đăng</label>",
    ]  # fmt: skip
    assert find_missing(words, get_text(approver.client, page(alert))) == []


def test_a_new_warning_has_four_steps_and_asks_for_no_term_of_cap(editor: Person) -> None:
    form = tree(editor.client.get(ADD)).get_element_by_id("alert_form")
    assert [link.text[:2] for link in form.find_class("form-steps")[0].iter("a")] == [
        "1.",
        "2.",
        "3.",
        "4.",
    ]
    assert form.fields["certainty"] == "Likely"
    for name in ("certainty", "response_type", "document_number", "title_en"):
        assert form.xpath(f"//details//*[@name='{name}']"), name
    assert "Rời đi" not in form.text_content()


def test_saving_for_review_submits_what_is_whole_and_keeps_what_is_not(editor: Person) -> None:
    text = editor.client.post(
        ADD, fill_form(short_title="", _review="x"), follow=True
    ).content.decode()
    assert find_missing(["Chưa trình được", "Còn thiếu để gửi duyệt"], text) == []
    alert = Alert.objects.get()
    step = {
        "steps-INITIAL_FORMS": 1,
        "steps-0-id": alert.steps.get().pk,
        "steps-0-alert": str(alert.pk),
    }
    whole = fill_form(loaded_at=alert.changed_at.isoformat(), _review="x", **step)
    assert (
        "Đã lưu và gửi đi duyệt"
        in editor.client.post(page(alert), whole, follow=True).content.decode()
    )
    alert.refresh_from_db()
    assert alert.stage == Alert.Stage.REVIEW


def test_steps_are_put_in_order_by_a_choice_and_new_ones_added_later(editor: Person) -> None:
    alert = draft()
    first = alert.steps.get()
    fields = fill_form(loaded_at=alert.changed_at.isoformat()) | {
        "steps-TOTAL_FORMS": 4, "steps-INITIAL_FORMS": 1, "steps-0-id": first.pk, "steps-0-alert": str(alert.pk),
        "steps-1-position": 2, "steps-1-title": "", "steps-1-text": "", "steps-1-quote": "",
        "steps-2-position": 3, "steps-2-title": "Hai", "steps-2-text": "b",
        "steps-3-position": 1, "steps-3-title": "Trước", "steps-3-text": "c",
    }  # fmt: skip
    editor.client.post(page(alert), fields)
    steps = list(alert.steps.values_list("position", "title"))
    assert steps == [(1, "Trước"), (2, "Dọa phạt"), (3, "Hai")]
    moved = fill_form(loaded_at=Alert.objects.get().changed_at.isoformat())
    for place, step in enumerate(alert.steps.all()):
        moved |= {
            f"steps-{place}-{name}": getattr(step, name)
            for name in ("id", "position", "title", "text")
        }
        moved[f"steps-{place}-alert"] = str(alert.pk)
    moved |= {"steps-TOTAL_FORMS": 3, "steps-INITIAL_FORMS": 3, "steps-2-position": 1}
    editor.client.post(page(alert), moved)
    assert list(alert.steps.values_list("title", flat=True)) == ["Hai", "Trước", "Dọa phạt"]
    again = tree(editor.client.get(page(alert)))
    assert again.xpath("//select[@name='steps-4-position']/option[@selected]/text()") == ["Bước 5"]


def test_two_editors_at_once_lose_nothing(editor: Person) -> None:
    alert = draft()
    step = alert.steps.get()
    steps = {"steps-INITIAL_FORMS": 1, "steps-0-id": step.pk, "steps-0-alert": str(alert.pk)}
    old = fill_form(title="Bản của tôi", loaded_at="2026-01-01T00:00:00+00:00", **steps)
    text = editor.client.post(page(alert), old).content.decode()
    assert find_missing(["vừa sửa cảnh báo này", "Bản của tôi"], text) == []
    assert Alert.objects.get().title == alert.title
    again = old | {"loaded_at": alert.changed_at.isoformat()}
    assert f'value="{again["loaded_at"]}"' in text
    editor.client.post(page(alert), again)
    assert Alert.objects.get().title == "Bản của tôi"


@pytest.mark.parametrize("typed", ["Đ-26-5X8", "d26 5x8", "5X8"])
def test_a_campaign_is_named_by_its_code_or_the_end_of_it(editor: Person, typed: str) -> None:
    group, alert = campaign("Đ-26-5X8"), draft(author=editor.user)
    form = get_form(editor, alert)
    assert not form.fields["campaign"]
    values = dict(form.form_values()) | {"campaign": typed}
    assert editor.client.post(page(alert), values).status_code == 302
    assert Alert.objects.get().campaign == group
    form = get_form(editor, alert)
    assert form.fields["campaign"] == "Đ-26-5X8"
    refused = editor.client.post(page(alert), dict(form.form_values()) | {"campaign": "ZZZ"})
    assert "Không có đợt mang mã “ZZZ”" in refused.content.decode()


@pytest.mark.parametrize("key", ["", "x", "00000000-0000-0000-0000-000000000000", "%00"])
def test_an_unknown_campaign_gives_an_empty_form(editor: Person, key: str) -> None:
    assert editor.client.get(f"{ADD}?campaign={key}").status_code == 200


def test_revisions_are_read_as_text_and_never_touched(editor: Person) -> None:
    make_superuser(editor)
    revision = issued(summary=HOSTILE)
    address = reverse("admin:alerts_alertrevision_change", args=[revision.pk])
    text, script = get_text(editor.client, address), "<script>alert(1)"
    assert find_missing([revision.identifier, "&lt;script&gt;alert(1)", script], text) == [script]
    assert editor.client.post(address, {"version": 9}).status_code == 403
    assert editor.client.get(address.replace("change", "delete")).status_code == 403
    assert editor.client.get("/admin/alerts/alertrevision/add/").status_code == 403


def test_an_issued_warning_cannot_be_deleted_by_anyone(editor: Person) -> None:
    make_superuser(editor)
    alert = issued().alert
    address = reverse("admin:alerts_alert_delete", args=[alert.pk])
    assert editor.client.post(address, {"post": "yes"}).status_code == 403
    fields = {"action": "delete_selected", "_selected_action": str(alert.pk), "post": "yes"}
    editor.client.post(reverse("admin:alerts_alert_changelist"), fields)
    assert Alert.objects.exists()


def test_the_list_tells_where_each_warning_stands(editor: Person) -> None:
    draft("mot")
    submitted("hai")
    cancelled(issued("ba"))
    text = get_text(editor.client, "/admin/alerts/alert/")
    assert find_missing(["Đang soạn", "Chờ duyệt", "Đã hủy"], text) == []


@pytest.mark.parametrize(
    ("title", "slug"), [("Giả điện lực!", "gia-dien-luc-2"), ("", "canh-bao"), ("???", "canh-bao")]
)
def test_an_address_is_made_of_the_title_and_is_free(title: str, slug: str) -> None:
    draft("gia-dien-luc")
    assert free_slug(title) == slug
