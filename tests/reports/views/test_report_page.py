"""The report page, as frightened, clumsy and hostile people use it."""

import json
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from lxml import html
from pytest_django import Settings

from reports.models import Commune, Report
from reports.submission import intake
from reports.triage import service
from tests.support.resident_pages import (
    RECEIPT,
    REPORT,
    checked,
    code_of,
    hidden,
    hidden_of,
    send,
    value,
    words,
)

pytestmark = pytest.mark.django_db

STORY = "Họ xưng công an, bảo tôi chuyển tiền."


def test_a_story_alone_is_enough(client: Client) -> None:
    answer = send(client, story=STORY)
    assert (answer.status_code, answer["Location"]) == (303, RECEIPT)
    assert Report.objects.get().story == STORY


def test_a_number_alone_is_enough(client: Client) -> None:
    assert send(client, caller_number="0550 000 123").status_code == 303
    assert Report.objects.get().caller_number == "0550 000 123"


def test_every_field_arrives_under_its_name(client: Client) -> None:
    send(
        client,
        happening_now="yes",
        channel="app",
        caller_number="+44 7700 900123",
        claimed_office="bank",
        claimed_name="ông Hai",
        story=STORY,
        demands=["money", "give_otp"],
        money_lost="yes",
        money_lost_vnd="20 triệu",
        commune="Xã không có",
        on_behalf="yes",
    )
    report = Report.objects.get()
    assert (report.happening_now, report.channel, report.on_behalf) == (True, "app", True)
    assert (report.caller_number, report.claimed_office) == ("+44 7700 900123", "bank")
    assert (report.claimed_name, report.demands) == ("ông Hai", ["money", "give_otp"])
    assert (report.money_lost, report.money_lost_raw) == (True, "20 triệu")
    assert report.commune_raw == "Xã không có"


def test_what_is_not_said_stays_unsaid(client: Client) -> None:
    send(client, story=STORY)
    report = Report.objects.get()
    assert (report.happening_now, report.money_lost, report.channel) == (None, None, "")


def test_no_is_not_silence(client: Client) -> None:
    send(client, story=STORY, happening_now="no", money_lost="no", on_behalf="no")
    report = Report.objects.get()
    assert (report.happening_now, report.money_lost, report.on_behalf) == (False, False, False)


@pytest.mark.parametrize(
    "said",
    [
        {"demands": ["threat", "isolation", "money", "secrets", "software"]},
        {"claimed_office": "police"},
        {"claimed_name": "Thượng úy"},
        {"money_lost": "yes"},
        {"money_lost_vnd": "20 triệu"},
        {"happening_now": "yes"},
    ],
)
def test_whatever_is_told_of_the_call_is_a_report(client: Client, said: dict[str, Any]) -> None:
    assert send(client, **said).status_code == 303
    receipt = client.get(RECEIPT).content
    asked = html.document_fromstring(receipt).xpath("//form//input[starts-with(@id, 'ask_')]/@name")
    assert {"leg_number", "story"} <= set(asked)
    assert service.extract(Report.objects.get())


def test_an_empty_report_is_the_only_error(client: Client) -> None:
    said = {"commune": "Lam Sơn", "channel": "app", "money_lost": "no", "demands": ["?"]}
    answer = send(client, story=" \n", caller_number=" ", **said)
    assert answer.status_code == 422
    assert not Report.objects.exists()
    assert "Chọn ít nhất một ô, hoặc kể một câu." in words(answer.content)
    assert "Những gì bạn đã viết vẫn còn nguyên" in words(answer.content)
    assert b'role="alert"' in answer.content
    assert b'href="#id_story"' in answer.content
    assert value(answer.content, "commune") == "Lam Sơn"
    assert checked(answer.content, "channel") == ["app"]


def test_nobody_who_wrote_nothing_is_told_that_it_is_kept(client: Client) -> None:
    assert "vẫn còn nguyên" not in words(send(client, channel="hidden").content)


def test_a_page_that_came_back_sends_with_one_more_press(client: Client) -> None:
    again = hidden_of(send(client, commune="Lam Sơn").content)
    assert client.post(REPORT, {**again, "story": STORY}).status_code == 303


@pytest.mark.parametrize(
    "story",
    [
        "a" * 20_000,
        "😱 họ gọi 📞 liên tục",
        "\u202eđảo chữ\u202c và \u200fdấu",
        "<script>alert('x')</script> & \"nháy\"",
        "dòng một\r\n\r\ndòng hai\t",
        "Ậ Ỗ Ữ tách dấu: A\u0302\u0323",
    ],
)
def test_a_story_is_kept_sign_by_sign(client: Client, story: str) -> None:
    assert send(client, story=story).status_code == 303
    assert Report.objects.get().story == story


def test_nul_is_replaced_and_said(client: Client) -> None:
    assert send(client, story="trước\0sau").status_code == 303
    report = Report.objects.get()
    assert report.story == "trước\ufffdsau"
    assert "signs_replaced" in report.flags


def test_bytes_that_are_no_text_are_kept_as_far_as_they_go(client: Client) -> None:
    fields = hidden(client)
    body = f"story=x%ED%A0%80y%ff&form_token={fields['form_token']}"
    answer = client.post(REPORT, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 303
    assert Report.objects.get().story.startswith("x\ufffd")


def test_html_comes_back_as_text(client: Client) -> None:
    answer = send(client, commune="<b onclick=x>Lam Sơn</b>")
    assert b"<b onclick" not in answer.content
    assert value(answer.content, "commune") == "<b onclick=x>Lam Sơn</b>"


def test_a_body_that_is_far_too_large_is_read_past_and_answered(client: Client) -> None:
    body = b"story=" + b"x" * 6_000_000
    line = BytesIO(body)
    kind = "application/x-www-form-urlencoded"
    answer = client.post(REPORT, body, content_type=kind, **{"wsgi.input": line})
    assert answer.status_code == 413
    assert line.tell() == len(body)


def test_a_body_over_the_limit_comes_back_with_its_text(client: Client) -> None:
    story = "dài " * 500_000
    answer = send(client, story=story, caller_number="0550 000 123")
    assert answer.status_code == 413
    assert "1,5 triệu ký tự" in words(answer.content)
    assert value(answer.content, "story") == story
    assert not Report.objects.exists()


def test_a_body_far_over_the_limit_is_not_even_read(client: Client) -> None:
    answer = send(client, story="x" * 5_000_000)
    assert answer.status_code == 413
    assert "Quay lại" in words(answer.content)


def test_just_under_the_limit_is_taken(client: Client) -> None:
    assert send(client, story="a" * 1_490_000).status_code == 303


def test_too_many_fields_give_the_text_back(client: Client) -> None:
    fields = {**hidden(client), "story": STORY} | {f"f{n}": "x" for n in range(3000)}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    answer = client.post(REPORT, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 413
    assert value(answer.content, "story") == STORY


def test_fields_that_nobody_knows_are_ignored(client: Client) -> None:
    assert send(client, story=STORY, lạ="x", is_staff="yes").status_code == 303


def test_a_broken_multipart_body_is_answered(client: Client) -> None:
    answer = client.post(REPORT, b"rubbish", content_type="multipart/form-data; boundary=")
    assert answer.status_code == 400
    assert "không đọc được" in words(answer.content)


def test_a_body_without_its_length_is_not_taken_for_an_empty_form(client: Client) -> None:
    """As gunicorn hands over what a client sends in chunks."""
    fields = {**hidden(client), "story": STORY}
    answer = client.post(REPORT, fields, headers={"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411
    assert "không đọc được" in words(answer.content)
    assert "Chưa gửi được" in words(answer.content)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "nonsense"])
def test_a_body_of_another_kind_is_an_empty_page(client: Client, kind: str) -> None:
    answer = client.post(REPORT, json.dumps({"story": STORY}), content_type=kind)
    assert answer.status_code == 422


def test_a_charset_that_is_not_ours_costs_nothing(client: Client) -> None:
    fields = hidden(client)
    body = f"story=abc&form_token={fields['form_token']}"
    kind = "application/x-www-form-urlencoded; charset=iso-8859-1"
    assert client.post(REPORT, body, content_type=kind).status_code == 303


def test_a_file_in_the_body_does_no_harm(client: Client, tmp_path: Any) -> None:
    path = tmp_path / "anh.jpg"
    path.write_bytes(b"\xff\xd8")
    with path.open("rb") as file:
        assert send(client, story=STORY, files=file).status_code == 303


def test_unknown_choices_are_not_an_error(client: Client) -> None:
    answer = send(
        client,
        story=STORY,
        channel="telepathy",
        claimed_office="x" * 100,
        demands=["money", "nonsense", "money"],
        money_lost="maybe",
    )
    assert answer.status_code == 303
    report = Report.objects.get()
    assert (report.channel, report.demands, report.money_lost) == ("", ["money"], None)
    assert (report.claimed_office, report.claimed_name) == ("", "x" * 100 + "\n")
    assert "demand_unknown" in report.flags


@pytest.mark.parametrize(
    ("field", "typed", "flag"),
    [
        ("money_lost_vnd", "nhiều lắm", "money_unread"),
        ("commune", "Lam Sn", "commune_unknown"),
        ("contact_phone", "00000001", "contact_doubtful"),
        ("contact_phone", "0550000111 hoặc 0550000112", "contact_doubtful"),
        ("contact_phone", "+44 7700 900123", "contact_doubtful"),
        ("contact_phone", "không có máy", "contact_unread"),
        ("website", "http://x", "trap_filled"),
    ],
)
def test_what_cannot_be_read_is_kept_and_flagged(
    client: Client, field: str, typed: str, flag: str
) -> None:
    assert send(client, story=STORY, **{field: typed}).status_code == 303
    assert flag in Report.objects.get().flags


def test_a_contact_that_is_the_callers_own_number_is_flagged(client: Client) -> None:
    send(client, caller_number="0992 000 123", contact_phone="+84992000123")
    assert "contact_is_caller" in Report.objects.get().flags


def test_a_report_within_three_seconds_is_flagged_and_kept(client: Client) -> None:
    send(client, story=STORY)
    assert Report.objects.get().flags == ["too_fast"]


def test_a_report_after_a_minute_has_no_flag(client: Client) -> None:
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        fields = hidden(client)
    with time_machine.travel("2026-11-24 10:01:00+07:00", tick=False):
        client.post(REPORT, {**fields, "story": STORY})
    assert Report.objects.get().flags == []


def test_a_commune_chosen_from_the_list_is_known(client: Client) -> None:
    commune = Commune.objects.create(
        codename="xa_lam_son",
        code="1",
        name="Xã Lam Sơn",
        former_districts=["Huyện Thọ Xuân"],
        former_communes=["Thị trấn Lam Sơn"],
        sort_key="lam son",
    )
    page = client.get(REPORT).content
    assert "<option>Xã Lam Sơn (Thọ Xuân)" in page.decode()
    send(client, story=STORY, commune="Xã Lam Sơn (Thọ Xuân)")
    assert Report.objects.get().commune == commune


def test_a_foreign_page_cannot_send_but_the_text_is_kept(client: Client) -> None:
    answer = send(client, {"Origin": "https://ke-gian.example"}, story=STORY)
    assert answer.status_code == 403
    assert value(answer.content, "story") == STORY
    assert not Report.objects.exists()


def test_after_a_foreign_page_our_own_sends_with_one_more_press(client: Client) -> None:
    page = send(client, {"Origin": "https://ke-gian.example"}, story=STORY).content
    fields = {**hidden_of(page), "story": value(page, "story")}
    answer = client.post(REPORT, fields, headers={"Origin": "http://testserver"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://127.0.0.1:8000"}, 303),  # PORTAL_URL
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver.ke-gian.example"}, 403),
    ],
)
def test_who_may_send(client: Client, headers: dict[str, str], status: int) -> None:
    assert send(client, headers, story=STORY).status_code == status


def test_a_page_left_open_for_hours_sends_at_once(client: Client) -> None:
    with time_machine.travel("2026-11-23 10:30:00+07:00", tick=False):
        fields = hidden(client)
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        assert client.post(REPORT, {**fields, "story": STORY}).status_code == 303


def test_a_stale_page_gives_the_text_back_and_sends_then(client: Client) -> None:
    with time_machine.travel("2026-11-20 10:00:00+07:00", tick=False):
        fields = hidden(client)
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        page = client.post(REPORT, {**fields, "story": STORY})
        assert page.status_code == 422
        assert "mở quá lâu" in words(page.content)
        again = {**hidden_of(page.content), "story": value(page.content, "story")}
        assert client.post(REPORT, again).status_code == 303


@pytest.mark.parametrize("token", ["", "f:abc:def", "\0", "x" * 5000, ":::"])
def test_a_token_that_is_not_ours_gives_the_text_back(client: Client, token: str) -> None:
    answer = client.post(REPORT, {"story": STORY, "form_token": token})
    assert answer.status_code == 422
    assert value(answer.content, "story") == STORY


@pytest.mark.parametrize(
    "key", ["", "short", "x" * 65, "có dấu và dài đủ mười sáu", "../../etc/passwd"]
)
def test_a_malformed_submission_key_gets_a_fresh_one(client: Client, key: str) -> None:
    assert send(client, story=STORY, submission_key=key).status_code == 303
    assert Report.objects.get().submission_key != key


def test_a_client_may_bring_its_own_submission_key(client: Client) -> None:
    send(client, story=STORY, submission_key="made-by-the-phone_01")
    assert Report.objects.get().submission_key == "made-by-the-phone_01"


def test_without_a_database_the_page_comes_back_with_its_text(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OperationalError

    fields = hidden(client)
    monkeypatch.setattr(intake, "submit_report", broken)
    answer = client.post(REPORT, {**fields, "story": STORY, "contact_phone": "0550 000 111"})
    assert answer.status_code == 503
    assert "Chưa gửi được" in words(answer.content)
    assert "Đã nhận" not in words(answer.content)
    assert value(answer.content, "story") == STORY
    assert value(answer.content, "contact_phone") == "0550 000 111"
    assert hidden_of(answer.content)["submission_key"] == fields["submission_key"]


def test_a_page_without_a_database_can_still_be_filled_in(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError

    monkeypatch.setattr("reports.reference.gazetteer.communes", broken)
    assert client.get(REPORT).status_code == 200


def test_the_page_sets_no_cookie_and_varies_by_none(client: Client) -> None:
    answer = client.get(REPORT)
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    assert "no-store" not in answer["Cache-Control"]


def test_two_visitors_get_different_keys(client: Client) -> None:
    assert hidden(client)["submission_key"] != hidden(client)["submission_key"]


def test_the_page_posts_to_an_address_of_its_own(client: Client) -> None:
    """A browser that posts to a page's own address forgets the page, and its submission key."""
    form = html.document_fromstring(client.get(REPORT).content).xpath("//form[.//textarea]")[0]
    assert form.action == "/bao-cao/gui/"
    assert client.post(form.action, hidden(client) | {"story": STORY})["Location"] == RECEIPT
    asked = client.get(form.action)
    assert (asked.status_code, asked["Location"]) == (303, REPORT)


def test_answers_to_a_post_are_never_stored(client: Client) -> None:
    for answer in (send(client, story=STORY), send(client), client.get(RECEIPT)):
        assert "no-store" in answer["Cache-Control"]


def test_an_error_page_sets_no_cookie(client: Client) -> None:
    assert not send(client).cookies


def test_the_receipt_cookie_is_short_sealed_and_ours_alone(
    client: Client, settings: Settings
) -> None:
    cookie = send(client, story=STORY).cookies["receipt"]
    code = code_of(client.get(RECEIPT).content)
    assert (cookie["path"], cookie["max-age"]) == ("/bao-cao/", 900)
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert code not in cookie.value
    settings.HTTPS = True
    settings.SECURE_SSL_REDIRECT = False
    assert send(client, story=STORY).cookies["receipt"]["secure"]


def test_the_code_is_in_no_address(client: Client) -> None:
    answer = send(client, story=STORY)
    code = code_of(client.get(answer["Location"]).content)
    assert len(code) == 16
    assert code not in answer["Location"]
    assert code.lower() not in str(answer.headers).lower()


def test_the_same_form_twice_is_one_report_with_one_code(client: Client) -> None:
    fields = {**hidden(client), "story": STORY}
    codes = []
    for _ in range(2):
        assert client.post(REPORT, fields).status_code == 303
        codes.append(code_of(client.get(RECEIPT).content))
    assert codes[0] == codes[1]
    assert Report.objects.count() == 1


def test_other_words_under_the_same_key_are_a_further_report(client: Client) -> None:
    fields = hidden(client)
    client.post(REPORT, {**fields, "story": STORY})
    client.post(REPORT, {**fields, "story": STORY + " Họ gọi lại."})
    assert Report.objects.count() == 2


def test_a_later_second_press_is_still_the_same_report(client: Client) -> None:
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        fields = {**hidden(client), "story": STORY}
        client.post(REPORT, fields)  # flagged as too fast
    with time_machine.travel("2026-11-24 10:09:00+07:00", tick=False):
        client.post(REPORT, fields)
    assert Report.objects.count() == 1


def test_a_browser_without_cookies_gets_its_code_by_sending_again() -> None:
    fields = {**hidden(Client()), "story": STORY}
    assert Client().post(REPORT, fields).status_code == 303
    assert "Bấm Gửi tin báo lần nữa" in words(Client().get(RECEIPT).content)
    answer = Client().post(REPORT, fields)
    assert answer.status_code == 200
    assert len(code_of(answer.content)) == 16
    assert Report.objects.count() == 1


@pytest.mark.parametrize("cookie", ["", "rubbish", "gAAAAA", "không"])
def test_a_cookie_that_is_not_ours_shows_no_receipt(client: Client, cookie: str) -> None:
    client.cookies["receipt"] = cookie
    answer = client.get(RECEIPT)
    assert answer.status_code == 200
    assert not code_of(answer.content)


def test_the_receipt_is_gone_after_a_quarter_of_an_hour(client: Client) -> None:
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        send(client, story=STORY)
    with time_machine.travel("2026-11-24 10:16:00+07:00", tick=False):
        assert not code_of(client.get(RECEIPT).content)


def test_the_receipt_shows_code_number_and_phrase(client: Client) -> None:
    send(client, story=STORY, contact_phone="0550 000 111", callback_phrase="bến Sung, 47")
    page = words(client.get(RECEIPT).content)
    assert Report.objects.get().public_number in page
    assert "“bến Sung, 47”" in page
    assert "Bạn không để lại số" not in page


def test_the_receipt_says_that_nobody_will_ring(client: Client) -> None:
    send(client, story=STORY)
    page = words(client.get(RECEIPT).content)
    assert "Bạn không để lại số" in page
    assert "Câu hẹn của bạn" not in page


def test_the_receipt_promises_no_time_and_no_result(client: Client) -> None:
    send(client, story=STORY)
    page = words(client.get(RECEIPT).content)
    assert "Dự kiến" not in page
    assert "chưa thể hứa trước kết quả" in page


def test_the_answers_from_the_call_page_are_filled_in(client: Client) -> None:
    page = client.get(REPORT, {"money": "yes", "secrets": "no", "software": "yes"}).content
    assert checked(page, "demands") == ["money", "software"]


def test_nothing_else_can_be_filled_in_by_an_address(client: Client) -> None:
    page = client.get(REPORT, {"story": "lừa", "caller_number": "0550", "money": "<x>"}).content
    assert value(page, "story") == ""
    assert value(page, "caller_number") == ""
    assert checked(page, "demands") == []


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put(REPORT).status_code == 405
    assert client.post(RECEIPT).status_code == 405


def test_a_database_that_goes_after_the_report_leaves_the_code_on_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise OperationalError

    fields = {**hidden(Client()), "story": STORY}
    Client().post(REPORT, fields)
    monkeypatch.setattr("reports.facts.merged_report.merged_report", broken)
    answer = Client().post(REPORT, fields)
    assert answer.status_code == 200
    assert len(code_of(answer.content)) == 16
