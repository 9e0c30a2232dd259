"""The report page, as frightened, clumsy and hostile people use it."""

from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from lxml import html

from reports.models import Report
from reports.submission import intake
from reports.triage import report_triage
from tests.support.data_files import read_cases
from tests.support.resident_pages import (
    FOREIGN_ORIGIN,
    RECEIPT,
    REPORT,
    checked,
    hidden,
    hidden_of,
    send,
    value,
    words,
)

pytestmark = pytest.mark.django_db

STORY = "Họ xưng công an, bảo tôi chuyển tiền."


@pytest.mark.parametrize("field", [{"story": STORY}, {"caller_number": "0550 000 123"}], ids=str)
def test_one_field_is_enough(client: Client, field: dict[str, str]) -> None:
    answer = send(client, **field)
    assert (answer.status_code, answer["Location"]) == (303, RECEIPT)
    assert Report.objects.values(*field).get() == field


def test_every_field_arrives_under_its_name(client: Client) -> None:
    told = {"channel": "app", "caller_number": "+44 7700 900123", "story": STORY}
    told |= {"claimed_office": "bank", "claimed_name": "ông Hai", "demands": ["money", "give_otp"]}
    ticked = ("happening_now", "money_lost", "on_behalf")
    typed = {"money_lost_vnd": "20 triệu", "commune": "Xã không có"}
    send(client, **told, **typed, **dict.fromkeys(ticked, "yes"))
    kept = told | dict.fromkeys(ticked, True)
    kept |= {"money_lost_raw": "20 triệu", "commune_raw": "Xã không có"}
    assert Report.objects.values(*kept).get() == kept


def test_what_is_not_said_stays_unsaid_and_no_is_not_silence(client: Client) -> None:
    send(client, story=STORY)
    send(client, story=STORY, happening_now="no", money_lost="no", on_behalf="no")
    silent, denied = Report.objects.order_by("received_at")
    assert (silent.happening_now, silent.money_lost, silent.channel) == (None, None, "")
    assert (denied.happening_now, denied.money_lost, denied.on_behalf) == (False, False, False)


@pytest.mark.parametrize("fields", read_cases("report_page.json", "told"))
def test_whatever_is_told_of_the_call_is_a_report(client: Client, fields: dict[str, Any]) -> None:
    assert send(client, **fields).status_code == 303
    receipt = client.get(RECEIPT).content
    names = html.document_fromstring(receipt).xpath("//form//input[starts-with(@id, 'ask_')]/@name")
    assert {"leg_number", "story"} <= set(names)
    assert report_triage.extract(Report.objects.get())


def test_an_empty_report_is_the_only_error_and_sends_with_one_more_press(client: Client) -> None:
    commune = "<b onclick=x>Lam Sơn</b>"
    fields = {"commune": commune, "channel": "app", "money_lost": "no", "demands": ["?"]}
    answer = send(client, story=" \n", caller_number=" ", **fields)
    assert answer.status_code == 422
    assert not Report.objects.exists()
    assert "Chọn ít nhất một ô, hoặc kể một câu." in words(answer.content)
    assert "Những gì bạn đã viết vẫn còn nguyên" in words(answer.content)
    assert b'role="alert"' in answer.content
    assert b'href="#id_story"' in answer.content
    assert value(answer.content, "commune") == commune
    assert b"<b onclick" not in answer.content
    assert checked(answer.content, "channel") == ["app"]
    again = client.post(REPORT, {**hidden_of(answer.content), "story": STORY})
    assert again.status_code == 303


def test_nobody_who_wrote_nothing_is_told_that_it_is_kept(client: Client) -> None:
    assert "vẫn còn nguyên" not in words(send(client, channel="hidden").content)


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
def test_a_story_is_kept_character_by_character(client: Client, story: str) -> None:
    assert send(client, story=story).status_code == 303
    assert Report.objects.get().story == story


def test_unknown_choices_are_not_an_error(client: Client) -> None:
    unknown = {"channel": "telepathy", "claimed_office": "x" * 100, "money_lost": "maybe"}
    demands = ["money", "nonsense", "money"]
    assert send(client, story=STORY, demands=demands, **unknown).status_code == 303
    report = Report.objects.get()
    assert (report.channel, report.demands, report.money_lost) == ("", ["money"], None)
    assert (report.claimed_office, report.claimed_name) == ("", "x" * 100 + "\n")
    assert "demand_unknown" in report.flags


@pytest.mark.parametrize(("typed", "flag"), read_cases("report_page.json", "doubtful"))
def test_what_is_doubtful_or_comes_within_three_seconds_is_kept_and_flagged(
    client: Client, typed: dict[str, str], flag: str
) -> None:
    assert send(client, story=STORY, **typed).status_code == 303
    assert flag in Report.objects.get().flags


@pytest.mark.usefixtures("reference_rows")
def test_a_commune_chosen_from_the_list_is_known(client: Client) -> None:
    assert "<option>Xã Lam Sơn (Thọ Xuân)" in client.get(REPORT).content.decode()
    send(client, story=STORY, commune="Xã Lam Sơn (Thọ Xuân)")
    assert Report.objects.get().commune_id == "xa_lam_son"


def test_a_foreign_page_cannot_send_and_ours_does_with_one_more_press(client: Client) -> None:
    answer = send(client, FOREIGN_ORIGIN, story=STORY)
    assert answer.status_code == 403
    assert not Report.objects.exists()
    assert value(answer.content, "story") == STORY
    fields = {**hidden_of(answer.content), "story": STORY}
    again = client.post(REPORT, fields, headers={"Origin": "http://testserver"})
    assert again.status_code == 303


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


@pytest.mark.parametrize("opened", ["2026-11-23 10:30:00+07:00", "2026-11-24 09:59:56+07:00"])
def test_a_page_left_open_for_seconds_or_hours_sends_at_once_and_unmarked(
    client: Client, opened: str
) -> None:
    with time_machine.travel(opened, tick=False):
        fields = hidden(client)
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        assert client.post(REPORT, {**fields, "story": STORY}).status_code == 303
    assert Report.objects.get().flags == []


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
def test_a_token_of_another_gives_the_text_back(client: Client, token: str) -> None:
    answer = client.post(REPORT, {"story": STORY, "form_token": token})
    assert answer.status_code == 422
    assert value(answer.content, "story") == STORY


@pytest.mark.parametrize(
    ("key", "is_kept"),
    [
        ("made-by-the-phone_01", True),
        ("", False),
        ("short", False),
        ("x" * 65, False),
        ("có dấu và dài đủ mười sáu", False),
        ("../../etc/passwd", False),
    ],
)
def test_a_client_may_bring_its_own_submission_key_if_it_is_well_formed(
    client: Client, key: str, is_kept: bool
) -> None:
    assert send(client, story=STORY, submission_key=key).status_code == 303
    assert (Report.objects.get().submission_key == key) is is_kept


def test_without_a_database_the_page_comes_back_with_its_text(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = hidden(client)
    monkeypatch.setattr(intake, "submit_report", Mock(side_effect=OperationalError))
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
    monkeypatch.setattr("reports.reference.gazetteer.communes", Mock(side_effect=OperationalError))
    assert client.get(REPORT).status_code == 200


def test_two_visitors_get_different_keys_and_may_go_back_to_their_page(client: Client) -> None:
    assert hidden(client)["submission_key"] != hidden(client)["submission_key"]
    assert client.get(REPORT)["Cache-Control"] == "private, max-age=0"


def test_the_page_posts_to_an_address_of_its_own(client: Client) -> None:
    """A browser that posts to a page's own address forgets the page, and its submission key."""
    form = html.document_fromstring(client.get(REPORT).content).xpath("//form[.//textarea]")[0]
    assert form.action == "/bao-cao/gui/"
    assert client.post(form.action, hidden(client) | {"story": STORY})["Location"] == RECEIPT
    response = client.get(form.action)
    assert (response.status_code, response["Location"]) == (303, REPORT)


def test_an_address_fills_in_the_answers_from_the_call_page_and_nothing_else(
    client: Client,
) -> None:
    answers = {"money": "yes", "secrets": "no", "software": "yes", "threat": "<x>"}
    page = client.get(REPORT, answers | {"story": "lừa", "caller_number": "0550"}).content
    assert checked(page, "demands") == ["money", "software"]
    assert value(page, "story") == ""
    assert value(page, "caller_number") == ""
