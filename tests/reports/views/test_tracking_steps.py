"""What is sent from the page about a report: more, an answer, the wish to withdraw, a copy."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from core.audit import events
from reports.cases import workflow
from reports.facts.merged_report import Caller
from reports.models import Campaign, CampaignLink, Case, Followup, Message, PublicStatement, Report
from reports.reference import confirmed_statements
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from reports.tracking import followups
from tests.support.officers import Person
from tests.support.report_factories import erase, report
from tests.support.resident_pages import value, words

TRACK, ADD, REPLY = "/theo-doi/", "/theo-doi/them/", "/theo-doi/tra-loi/"
WITHDRAW, COPY = "/theo-doi/rut/", "/theo-doi/ban-sao/"
STEPS = [ADD, REPLY, WITHDRAW, COPY]
KEY = "a-key-of-this-page"
SAID = {
    ADD: {"story": "Họ gọi lại."},
    REPLY: {"text": "Lúc 9 giờ."},
    WITHDRAW: {"sure": "yes"},
    COPY: {},
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def mine() -> intake.SubmissionResult:
    typed = ReportSubmission(story="Họ gọi.", contact="0550000111", phrase="bến Sung, 47")
    return intake.submit_report(typed, "a-key-of-the-browser")


def send(client: Client, step: str, mine: intake.SubmissionResult, **fields: Any) -> Any:
    headers = fields.pop("headers", None)
    given = {"code": mine.code, "submission_key": KEY, **fields}
    return client.post(step, given, headers=headers)


def ask(mine: intake.SubmissionResult, by: Person, question: str) -> None:
    case = Case.objects.get(report=mine.report)
    workflow.ask_reporter(mine.report.pk, by=by.user, version=case.version, reason=question)


def tell(mine: intake.SubmissionResult, by: Person, words_: str) -> None:
    case = Case.objects.get(report=mine.report)
    workflow.message_reporter(mine.report.pk, by=by.user, version=case.version, reason=words_)


def get_words(client: Client, mine: intake.SubmissionResult) -> str:
    return words(client.post(TRACK, {"code": mine.code}).content)


def test_everything_that_can_be_added_comes_in_with_one_press(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answer = send(
        client, ADD, mine,
        kind="more", story="Hôm sau họ gọi lại.",
        leg_number=["0550 000 124", ""], leg_channel=["number", "app"],
        leg_office=["police", ""], leg_name=["Đại úy Không Ai", ""],
        accounts="0987000111222 ngân hàng X\n\n0987000111333", links="http://a.example/x",
        called_day="yesterday", called_time="khoảng 9 giờ", money_lost_vnd="12 triệu",
        commune="Hạc Thành", contact_phone="0550000222", callback_phrase="hai cái bát",
    )  # fmt: skip
    addition = Followup.objects.get()
    assert answer.status_code == 200
    assert addition.callers == [
        {
            "number": "0550 000 124",
            "channel": "number",
            "office": "police",
            "name": "Đại úy Không Ai",
        }
    ]
    assert addition.accounts == ["0987000111222 ngân hàng X", "0987000111333"]
    assert addition.called_on == timezone.localdate() - timedelta(1)
    told = words(answer.content)
    assert "Đã ghi thêm: lời kể, 1 người gọi, 2 tài khoản, 1 đường link, lúc họ gọi" in told
    assert "hai cái bát" not in answer.content.decode()


def test_a_second_press_adds_nothing_and_says_so(
    client: Client, mine: intake.SubmissionResult
) -> None:
    send(client, ADD, mine, story="Họ gọi lại.")
    answer = send(client, ADD, mine, story="Họ gọi lại.")
    assert Followup.objects.count() == 1
    assert "giữ một bản" in words(answer.content)


def test_nothing_is_told_as_nothing(client: Client, mine: intake.SubmissionResult) -> None:
    for step in (ADD, REPLY):
        answer = send(client, step, mine, story="  ", text=" ", leg_channel="app")
        assert answer.status_code == 422
        assert "Chưa có gì để gửi" in words(answer.content)
    assert not Followup.objects.exists()


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ({"called_d": "31", "called_m": "12", "called_y": "2999"}, "“31/12/2999” chưa tới"),
        ({"called_d": "31", "called_m": "2", "called_y": "2026"}, "chưa hiểu ngày “31/2/2026”"),
        ({"called_d": "hôm nọ", "called_m": "", "called_y": ""}, "chưa hiểu ngày “hôm nọ”"),
    ],
)
def test_an_odd_day_is_kept_as_it_was_written_and_asked_about(
    client: Client, mine: intake.SubmissionResult, date: dict[str, str], told: str
) -> None:
    answer = send(client, ADD, mine, **date)
    addition = Followup.objects.get()
    assert addition.called_on is None
    assert addition.called_on_raw == "/".join(filter(None, date.values()))
    assert told in words(answer.content)


def test_ten_thousand_accounts_are_kept_and_bounded(
    client: Client, mine: intake.SubmissionResult
) -> None:
    lines = [f"0987{number:09}" for number in range(10_000)]
    answer = send(client, ADD, mine, accounts="\n".join(lines))
    addition = Followup.objects.get()
    assert addition.accounts == lines[:50]
    assert "trang giữ trong lời kể" in words(answer.content)
    copy = send(client, COPY, mine).content.decode()
    assert lines[-1] in copy


def test_a_far_too_long_story_comes_back_whole(
    client: Client, mine: intake.SubmissionResult
) -> None:
    story = "dài quá " * 150_000
    answer = send(client, ADD, mine, story=story, leg_number="0550000124")
    assert answer.status_code == 413
    assert value(answer.content, "story") == story
    assert value(answer.content, "leg_number") == "0550000124"
    assert "Trang nhận đến 1,5 triệu" in words(answer.content)


def test_a_caller_of_whom_only_the_office_is_known_is_shown(
    client: Client, mine: intake.SubmissionResult
) -> None:
    page = words(send(client, ADD, mine, leg_office="police", leg_channel="app").content)
    assert "Công an, Zalo, Facebook, ứng dụng khác" in page
    assert "Người gọi: Công an" in send(client, COPY, mine).content.decode()


def test_a_sixth_caller_goes_on_in_the_story(client: Client, mine: intake.SubmissionResult) -> None:
    send(client, ADD, mine, leg_number=[f"055000012{number}" for number in range(7)])
    addition = Followup.objects.get()
    assert len(addition.callers) == 5
    assert "0550000126" in addition.story


def test_hostile_words_come_back_as_words(client: Client, mine: intake.SubmissionResult) -> None:
    evil = "<script>alert(1)</script>\x00\u202e“{{ x }}”"
    send(client, REPLY, mine, text=evil)
    answer = send(
        client, ADD, mine,
        story=evil, leg_name=evil, leg_office="x" * 5000, accounts=evil, links=evil,
        called_time=evil, called_day="<b>", kind="<b>", money_lost_vnd=evil, commune=evil,
        contact_phone=evil, callback_phrase=evil, submission_key="<b>",
    )  # fmt: skip
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert Followup.objects.get().kind == "more"


def test_a_long_field_is_cut_and_the_whole_of_it_stays_in_the_story(
    client: Client, mine: intake.SubmissionResult
) -> None:
    send(client, ADD, mine, money_lost_vnd="nhiều lắm " * 100)
    addition = Followup.objects.get()
    assert len(addition.money_lost_raw) == 500
    assert "nhiều lắm " * 100 in addition.story


def test_the_question_stands_first_and_an_answer_ends_the_waiting(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    ask(mine, duty, "Họ gọi lúc mấy giờ?")
    page = get_words(client, mine)
    assert page.index("Họ gọi lúc mấy giờ?") < page.index("Tin đang ở đâu")
    assert "Chờ bạn trả lời" in page
    assert duty.user.username not in page
    answer = words(send(client, REPLY, mine, text="Lúc 9 giờ.").content)
    assert "Đã nhận câu trả lời của bạn lúc" in answer
    assert "Chờ bạn trả lời" not in answer
    assert "Lúc 9 giờ." in answer


def test_a_second_question_waits_again(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    ask(mine, duty, "Họ gọi lúc mấy giờ?")
    send(client, REPLY, mine, text="Lúc 9 giờ.")
    case = Case.objects.get(report=mine.report)
    workflow.resume(mine.report.pk, by=duty.user, version=case.version)
    ask(mine, duty, "Số nào?")
    assert "Chờ bạn trả lời" in get_words(client, mine)


def test_what_the_desk_tells_after_the_answer_asks_nothing(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    ask(mine, duty, "Họ gọi lúc mấy giờ?")
    send(client, REPLY, mine, text="Lúc 9 giờ.")
    tell(mine, duty, "Cảm ơn bạn.")
    page = get_words(client, mine)
    assert "Cảm ơn bạn." in page
    assert "Chờ bạn trả lời" not in page
    assert "Đã nhận câu trả lời của bạn lúc" in page


def test_what_the_desk_tells_before_the_answer_leaves_the_question_open(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    ask(mine, duty, "Họ gọi lúc mấy giờ?")
    tell(mine, duty, "Nhớ áng chừng cũng được.")
    page = get_words(client, mine)
    assert page.index("Họ gọi lúc mấy giờ?") < page.index("Tin đang ở đâu")
    assert "Chờ bạn trả lời" in page


def test_who_has_said_enough_keeps_what_was_written(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followups, "MAX_ADDITIONS", 0)
    answer = send(client, ADD, mine, story="Họ gọi lại.")
    assert answer.status_code == 422
    assert "Còn điều cần nói, gọi 02373.725.725" in words(answer.content)
    assert value(answer.content, "story") == "Họ gọi lại."


def test_a_place_that_was_chosen_is_shown_by_its_name(
    client: Client, mine: intake.SubmissionResult
) -> None:
    call_command("setup_desk", verbosity=0)
    page = words(send(client, ADD, mine, kind="answer", commune="xa_lam_son").content)
    copy = send(client, COPY, mine).content.decode()
    for shown in (page, copy):
        assert "Xã Lam Sơn" in shown
        assert "xa_lam_son" not in shown
    assert "Trả lời câu hỏi của trang" in page


def test_a_caller_that_was_corrected_is_shown_as_such(client: Client) -> None:
    typed = ReportSubmission(story="Họ gọi.", caller_number="0550000123")
    mine = intake.submit_report(typed, "a-key-of-the-browser")
    assert "đã sửa lại" not in get_words(client, mine)
    page = words(send(client, ADD, mine, kind="correction", leg_number="0550000124").content)
    assert "0550000123 (bạn đã sửa lại ở dưới)" in page


def test_a_sum_that_was_answered_is_asked_no_more(client: Client) -> None:
    mine = intake.submit_report(ReportSubmission(money_lost_raw="20"), "a-key-of-the-browser")
    assert "Là 20 nghìn hay 20 triệu?" in get_words(client, mine)
    send(client, ADD, mine, kind="answer", money_lost_vnd="20 triệu")
    assert "Trang hỏi lại bạn" not in get_words(client, mine)


@pytest.mark.parametrize(
    ("first", "fields", "told"),
    [
        ("năm triệu rưỡi", {"money_lost_vnd": "thêm 5tr nữa"}, "10.500.000 đồng (mười triệu năm"),
        ("10 triệu", {"story": "Tôi chuyển thêm 20 triệu nữa."}, "30.000.000 đồng (ba mươi"),
        ("10 triệu", {"money_lost_vnd": "12 triệu"}, "12.000.000 đồng (mười hai triệu đồng)"),
    ],
)
def test_what_was_lost_in_all_by_now_is_said_back(
    client: Client, first: str, fields: dict[str, str], told: str
) -> None:
    mine = intake.submit_report(ReportSubmission(money_lost_raw=first), "a-key-of-the-browser")
    page = words(send(client, ADD, mine, **fields).content)
    assert f"Tin ghi tổng cộng đã mất {told}" in page


@pytest.mark.parametrize(
    "fields", [{"story": "Họ gọi lại."}, {"money_lost_vnd": "nhiều lắm"}, {"story": "x " * 4000}]
)
def test_no_total_is_said_where_none_was_told_or_understood(
    client: Client, fields: dict[str, str]
) -> None:
    mine = intake.submit_report(ReportSubmission(money_lost_raw="10 triệu"), "a-key-of-the-browser")
    assert "Tin ghi tổng cộng" not in words(send(client, ADD, mine, **fields).content)


PRESSED, BANK = "Đang bị ép thì gọi 113 ngay.", "Gọi ngân hàng của bạn trước."
BOTH = [PRESSED, "Đã mất tiền: gọi cả ngân hàng của bạn."]  # one of the two is first


@pytest.mark.parametrize(
    ("step", "fields", "helps"),
    [
        (REPLY, {"text": "Ho dang ep chuyen tiep 50 trieu, lam sao day"}, BOTH),
        (ADD, {"story": "I just paid"}, [BANK]),
        (ADD, {"money_lost_vnd": "20 triệu"}, [BANK]),
        (ADD, {"story": "Họ vẫn đang gọi, bắt tôi không được cúp máy."}, [PRESSED]),
        (REPLY, {"text": "Cảm ơn cán bộ."}, []),
        (ADD, {"story": "Họ đòi 5 triệu nhưng tôi không chuyển."}, []),
        (ADD, {"money_lost_vnd": "không mất"}, []),
    ],
)
def test_who_tells_of_money_or_pressing_gets_the_red_help(
    client: Client,
    mine: intake.SubmissionResult,
    step: str,
    fields: dict[str, str],
    helps: list[str],
) -> None:
    page = words(send(client, step, mine, **fields).content)
    assert [each for each in (PRESSED, BANK, BOTH[1]) if each in page] == helps


@pytest.mark.parametrize(("step", "fields"), [(ADD, {"accounts": "a"}), (REPLY, {"text": "Dạ."})])
def test_who_is_pressed_still_gets_the_red_help_whatever_was_added(
    client: Client, lead: Person, step: str, fields: dict[str, str]
) -> None:
    mine = intake.submit_report(
        ReportSubmission(story="Họ gọi.", happening_now=True), "a-key-of-the-browser"
    )
    page = words(send(client, step, mine, **fields).content)
    assert page.index(PRESSED) < page.index("Tin đang ở đâu")
    assert PRESSED not in get_words(client, mine)
    version = Case.objects.get(report=mine.report).version
    workflow.close(mine.report.pk, by=lead.user, version=version, outcome="warned", reason="Xong.")
    assert PRESSED not in words(send(client, step, mine, **fields).content)


def test_to_withdraw_is_asked_once_more_and_decides_nothing(
    client: Client, mine: intake.SubmissionResult
) -> None:
    first = send(client, WITHDRAW, mine)
    assert "Cán bộ sẽ xem và quyết định" in words(first.content)
    assert not Followup.objects.exists()
    told = words(send(client, WITHDRAW, mine, sure="yes", reason="Tôi nhớ nhầm.").content)
    assert "Đã ghi đề nghị rút tin" in told
    assert Followup.objects.get().kind == "withdrawal"
    assert Case.objects.get().status == Case.Status.NEW


def test_the_copy_holds_all_own_words_but_not_the_phrase(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    ask(mine, duty, "Họ gọi lúc mấy giờ?")
    send(client, REPLY, mine, text="Lúc 9 giờ.")
    followups.submit_followup(
        mine.report,
        followups.FollowupSubmission(legs=(Caller(number="0550000124"),), phrase="hai cái bát"),
        KEY,
    )
    answer = send(client, COPY, mine)
    text = answer.content.decode()
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert f"tin-{mine.report.public_number}.txt" in answer["Content-Disposition"]
    for own in ("Họ gọi.", "0550000111", "0550000124", "Lúc 9 giờ.", "Họ gọi lúc mấy giờ?"):
        assert own in text
    for secret in ("bến Sung", "hai cái bát", str(mine.code), duty.user.username):
        assert secret not in text


def test_a_copy_of_very_much_ends_somewhere_and_says_so(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reports.tracking.data_export.MAX_LENGTH", 300)
    send(client, ADD, mine, story="dài " * 1000)
    assert "dừng ở đây" in send(client, COPY, mine).content.decode()


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_taken_by_post_alone(client: Client, step: str) -> None:
    answer = client.get(step)
    assert (answer.status_code, answer["Location"]) == (302, TRACK)


@pytest.mark.parametrize("step", STEPS)
def test_a_foreign_page_sends_nothing(
    client: Client, mine: intake.SubmissionResult, step: str
) -> None:
    foreign = {"Origin": "https://ke-gian.example"}
    answer = send(client, step, mine, headers=foreign, **SAID[step])
    assert answer.status_code == 403
    assert mine.report.public_number not in words(answer.content)
    assert not Followup.objects.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("step", STEPS)
def test_a_code_of_nobody_sends_nothing(
    client: Client, mine: intake.SubmissionResult, step: str
) -> None:
    answer = client.post(step, {"code": "7K4M", **SAID[step]})
    assert answer.status_code == 422
    assert not Followup.objects.exists()
    assert value(answer.content, "code") == "7K4M"


def test_a_wrong_code_keeps_what_was_written(client: Client) -> None:
    answer = client.post(ADD, {"code": "7K4M", "story": "Họ gọi lại.", "leg_number": "0550000124"})
    assert value(answer.content, "story") == "Họ gọi lại."
    assert value(answer.content, "leg_number") == "0550000124"


@pytest.mark.parametrize("step", STEPS)
def test_without_a_database_all_stays_typed(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def broken(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(receipt_codes, "report_for_code", broken)
    answer = send(client, step, mine, **SAID[step])
    assert answer.status_code == 503
    for name in {"story", "text"} & SAID[step].keys():
        assert value(answer.content, name) == SAID[step][name]


@pytest.mark.parametrize("step", STEPS)
def test_no_answer_is_kept_on_the_way(
    client: Client, mine: intake.SubmissionResult, step: str
) -> None:
    answer = send(client, step, mine, **SAID[step])
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_an_erased_report_takes_nothing_and_tells_so(
    client: Client, mine: intake.SubmissionResult
) -> None:
    erase(Report.objects.get())
    for step in (ADD, REPLY, WITHDRAW):
        answer = send(client, step, mine, **SAID[step])
        assert answer.status_code == 422
        assert "đã xóa dữ liệu" in words(answer.content)
    copy = send(client, COPY, mine).content.decode()
    assert "đã xóa lúc" in copy
    assert "Họ gọi." not in copy


def promise(codename: str, amount: int, by: Person) -> None:
    PublicStatement.objects.create(
        codename=codename,
        text="Dự kiến trước {time}.",
        amount=amount,
        is_public=True,
        confirmed_by=by.user,
        confirmed_at=timezone.now(),
    )
    confirmed_statements.clear_cache()


def test_a_promise_is_shown_once_it_is_confirmed(
    client: Client, mine: intake.SubmissionResult, lead: Person
) -> None:
    assert "Dự kiến" not in get_words(client, mine)
    promise("first_look", 24, lead)
    promise("told_where", 3, lead)
    assert get_words(client, mine).count("Dự kiến trước") == 2


def test_a_wish_to_withdraw_is_answered_by_a_day_until_it_is(
    client: Client, mine: intake.SubmissionResult, lead: Person
) -> None:
    promise("withdraw_answer", 2, lead)
    assert "Dự kiến" not in get_words(client, mine)
    assert "Dự kiến trước 17:00" in words(send(client, WITHDRAW, mine, sure="yes").content)
    version = Case.objects.get(report=mine.report).version
    workflow.withdraw(mine.report.pk, by=lead.user, version=version, reason="Người báo rút.")
    assert "Dự kiến" not in get_words(client, mine)


def test_a_promise_that_was_missed_is_owned_up_to(
    client: Client, mine: intake.SubmissionResult, lead: Person
) -> None:
    promise("first_look", 1, lead)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        page = get_words(client, mine)
    assert "Tin này chậm hơn dự kiến" in page
    assert "Dự kiến trước" not in page


@pytest.mark.parametrize(("others", "is_counted"), [(4, False), (5, True)])
def test_a_wave_is_counted_only_where_it_points_at_nobody(
    client: Client, mine: intake.SubmissionResult, others: int, is_counted: bool
) -> None:
    wave = Campaign.objects.create(code="Đ-26-K4M", title="Giả danh điện lực")
    for member in (mine.report, *(report(f"Chuyện {each}") for each in range(others))):
        CampaignLink.objects.create(
            report_id=member.pk, campaign=wave, kind="same_number", strength=1, reason="căn cứ kín"
        )
    page = get_words(client, mine)
    assert "Giả danh điện lực" in page
    assert ("Cùng đợt có" in page) is is_counted
    assert "căn cứ kín" not in page
    assert "Chuyện" not in page


@pytest.mark.parametrize(
    "decided",
    [
        {"status": "junk"},
        {"status": "withdrawn"},
        {"status": "closed", "outcome": "duplicate"},
        {"status": "closed", "outcome": "not_scam"},
    ],
)
def test_what_is_no_report_of_the_wave_is_not_counted_in_it(
    client: Client, mine: intake.SubmissionResult, decided: dict[str, str]
) -> None:
    wave = Campaign.objects.create(code="Đ-26-K4M", title="Giả danh điện lực")
    others = [report(f"Chuyện {each}") for each in range(6)]
    for member in (mine.report, *others):
        CampaignLink.objects.create(
            report_id=member.pk, campaign=wave, kind="same_number", strength=1, reason="x"
        )
    assert "Cùng đợt có 6 tin khác" in get_words(client, mine)
    Case.objects.filter(report=others[0]).update(**decided)
    assert "Cùng đợt có 5 tin khác" in get_words(client, mine)


def test_an_act_that_was_refused_is_no_look(
    client: Client, mine: intake.SubmissionResult, duty: Person
) -> None:
    events.log_event("report", mine.report.pk, "refused", by=duty.user, verb="junk")
    assert "Cán bộ đã đọc" not in get_words(client, mine)
    events.log_event("report", mine.report.pk, "revealed", by=duty.user, what="contact")
    assert "Cán bộ đã đọc" in get_words(client, mine)


def test_english_pages_answer_in_english(client: Client, mine: intake.SubmissionResult) -> None:
    answer = client.post("/en/theo-doi/them/", {"code": mine.code, "story": "They rang again."})
    assert "Added: " in words(answer.content)
    copy = client.post("/en/theo-doi/ban-sao/", {"code": mine.code}).content.decode()
    assert "They rang again." in copy


def test_no_warning_that_is_not_in_force_is_shown(
    client: Client, mine: intake.SubmissionResult
) -> None:
    wave = Campaign.objects.create(code="Đ-26-K4M", title="Giả danh điện lực")
    CampaignLink.objects.create(
        report_id=mine.report.pk, campaign=wave, kind="same_number", strength=1, reason="x"
    )
    Alert.objects.create(slug="nhap", title="Bản nháp", short_title="Nháp", campaign=wave)
    assert "Bản nháp" not in get_words(client, mine)
