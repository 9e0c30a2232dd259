"""What is sent from the page about a report: more, an answer, the request to withdraw, a copy."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.db.models import Q
from django.test import Client
from django.utils import timezone
from lxml import html

from reports.facts import merged_report
from reports.facts.merged_report import Caller
from reports.models import Case, Followup, Indicator, Message, Report
from reports.numbers import report_counts
from reports.submission import receipt_codes
from reports.tracking import followups
from tests.support.officers import Person
from tests.support.report_factories import add_followup, decide, erase, read_all
from tests.support.resident_pages import TRACK, Resident, create_resident, value, words

ADD, REPLY = "/theo-doi/them/", "/theo-doi/tra-loi/"
WITHDRAW, COPY = "/theo-doi/rut/", "/theo-doi/ban-sao/"
SAID = {
    ADD: {"story": "Họ gọi lại.", "leg_number": "0550000124"},
    REPLY: {"text": "Lúc 9 giờ."},
    WITHDRAW: {"sure": "yes"},
    COPY: {},
    TRACK: {},
}
ACCOUNTS = [f"0987{number:09}" for number in range(10_000)]
pytestmark = pytest.mark.django_db


def find_lost_words(page: bytes, code: str, step: str) -> list[str]:
    """The names of what was typed at a step and stands in its field no more."""
    typed = {"code": code} | {name: said for name, said in SAID[step].items() if name != "sure"}
    return [name for name, said in typed.items() if value(page, name) != said]


def test_everything_that_can_be_added_comes_in_with_one_press(resident: Resident) -> None:
    answer = resident.post(ADD,
        kind="more", story="Hôm sau họ gọi lại.",
        leg_number=["0550 000 124", ""], leg_channel=["number", "app"],
        leg_office=["police", ""], leg_name=["Đại úy Không Ai", ""],
        accounts="0987000111222 ngân hàng X\n\n0987000111333", links="http://a.example/x",
        called_day="yesterday", called_time="khoảng 9 giờ", money_lost_vnd="12 triệu",
        commune="Hạc Thành", contact_phone="0550000222", callback_phrase="hai cái bát",
    )  # fmt: skip
    followup = Followup.objects.get()
    assert answer.status_code == 200
    caller = {"number": "0550 000 124", "channel": "number", "office": "police"}
    assert followup.callers == [caller | {"name": "Đại úy Không Ai"}]
    assert followup.accounts == ["0987000111222 ngân hàng X", "0987000111333"]
    assert followup.called_on == timezone.localdate() - timedelta(1)
    sentence = words(answer.content)
    assert "Đã ghi thêm: lời kể, 1 người gọi, 2 tài khoản, 1 đường link, lúc họ gọi" in sentence
    assert "hai cái bát" not in answer.content.decode()


def test_a_second_press_adds_nothing_and_says_so(resident: Resident) -> None:
    for _ in range(2):
        answer = resident.post(ADD, story="Họ gọi lại.")
    assert Followup.objects.count() == 1
    assert "giữ một bản" in words(answer.content)


def test_nothing_is_told_as_nothing(resident: Resident) -> None:
    for step in (ADD, REPLY):
        answer = resident.post(step, story="  ", text=" ", leg_channel="app")
        assert answer.status_code == 422
        assert "Chưa có gì để gửi" in words(answer.content)
    assert not Followup.objects.exists()


@pytest.mark.parametrize(
    ("date", "sentence"),
    [
        ({"called_d": "31", "called_m": "12", "called_y": "2999"}, "“31/12/2999” chưa tới"),
        ({"called_d": "31", "called_m": "2", "called_y": "2026"}, "Chưa rõ ngày “31/2/2026”"),
        ({"called_d": "hôm nọ", "called_m": "", "called_y": ""}, "Chưa rõ ngày “hôm nọ”"),
    ],
)
def test_an_odd_day_is_kept_as_it_was_written_and_asked_about(
    resident: Resident, date: dict[str, str], sentence: str
) -> None:
    answer = resident.post(ADD, **date)
    followup = Followup.objects.get()
    assert followup.called_on is None
    assert followup.called_on_raw == "/".join(filter(None, date.values()))
    assert sentence in words(answer.content)


@pytest.mark.parametrize(
    ("fields", "column", "room", "rest"),
    [
        ({"accounts": "\n".join(ACCOUNTS)}, "accounts", 50, ACCOUNTS[-1]),
        ({"leg_number": [f"055000012{n}" for n in range(7)]}, "callers", 5, "0550000126"),
        ({"money_lost_vnd": "nhiều lắm " * 100}, "money_lost_raw", 500, "nhiều lắm " * 100),
    ],
    ids=["ten thousand accounts", "a sixth caller", "a long field"],
)
def test_what_a_field_has_no_room_for_goes_on_in_the_story(
    resident: Resident, fields: dict[str, Any], column: str, room: int, rest: str
) -> None:
    answer = resident.post(ADD, **fields)
    followup = Followup.objects.get()
    assert len(getattr(followup, column)) == room
    assert rest in followup.story
    assert "trang giữ trong lời kể" in words(answer.content)
    assert rest in resident.post(COPY).content.decode()


def test_a_far_too_long_story_comes_back_whole(resident: Resident) -> None:
    story = "dài quá " * 150_000
    answer = resident.post(ADD, story=story, leg_number="0550000124")
    assert answer.status_code == 413
    assert value(answer.content, "story") == story
    assert value(answer.content, "leg_number") == "0550000124"
    assert "Trang nhận đến 1,5 triệu" in words(answer.content)


def test_a_caller_of_whom_only_the_office_is_known_is_shown(resident: Resident) -> None:
    page = words(resident.post(ADD, leg_office="police", leg_channel="app").content)
    assert "xưng là công an, gọi qua Zalo, Facebook, ứng dụng khác" in page
    assert "Người gọi: xưng là công an" in resident.post(COPY).content.decode()


def test_hostile_words_come_back_as_words(resident: Resident) -> None:
    evil = "<script>alert(1)</script>\x00\u202e“{{ x }}”"
    resident.post(REPLY, text=evil)
    answer = resident.post(ADD,
        story=evil, leg_name=evil, leg_office="x" * 5000, accounts=evil, links=evil,
        called_time=evil, called_day="<b>", kind="<b>", money_lost_vnd=evil, commune=evil,
        contact_phone=evil, callback_phrase=evil, submission_key="<b>",
    )  # fmt: skip
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert Followup.objects.get().kind == "more"


def test_who_has_said_enough_keeps_what_was_written(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followups, "MAX_FOLLOWUPS", 0)
    answer = resident.post(ADD, story="Họ gọi lại.")
    assert answer.status_code == 422
    assert "Còn điều cần nói, gọi 02373.725.725" in words(answer.content)
    assert value(answer.content, "story") == "Họ gọi lại."


def test_a_place_that_was_chosen_is_shown_by_its_name(resident: Resident) -> None:
    call_command("setup_desk", verbosity=0)
    page = words(resident.post(ADD, kind="answer", commune="xa_lam_son").content)
    copy = resident.post(COPY).content.decode()
    for content in (page, copy):
        assert "Xã Lam Sơn" in content
        assert "xa_lam_son" not in content
    assert "Trả lời câu hỏi của trang" in page


def test_a_caller_that_was_corrected_is_shown_as_such(client: Client) -> None:
    resident = create_resident(client, story="Họ gọi.", caller_number="0550000123")
    assert "đã sửa lại" not in resident.read_status()
    page = words(resident.post(ADD, kind="correction", leg_number="0550000124").content)
    assert "0550000123 (bạn đã sửa lại ở dưới)" in page


@pytest.mark.parametrize(
    ("first", "fields", "sentence"),
    [
        ("năm triệu rưỡi", {"money_lost_vnd": "thêm 5tr nữa"}, "10.500.000 đồng (mười triệu năm"),
        ("10 triệu", {"story": "Tôi chuyển thêm 20 triệu nữa."}, "30.000.000 đồng (ba mươi"),
        ("10 triệu", {"money_lost_vnd": "12 triệu"}, "12.000.000 đồng (mười hai triệu đồng)"),
    ],
)
def test_what_was_lost_in_all_by_now_is_said_back(
    client: Client, first: str, fields: dict[str, str], sentence: str
) -> None:
    resident = create_resident(client, money_lost_raw=first)
    page = words(resident.post(ADD, **fields).content)
    assert f"Tin ghi tổng cộng đã mất {sentence}" in page


@pytest.mark.parametrize(
    "fields", [{"story": "Họ gọi lại."}, {"money_lost_vnd": "nhiều lắm"}, {"story": "x " * 4000}]
)
def test_no_total_is_said_where_none_was_told_or_understood(
    client: Client, fields: dict[str, str]
) -> None:
    resident = create_resident(client, money_lost_raw="10 triệu")
    assert "Tin ghi tổng cộng" not in words(resident.post(ADD, **fields).content)


ONGOING, BANK = "Đang bị ép thì gọi 113 ngay.", "Gọi ngân hàng của bạn trước."
BOTH = [ONGOING, BANK]


@pytest.mark.parametrize(
    ("step", "fields", "helps"),
    [
        (REPLY, {"text": "Ho dang ep chuyen tiep 50 trieu, lam sao day"}, BOTH),
        (ADD, {"story": "I just paid"}, [BANK]),
        (ADD, {"money_lost_vnd": "20 triệu"}, [BANK]),
        (ADD, {"story": "Họ vẫn đang gọi, bắt tôi không được cúp máy."}, [ONGOING]),
        (REPLY, {"text": "Cảm ơn cán bộ."}, []),
        (ADD, {"story": "Họ đòi 5 triệu nhưng tôi không chuyển."}, []),
        (ADD, {"money_lost_vnd": "không mất"}, []),
    ],
)
def test_who_tells_of_money_or_pressing_gets_the_red_help(
    resident: Resident, step: str, fields: dict[str, str], helps: list[str]
) -> None:
    page = words(resident.post(step, **fields).content)
    assert [each for each in BOTH if each in page] == helps


@pytest.mark.parametrize(("step", "fields"), [(ADD, {"accounts": "a"}), (REPLY, {"text": "Dạ."})])
def test_an_ongoing_report_still_gets_the_red_help_whatever_was_added(
    client: Client, lead: Person, step: str, fields: dict[str, str]
) -> None:
    resident = create_resident(client, story="Họ gọi.", happening_now=True)
    page = words(resident.post(step, **fields).content)
    assert page.index(ONGOING) < page.index("Tin đang ở đâu")
    assert ONGOING not in resident.read_status()
    decide("close", resident.report, lead, outcome="warned", reason="Xong.")
    assert ONGOING not in words(resident.post(step, **fields).content)


def test_to_withdraw_is_asked_once_more_and_decides_nothing(resident: Resident) -> None:
    first = resident.post(WITHDRAW)
    assert "Cán bộ sẽ xem và quyết định" in words(first.content)
    assert not Followup.objects.exists()
    sentence = words(resident.post(WITHDRAW, sure="yes", reason="Tôi nhớ nhầm.").content)
    assert "Đã ghi đề nghị rút tin" in sentence
    assert Followup.objects.get().kind == "withdrawal"
    assert Case.objects.get().status == Case.Status.NEW


def test_the_copy_holds_all_own_words_but_not_the_phrase(resident: Resident, duty: Person) -> None:
    question = "Họ gọi lúc mấy giờ?"
    decide("ask", resident.report, duty, reason=question)
    resident.post(REPLY, text="Lúc 9 giờ.")
    add_followup(resident.report, callers=(Caller(number="0550000124"),), phrase="hai cái bát")
    answer = resident.post(COPY)
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert f"tin-{resident.report.public_number}.txt" in answer["Content-Disposition"]
    for own in ("Họ gọi.", "0550000111", "0550000124", "Lúc 9 giờ.", question):
        assert own in text
    for secret in ("bến Sung", "hai cái bát", resident.code, duty.user.username):
        assert secret not in text


def test_a_copy_of_very_much_ends_somewhere_and_says_so(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.tracking.data_export.MAX_LENGTH", 300)
    resident.post(ADD, story="dài " * 1000)
    assert "dừng ở đây" in resident.post(COPY).content.decode()


@pytest.mark.parametrize("step", [ADD, REPLY, WITHDRAW, COPY])
def test_a_step_is_taken_by_post_alone(client: Client, step: str) -> None:
    answer = client.get(step)
    assert (answer.status_code, answer["Location"]) == (302, TRACK)


@pytest.mark.parametrize("step", SAID)
def test_a_code_of_nobody_sends_nothing_and_all_stays_typed(resident: Resident, step: str) -> None:
    answer = resident.client.post(step, {"code": "7K4M", **SAID[step]})
    assert answer.status_code == 422
    assert not Followup.objects.exists()
    assert find_lost_words(answer.content, "7K4M", step) == []


@pytest.mark.parametrize("step", SAID)
def test_without_a_database_all_stays_typed(
    resident: Resident, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(receipt_codes, "report_for_code", Mock(side_effect=OperationalError))
    answer = resident.post(step, **SAID[step])
    assert answer.status_code == 503
    assert find_lost_words(answer.content, resident.code, step) == []


@pytest.mark.parametrize("step", SAID)
def test_no_answer_is_kept_on_the_way(resident: Resident, step: str) -> None:
    answer = resident.post(step, **SAID[step])
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_an_erased_report_takes_nothing_and_tells_so(resident: Resident) -> None:
    erase(Report.objects.get())
    for step in (ADD, REPLY, WITHDRAW):
        answer = resident.post(step, **SAID[step])
        assert answer.status_code == 422
        assert "đã xóa dữ liệu" in words(answer.content)
    assert not Followup.objects.exists()
    assert not Message.objects.exists()
    copy = resident.post(COPY).content.decode()
    assert "đã xóa lúc" in copy
    assert "Họ gọi." not in copy


def test_english_pages_answer_in_english(resident: Resident) -> None:
    answer = resident.post(f"/en{ADD}", story="They rang again.")
    assert "Added: " in words(answer.content)
    assert "They rang again." in resident.post(f"/en{COPY}").content.decode()


def test_a_number_marked_as_wrong_stays_on_record_as_corrected_and_counts_no_more(
    client: Client,
) -> None:
    resident = create_resident(client, story="Họ gọi.", caller_number="0550 000 788, 0550 000 789")
    page = resident.post(TRACK).content.decode()
    assert page.count('name="wrong_number"') == 2
    answer = resident.post(
        ADD, story="Số đầu là 788.", wrong_number=["+84550000789", "+84550000999"]
    )
    assert "Đã ghi thêm" in words(answer.content)
    read_all(Report.objects.get())
    merged = merged_report.merged_report(resident.report)
    assert [caller.number for caller in merged.callers] == ["0550000788"]
    marks = {
        each.key: "corrected" in each.flags for each in Indicator.objects.filter(source="caller")
    }
    assert marks == {"+84550000788": True, "+84550000789": True}
    rows = report_counts._select_named(Q(), Indicator.Kind.NUMBER, timezone.now() - timedelta(1))
    assert {row.key for row in rows} == {"+84550000788"}
    assert 'value="+84550000789"' not in resident.post(TRACK).content.decode()


def test_when_every_number_is_marked_as_wrong_none_is_left(client: Client) -> None:
    resident = create_resident(client, story="Họ gọi.", caller_number="0550 000 789")
    resident.post(ADD, wrong_number="+84550000789")
    assert followups.list_numbers(merged_report.merged_report(resident.report)) == []


def test_the_step_at_which_a_report_is_is_marked_for_who_does_not_see_it(
    client: Client, duty: Person
) -> None:
    mine = create_resident(client, story="Họ xưng công an.")
    decide("take", mine.report, duty)
    page = html.document_fromstring(client.post(TRACK, {"code": mine.code}, follow=True).content)
    steps = page.iterfind(".//*[@aria-current='step']")
    assert [step.get("class") for step in steps] == ["now"]
