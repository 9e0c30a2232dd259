"""What a visitor is told of a number."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from limits import RateLimitItemPerMinute
from lxml import html
from pytest_django import DjangoAssertNumQueries

from core import rate_limits
from portal.management import reference_data
from reports.extraction import phones
from reports.models import Case, Followup, Indicator, NumberFinding, Report
from reports.numbers import lookup
from reports.numbers.lookup import Verdict, VerdictKind
from tests.support import report_factories
from tests.support.officers import Person
from tests.support.resident_pages import hidden_of, value, words

CHECK = "/kiem-tra/"
HERE = ZoneInfo("Asia/Ho_Chi_Minh")
NUMBER = "0550000123"
KEY = "+84550000123"
STORIES = (
    "Họ xưng điện lực, dọa cắt điện trong hai giờ nếu không nộp tiền ngay.",
    "Một giọng nữ bảo tôi có bưu phẩm cấm rồi nối máy sang cán bộ điều tra.",
    "Người lạ mời tăng hạn mức thẻ tín dụng và bảo đọc mã gửi về máy.",
    "Xưng phó giám đốc sở, hứa giúp con tôi vào làm nếu gửi trước ba triệu.",
)
APART = timedelta(minutes=31)  # so that they count as two
pytestmark = pytest.mark.django_db


def file_report(number: int = 0, key: str = KEY, **typed: Any) -> Report:
    """The report of one more person, with a number and a story of their own, who came a while
    before those with a lower number.
    """
    given = {"contact": f"0550 111 {number:03}", "caller_number": key}
    report = report_factories.report(STORIES[number % len(STORIES)], **given | typed)
    report_factories.number(report, key)
    sent(report, timezone.now() - APART * number)
    return report


def sent(report: Report, at: datetime) -> None:
    """Move a report to another time; the guard of the evidence looks away."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE reports_report SET received_at = %s WHERE id = %s", [at, report.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")


def look_up(number: str = NUMBER) -> Verdict:
    return lookup.lookup_number(phones.parse(number))


def ask(client: Client, number: str = NUMBER, path: str = CHECK) -> Any:
    return client.post(path, {"number": number})


def add_finding(proposer: Person, approver: Person, **fields: Any) -> NumberFinding:
    """A finding that two officers have made."""
    given = {
        "key": KEY, "number": NUMBER, "finding": "confirmed", "reason": "Đã gọi thử.",
        "proposed_by": proposer.user, "confirmed_by": approver.user, "confirmed_at": Now(),
        "valid_until": timezone.localdate() + timedelta(days=90),
    }  # fmt: skip
    return NumberFinding.objects.create(**given | fields)


# --- the five states


def test_what_two_officers_found_is_said_with_its_dates(
    client: Client, duty: Person, lead: Person
) -> None:
    add_finding(duty, lead, valid_until=date(2099, 2, 18))
    page = words(ask(client).content)
    assert "Kẻ gian đã dùng số này" in page
    assert f"Công an tỉnh xác nhận ngày {timezone.localdate():%d/%m/%Y}" in page
    assert "có giá trị đến 18/02/2099" in page
    assert "chủ số có thể không hay biết" in page
    assert "Đề nghị xem lại" in page


NO_FINDING_TODAY = pytest.mark.parametrize(
    "fields",
    [
        {"confirmed_by": None, "confirmed_at": None},
        {"valid_until": timezone.localdate() - timedelta(days=1)},
        {"withdrawn_at": Now()},
        {"finding": "cleared"},
    ],
    ids=["proposed", "over", "withdrawn", "cleared"],
)


@NO_FINDING_TODAY
def test_what_is_not_a_finding_today_is_not_said(
    duty: Person, lead: Person, fields: dict[str, Any]
) -> None:
    add_finding(duty, lead, **fields)
    assert look_up().state == VerdictKind.UNKNOWN


def test_two_people_who_have_nothing_to_do_with_each_other_are_said(client: Client) -> None:
    file_report(0), file_report(1)
    page = words(ask(client).content)
    assert "Đã có người báo, chưa xác minh" in page
    assert f"2 người không liên quan nhau, gần nhất {timezone.localdate():%d/%m/%Y}" in page
    assert "Chưa đủ để nói số này của kẻ gian" in page
    goes = timezone.localdate(timezone.now() - APART) + timedelta(days=60)
    assert f"Ngày {goes:%d/%m/%Y}, nếu không có tin mới" in page


@pytest.mark.parametrize("path", [CHECK, "/en/kiem-tra/"])
def test_one_report_is_answered_like_none(client: Client, path: str) -> None:
    none = ask(client, path=path)
    file_report()
    one = ask(client, path=path)
    assert one.content == none.content
    assert [one[name] for name in one.headers if name != "Expires"] == [
        none[name] for name in none.headers if name != "Expires"
    ]


def test_none_is_never_called_safe(client: Client) -> None:
    page = words(ask(client).content)
    assert "Chưa đủ tin về số này Không có nghĩa là số này an toàn" in page
    assert "cần từ 2 người không liên quan nhau" in page
    box = html.document_fromstring(ask(client).content).xpath("//*[contains(@class, 'verdict')]")[0]
    assert box.get("class") == "verdict is-violet"


def test_an_offices_own_number_may_be_forged(client: Client) -> None:
    reference_data.load_offices()
    page = words(ask(client, "0237 3725725").content)
    assert "Số của Công an tỉnh Thanh Hóa, nhưng có thể bị giả" in page
    assert "Ai gọi đến bằng số này cũng chưa chắc là công an" in page
    assert "140/CAT-PV01" in page


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("112", "Số gọi tìm kiếm cứu nạn 112"),
        ("113", "Số khẩn cấp 113 của công an"),
        ("114", "Số gọi chữa cháy 114"),
        ("115", "Số gọi cấp cứu 115"),
        ("156", "Số 156 nhận báo cuộc gọi rác, lừa đảo"),
        ("5656", "Số 5656 nhận báo tin nhắn, cuộc gọi rác, lừa đảo"),
    ],
)
def test_a_short_number_that_everybody_may_dial_says_what_it_is(
    client: Client, number: str, said: str
) -> None:
    reference_data.load_offices()
    content = ask(client, number).content
    page = words(content)
    assert f"{said}, nhưng có thể bị giả" in page
    assert "Số hiện trên máy vẫn có thể bị giả" in page
    assert "đổi số từng ngày" not in page
    assert "Công an tỉnh Thanh Hóa, nhưng" not in page
    assert (f'href="tel:{number}"' in content.decode()) == (len(number) == 3 and number != "156")


def test_an_offices_number_stays_one_however_many_report_it() -> None:
    reference_data.load_offices()
    key = "+842373725725"
    file_report(0, key), file_report(1, key)
    verdict = look_up("02373.725.725")
    assert (verdict.state, verdict.heard.people) == (VerdictKind.OFFICE, 2)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("+44 7700 900123", "Số nước ngoài, chưa đủ tin"),
        ("+84069 234 5678", "Số này có dấu hiệu bị giả"),
        ("+999 1234 5678", "Số này có dấu hiệu bị giả"),
        ("số ẩn", "Không có số để kiểm tra"),
        ("CONG AN", "Đây là tên, không phải số"),
        ("0550 xxx 123", "Số bị che một phần"),
        ("https://vneid.example/ung-dung", "Đừng bấm vào đường link"),
        ("055 123", "Thiếu chữ số"),
        ("0" * 11, "Toàn số 0"),
        ("không nhớ rõ lắm", "Trang chưa đọc được số này"),
        ("<b>x</b>", "Trang chưa đọc được số này"),
        ("\0", "Trang chưa đọc được số này"),
        ("1022", "Số ngắn, chưa đủ tin"),
    ],
)
def test_odd_forms_are_said(client: Client, typed: str, said: str) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 200
    assert said in words(answer.content)
    assert b"<b>x</b>" not in answer.content


@pytest.mark.parametrize("people", [0, 2])
def test_a_foreign_number_is_spaced_and_not_to_be_called_back(client: Client, people: int) -> None:
    for person in range(people):
        file_report(person, "+447700900123")
    page = words(ask(client, "+447700900123").content)
    assert "Bạn đã hỏi +44 7700 900123" in page
    assert "Đây là số nước ngoài. Đừng gọi lại." in page
    assert ("Đã có người báo, chưa xác minh" in page) == (people == 2)


def test_several_numbers_become_buttons(client: Client) -> None:
    page = ask(client, f"{NUMBER} / 0550000456").content.decode()
    assert "Bạn hỏi số nào?" in page
    assert f'name="number" value="{KEY}">0550 000 123' in page
    assert 'value="+84550000456">0550 000 456' in page


def test_a_number_one_digit_from_the_hotline_is_said_and_never_repaired(client: Client) -> None:
    reference_data.load_offices()
    page = words(ask(client, "0373.725.725").content)
    assert "Chưa đủ tin về số này" in page
    assert "0373 725 725" in page
    assert "khác một chữ số với 02373.725.725" in page
    assert "Trang không tự sửa số" in page
    assert page.index("Gần giống số của cơ quan") < page.index("Chưa đủ tin về số này")


@pytest.mark.parametrize("typed", ["02373.725.726", "0237.725.725", "023737 25 7255"])
def test_any_office_has_neighbours(typed: str) -> None:
    reference_data.load_offices()
    assert [near.number for near in look_up(typed).near] == ["02373.725.725"]


def test_short_numbers_have_no_neighbours() -> None:
    reference_data.load_offices()
    assert look_up("114").near == ()


def test_a_forged_number_is_shown_as_the_phone_showed_it(client: Client) -> None:
    page = words(ask(client, "+84069 234 5678").content)
    assert "Bạn đã hỏi +84069 234 5678" in page
    assert "0692" not in page


def test_every_flag_of_the_reader_has_a_public_sentence() -> None:
    said = {*lookup.ODD, *lookup.HOW_PARSED, *lookup.UNEXPLAINED}
    assert said == set(phones.FLAG_REASONS_VI)


# --- who counts


@pytest.mark.parametrize(
    ("verb", "fields"),
    [("junk", {"status": "junk"}), ("withdrawn", {"status": "withdrawn"}),
     ("not a scam", {"status": "closed", "outcome": "not_scam"}),
     ("duplicate", {"status": "closed", "outcome": "duplicate"})],
)  # fmt: skip
def test_what_an_officer_took_away_does_not_count(verb: str, fields: dict[str, str]) -> None:
    file_report(0)
    Case.objects.filter(report=file_report(1)).update(**fields)
    assert look_up().state == VerdictKind.UNKNOWN, verb


def test_who_wishes_to_withdraw_does_not_count() -> None:
    file_report(0)
    Followup.objects.create(
        report=file_report(1), kind="withdrawal", submission_key="k" * 16, content_digest=b"d"
    )
    assert look_up().state == VerdictKind.UNKNOWN


@pytest.mark.parametrize("flag", ["too_fast", "trap_filled"])
def test_what_a_machine_may_have_sent_waits_for_an_officer(flag: str) -> None:
    file_report(0)
    suspected = file_report(1, flags=(flag,))
    assert look_up().state == VerdictKind.UNKNOWN
    Case.objects.filter(report=suspected).update(status="in_review")
    assert look_up().state == VerdictKind.SEVERAL


@pytest.mark.parametrize("flag", ["contact_unread", "contact_doubtful", "contact_is_caller"])
def test_a_contact_that_is_no_number_tells_nobody_apart(flag: str) -> None:
    file_report(0)
    file_report(1, contact="người đi đường", flags=(flag,))
    assert look_up().state == VerdictKind.UNKNOWN


def test_one_contact_in_two_spellings_is_one_person() -> None:
    file_report(0, contact="0550 000 111")
    file_report(1, contact="+84550000111")
    assert look_up().state == VerdictKind.UNKNOWN


def test_a_number_in_a_story_is_not_a_caller() -> None:
    for number in range(2):
        report_factories.number(report_factories.report(STORIES[number], contact=f"055000010{number}"), KEY,
                        place="story")  # fmt: skip
    assert look_up().state == VerdictKind.UNKNOWN


def day(number: int) -> time_machine.travel:
    """The morning of a day, counted from some first one."""
    return time_machine.travel(datetime(2026, 11, 1, 8, tzinfo=HERE) + timedelta(days=number))


def test_what_is_older_than_sixty_days_is_over() -> None:
    with day(0):
        file_report(0), file_report(1)
    with day(59):
        assert look_up().state == VerdictKind.SEVERAL
    with day(60):
        assert look_up().state == VerdictKind.UNKNOWN


def told_on(days: Iterable[int]) -> None:
    """One more person on each of these days."""
    for number, on in enumerate(days):
        received(file_report(number), on)


def received(report: Report, on: int) -> None:
    """Move a report to a day, those of several people apart."""
    noon = datetime(2026, 11, 1, 12, tzinfo=HERE) + timedelta(days=on)
    sent(report, noon + APART * Report.objects.count())


@pytest.mark.parametrize("days", [(0, 40), (0, 0, 25), (3, 10, 50, 59), (5, 5)])
def test_it_goes_on_the_very_day_that_is_said(days: tuple[int, ...]) -> None:
    told_on(days)
    with day(max(days)):
        until = look_up().heard.until
    assert until == date(2026, 11, 1) + timedelta(days=sorted(days)[-2] + 60)
    goes = sorted(days)[-2] + 60
    with day(goes - 1):
        assert (look_up().state, look_up().heard.until) == (VerdictKind.SEVERAL, until)
    with day(goes):
        assert look_up().state == VerdictKind.UNKNOWN


def test_the_last_day_is_one_of_the_people_who_count() -> None:
    reference_data.load_communes()
    told_on([0, 5])
    received(file_report(2, contact="", commune_id="phuong_hac_thanh"), 20)  # may be either of them
    with day(21):
        assert look_up().heard.last == date(2026, 11, 6)
    received(file_report(3, contact="0550 111 001"), 12)
    with day(21):
        assert (look_up().heard.people, look_up().heard.last) == (2, date(2026, 11, 13))


def test_the_number_of_a_caller_told_later_counts() -> None:
    file_report(0)
    Indicator.objects.filter(report=file_report(1)).update(place="later")
    assert look_up().state == VerdictKind.SEVERAL


def test_what_a_machine_sends_hides_nobody() -> None:
    file_report(0), file_report(1)
    robot = [report_factories.report("Tin rác", flags=("trap_filled",)) for _ in range(2)]
    named = {"kind": "number", "place": "caller", "key": KEY}
    Indicator.objects.bulk_create(Indicator(report=robot[n % 2], **named) for n in range(400))
    assert look_up().heard.people == 2


def test_whom_they_claim_to_be_is_said_when_two_say_the_same() -> None:
    file_report(0, claimed_office="bank")
    file_report(1, claimed_office="police")
    assert look_up().heard.claimed == ""
    file_report(2, claimed_office="bank")
    assert look_up().heard.claimed == "Ngân hàng"


def get_sentences(*numbers: int) -> None:
    """Two people each for some numbers that begin as NUMBER does."""
    for number in numbers:
        file_report(0, f"+84550000{number}"), file_report(1, f"+84550000{number}")


def test_neighbours_are_told_of_when_three_of_them_are_said_themselves(client: Client) -> None:
    get_sentences(120, 121)
    file_report(0, "+84550000122")
    assert not look_up("0550000155").alike
    file_report(1, "+84550000122")
    assert look_up("0550000155").alike
    assert not look_up("0550001120").alike
    assert not look_up("0550000122").alike  # itself is none of the others
    page = words(ask(client, "0550000155").content)
    assert "Nhiều số gần giống cũng bị báo" in page


def test_own_reports_never_change_what_is_said_of_the_neighbours(client: Client) -> None:
    file_report(0, "+84550000122")
    get_sentences(120, 121)
    for number in range(3):
        file_report(2, f"+8455000013{number}")
    reported, silent = ask(client, "0550000122").content, ask(client, "0550000155").content
    assert reported.replace(b"0550 000 122", b"") == silent.replace(b"0550 000 155", b"")


def test_a_cleared_neighbour_or_an_offices_is_not_counted(duty: Person, lead: Person) -> None:
    get_sentences(120, 121, 122)
    finding = add_finding(duty, lead, key="+84550000122", finding="cleared")
    assert not look_up("0550000155").alike
    NumberFinding.objects.filter(pk=finding.pk).update(finding="confirmed")
    assert look_up("0550000155").alike


def test_who_was_cleared_is_only_told_of_what_came_after(duty: Person, lead: Person) -> None:
    file_report(4), file_report(5)
    add_finding(duty, lead, finding="cleared", confirmed_at=timezone.now() - 3 * APART)
    assert look_up().state == VerdictKind.UNKNOWN
    file_report(0), file_report(1)
    assert look_up().state == VerdictKind.SEVERAL


# --- who writes much


def flood(count: int, **fields: Any) -> None:
    """Newer reports of the number, each under a contact of its own where it has one."""
    rows = [
        Report(submission_key=f"flood-{n:012}", content_digest=b"d", public_number=f"F{n}",
               **{name: each(n) if callable(each) else each for name, each in fields.items()})
        for n in range(count)
    ]  # fmt: skip
    Report.objects.bulk_create(rows)
    named = {"kind": "number", "place": "caller", "key": KEY}
    Indicator.objects.bulk_create(Indicator(report=row, **named) for row in rows)


@pytest.mark.parametrize(
    "fields",
    [
        {"story": "x"},
        {"story": "một lời kể dài hơn năm chữ"},
        {"contact_index": b"one", "story": "một lời kể dài hơn năm chữ"},
        {"contact_index": lambda n: b"%d" % n, "story": "x"},
        {"contact_index": lambda n: b"%d" % n, "story": "một lời kể dài hơn năm chữ"},
    ],
)
def test_nobody_removes_a_warning_with_many_posts(fields: dict[str, Any]) -> None:
    file_report(4), file_report(5)
    flood(400, **fields)
    assert look_up().state == VerdictKind.SEVERAL


def test_two_long_lists_smear_nobody() -> None:
    reports = file_report(0), file_report(1)
    for number in range(2):
        report_factories.number(reports[0], f"+8455000090{number}")
    assert look_up().state == VerdictKind.SEVERAL
    report_factories.number(reports[0], "+84550000902", place="later")
    assert look_up().state == VerdictKind.UNKNOWN


# --- closed and quick


def test_a_look_takes_six_statements_whatever_is_found(
    django_assert_num_queries: DjangoAssertNumQueries, duty: Person, lead: Person
) -> None:
    reference_data.load_offices()
    for number in ("0550000124", "số ẩn", "02373.725.725", "113"):
        with django_assert_num_queries(6):
            look_up(number)
    add_finding(duty, lead)
    for number in range(4):
        file_report(number)
    with django_assert_num_queries(6):
        look_up()


NAMED = 'FROM "reports_indicator"'


def plan(cursor: Any, statement: str) -> str:
    cursor.execute(f"EXPLAIN {statement}")
    return "\n".join(row[0] for row in cursor.fetchall())


def test_among_thousands_the_indexes_answer() -> None:
    rows = [
        Report(submission_key=f"many-{n:012}", content_digest=b"d", public_number=f"M{n}")
        for n in range(3000)
    ]
    Report.objects.bulk_create(rows)
    Indicator.objects.bulk_create(
        Indicator(report=row, kind="number", place="caller", key=f"+84{550000000 + n * 997}")
        for n, row in enumerate(rows * 2)
    )
    with CaptureQueriesContext(connection) as seen, connection.cursor() as cursor:
        cursor.execute("ANALYZE reports_report, reports_indicator")
        look_up()
        asked = [query["sql"] for query in seen.captured_queries]
        own = plan(
            cursor, next(sql for sql in asked if f"\"key\" = '{KEY}'" in sql and NAMED in sql)
        )
        alike = plan(
            cursor, next(sql for sql in asked if "LIKE '+84550000%'" in sql and NAMED in sql)
        )
    assert len(re.findall(r"Index Scan (?:using|on) indicator_", own)) == 1
    assert "indicator_range" in alike
    assert "Seq Scan on reports_indicator" not in own + alike


def test_the_number_stays_out_of_address_log_and_cache(
    client: Client, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = ask(client)
    assert "no-store" in answer["Cache-Control"]
    assert "Location" not in answer
    assert not answer.cookies
    assert "Vary" not in answer or "Cookie" not in answer["Vary"]
    logged = caplog.text + "".join(capsys.readouterr())
    assert NUMBER not in logged
    assert KEY not in logged
    assert KEY.encode() not in client.get(CHECK, {"number": NUMBER}).content


def test_nothing_is_written(client: Client, django_assert_num_queries: Any) -> None:
    ask(client)
    with django_assert_num_queries(6) as seen:  # what officers have confirmed is kept a minute
        ask(client)
    said = [query["sql"].split(maxsplit=1)[0] for query in seen.captured_queries]
    assert set(said) == {"SELECT", "WITH"}


@pytest.mark.parametrize("typed", ["", "   ", "9" * 5000])
def test_an_empty_or_endless_field_is_answered(client: Client, typed: str) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert len(answer.content) < 40_000


def test_a_foreign_page_cannot_ask(client: Client) -> None:
    answer = client.post(CHECK, {"number": NUMBER}, headers={"Origin": "https://ke-gian.example"})
    assert answer.status_code == 403
    assert value(answer.content, "number") == NUMBER


def test_who_asks_without_end_is_asked_to_wait_and_told_what_to_do(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "consume", lambda name, _: name != "check")
    answer = ask(client)
    assert answer.status_code == 429
    assert "Chờ 10 phút" in words(answer.content)
    assert "cúp máy" in words(answer.content)
    assert value(answer.content, "number") == NUMBER


@pytest.mark.usefixtures("enforced")
def test_only_a_look_up_takes_from_the_window(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rate_limits.WINDOWS, "check", RateLimitItemPerMinute(1, 10))
    for typed in ("", "9" * 5000, f"{NUMBER} 0550000124"):
        assert ask(client, typed).status_code in {200, 422}
    assert [ask(client).status_code for _ in range(2)] == [200, 429]


def test_without_a_database_the_number_stays_typed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(lookup, "lookup_number", broken)
    answer = ask(client)
    assert answer.status_code == 503
    assert value(answer.content, "number") == NUMBER


def test_the_report_page_takes_the_number_over_without_an_address(client: Client) -> None:
    page = ask(client).content
    answer = client.post("/bao-cao/", {"prefill_number": hidden_of(page)["prefill_number"]})
    assert answer.status_code == 200
    assert value(answer.content, "caller_number") == "0550 000 123"
    assert "no-store" in answer["Cache-Control"]
    assert not Report.objects.exists()


@pytest.mark.parametrize("number", [NUMBER, "02373.725.725", "+84069 234 5678"])
def test_the_page_is_light(client: Client, number: str, duty: Person, lead: Person) -> None:
    reference_data.load_offices()
    add_finding(duty, lead)
    for person in range(4):
        file_report(person, claimed_office="bank")
    answer = client.post(CHECK, {"number": number}, headers={"Accept-Encoding": "gzip"})
    sheet = client.get("/static/css/portal.css", headers={"Accept-Encoding": "gzip"})
    assert len(answer.getvalue()) + len(sheet.getvalue()) <= 12_000
