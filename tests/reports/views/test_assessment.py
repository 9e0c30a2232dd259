"""The page "real or fake": what it answers, what it keeps to itself, what it carries to a report."""

import logging
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from lxml import html
from pytest_django import DjangoAssertNumQueries

from core import rate_limits
from portal.management import reference_data
from reports.models import Case, Indicator, Office, Report
from tests.support.alert_factories import issued
from tests.support.language import vietnamese_words
from tests.support.number_factories import add_finding, file_report
from tests.support.resident_pages import FOREIGN_ORIGIN, checked, value, words

pytestmark = pytest.mark.django_db

PAGE = "/that-hay-gia/"
POLICE = "Có người xưng công an tỉnh bảo tôi dính vụ án, phải chuyển 50 triệu và giữ kín."
ACCOUNT = "0992000456789"


def ask(client: Client, story: str = "", path: str = PAGE, **fields: Any) -> Any:
    return client.post(path, {"story": story, **fields})


def file_account(number: int, status: str = "crime_report") -> Report:
    """File a report of its own person that names the account, as an officer has judged it."""
    subject = file_report(number, key=f"+8499200{number:04}")
    Indicator.objects.create(
        report=subject, kind="account", source="story", raw=ACCOUNT, key=ACCOUNT
    )
    Case.objects.filter(report=subject).update(status=status)
    return subject


# --- the answer


def test_a_plain_scam_is_called_so_with_its_signs(client: Client) -> None:
    reference_data.load_offices()
    page = words(ask(client, POLICE).content)
    assert "Có dấu hiệu lừa đảo rõ. Cúp máy, đừng làm theo." in page
    assert "Đòi chuyển tiền, rút tiền: “phải chuyển 50 triệu”" in page
    assert "Giống kiểu lừa: Giả danh công an báo dính vụ án." in page
    assert "Không gọi điện đòi chuyển tiền, không hỏi mã OTP." in page
    assert "Gọi 02373.725.725" in page


def test_where_no_sign_is_found_nothing_is_called_safe(client: Client) -> None:
    page = words(ask(client, "cửa hàng gọi báo máy giặt sửa xong, ra lấy").content)
    assert "Chưa thấy dấu hiệu. Không có nghĩa là an toàn: hỏi lại bằng số thật." in page
    assert "Muốn hỏi người, tự bấm 02373.725.725" in page


def test_a_number_alone_is_answered_as_the_number_check_does(client: Client) -> None:
    add_finding()
    assert "Kẻ gian đã dùng số này" in words(ask(client, "0550 000 123").content)


def test_an_account_that_two_people_reported_is_told_and_one_reports_is_not(client: Client) -> None:
    file_account(0)
    assert "Chưa đủ tin để nói" in words(ask(client, ACCOUNT).content)
    file_account(1)
    page = words(ask(client, ACCOUNT).content)
    assert "Có dấu hiệu, chưa chắc. Đừng làm theo khi chưa hỏi số thật." in page
    assert "2 người không liên quan nhau đã báo" in page


def test_whoever_owns_what_is_accused_there_may_have_it_reviewed(client: Client) -> None:
    """Each of several by its own press, the digits in no address."""
    file_account(0), file_account(1)
    link = "dichvucong-thanhhoa.top"
    page = html.document_fromstring(ask(client, f"chuyển vào stk {ACCOUNT}, vào {link}").content)
    offers = page.xpath("//button[@name='prefill_number']")
    assert [each.get("value") for each in offers] == [ACCOUNT, link]
    for each in offers:
        form = next(each.iterancestors("form"))
        sent = client.post(form.action, {"prefill_number": each.get("value")})
        assert value(sent.content, "number") == each.get("value")


def test_an_account_of_reports_that_no_officer_has_judged_is_not_told(client: Client) -> None:
    """It may be a reporter's own, or named by one person twice."""
    file_account(0, "new"), file_account(1, "in_review")
    assert "Chưa đủ tin để nói" in words(ask(client, ACCOUNT).content)


def test_an_address_of_the_state_is_no_sign(client: Client) -> None:
    page = words(ask(client, "dichvucong.gov.vn").content)
    assert "Chưa thấy dấu hiệu" in page
    assert "Đuôi .gov.vn là của cơ quan nhà nước." in page


def test_who_has_lost_money_reads_first_what_to_do_and_takes_the_sum_along(client: Client) -> None:
    tree = html.document_fromstring(ask(client, "Tôi đã chuyển 35 triệu cho họ rồi").content)
    main = tree.xpath("//main")[0].text_content()
    assert main.index("Gọi ngân hàng của bạn trước.") < main.index("dấu hiệu")
    assert "Đây là tin bạn báo" not in main  # nothing has been reported yet
    assert tree.xpath("//input[@name='money_lost']/@value") == ["yes"]
    assert tree.xpath("//input[@name='money_lost_vnd']/@value") == ["35000000"]


def test_a_confirmed_number_inside_a_text_makes_it_plain(client: Client) -> None:
    add_finding()
    page = words(ask(client, "có số 0550 000 123 gọi hỏi thăm").content)
    assert "Có dấu hiệu lừa đảo rõ" in page
    assert "Công an tỉnh đã xác nhận: kẻ gian đã dùng số này." in page


def test_a_warning_in_force_stands_there_only_if_it_fits(client: Client) -> None:
    issued(title="Giả công an dọa vụ án", scenario="police_case")
    assert "Giả công an dọa vụ án" in words(ask(client, POLICE).content)
    assert "Giả công an dọa vụ án" not in words(ask(client, "trúng thưởng, đóng phí").content)


def test_a_card_number_is_not_looked_up_and_its_owner_is_told(client: Client) -> None:
    page = words(ask(client, "9704 2292 1234 5678").content)
    assert "Trong lời bạn ghi có số thẻ." in page
    assert "Bạn đã hỏi" not in page


def test_a_link_is_shown_so_that_nobody_can_press_it(client: Client) -> None:
    page = ask(client, "vào https://dichvucong-gov.top/nop").content
    tree = html.document_fromstring(page)
    assert "dichvucong-gov[.]top" in words(page)
    assert [at for at in tree.xpath("//@href") if "top" in at] == []


# --- what goes along, what stays nowhere


def test_one_press_makes_it_a_report_with_all_that_was_typed(client: Client) -> None:
    story = POLICE + " Số 0550 000 123."
    page = ask(client, story, claimed_office="police", demands=["money", "isolation"]).content
    form = html.document_fromstring(page).xpath("//form[@action='/bao-cao/']")[0]
    sent = [(each.name, each.value) for each in form.xpath(".//input | .//textarea")]
    report = client.post("/bao-cao/", {name: [v for n, v in sent if n == name] for name, _ in sent})
    assert value(report.content, "story").strip() == story
    assert value(report.content, "caller_number") == "0550 000 123"
    assert checked(report.content, "demands") == ["threat", "money", "isolation"]
    assert checked(report.content, "claimed_office") == ["police"]
    assert not Report.objects.exists()


def test_what_was_typed_stands_in_no_log_and_no_table(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(client, POLICE)
    assert "50 triệu" not in caplog.text
    assert not Report.objects.exists()


def test_an_answer_is_of_nobody_else_and_the_back_button_finds_it(client: Client) -> None:
    control = ask(client, POLICE).headers["Cache-Control"]
    assert "private" in control
    assert "no-store" not in control


def test_an_answer_costs_a_bounded_number_of_statements(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reference_data.load_offices()
    many = " ".join(f"0550 000 {number:03}, stk 0992000{number:03}456" for number in range(40))
    ask(client, POLICE + many)
    with django_assert_max_num_queries(22):
        ask(client, POLICE + many)


# --- bad input


@pytest.mark.parametrize("story", ["", "   ", "\n\n"])
def test_nothing_typed_is_asked_for_again(client: Client, story: str) -> None:
    answer = ask(client, story)
    assert answer.status_code == 422
    assert "Dán tin nhắn, ghi số, hoặc kể một câu họ nói gì." in words(answer.content)


def test_a_form_from_another_site_is_shown_again_and_loses_nothing(client: Client) -> None:
    answer = client.post(PAGE, {"story": POLICE}, headers=FOREIGN_ORIGIN)
    assert answer.status_code == 403
    assert value(answer.content, "story").strip() == POLICE


def test_who_asks_too_often_waits_and_loses_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "consume", lambda *_: False)
    answer = ask(client, POLICE)
    assert answer.status_code == 429
    assert value(answer.content, "story").strip() == POLICE


def test_of_a_long_text_the_beginning_is_read_and_that_is_said(client: Client) -> None:
    page = words(ask(client, POLICE + " vân vân" * 2000).content)
    assert "Có dấu hiệu lừa đảo rõ" in page
    assert "Trang chỉ xem 5000 ký tự đầu." in page


@pytest.mark.parametrize(("field", "sent"), [("claimed_office", "vua"), ("demands", "vàng")])
def test_a_choice_that_does_not_exist_counts_as_none(client: Client, field: str, sent: str) -> None:
    assert ask(client, POLICE, **{field: sent}).status_code == 200


def test_without_a_database_the_text_alone_is_judged(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Office.objects, "prefetch_related", Mock(side_effect=OperationalError))
    page = words(ask(client, POLICE + " số 0550 000 123").content)
    assert "Có dấu hiệu lừa đảo rõ" in page
    assert "Lúc này chưa tra được số, tài khoản, đường link." in page


def test_the_english_answer_speaks_no_vietnamese(client: Client) -> None:
    reference_data.load_offices()
    story = (
        "They said they were police, a money laundering case, keep it secret, transfer 50 million"
    )
    page = ask(client, story, path=f"/en{PAGE}").content
    assert vietnamese_words(page) == []
