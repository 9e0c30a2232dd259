"""The offices that callers pose as: their pages, and the rows behind them."""

from datetime import date

import pytest
from django.test import Client
from lxml import html

from portal.management import reference_data
from reports.extraction import phones
from reports.models import BankHotline, Office, OfficeNumber, PublicStatistics
from reports.numbers import lookup
from reports.public import office_texts
from reports.reference import confirmed_statements
from tests.support import alert_factories, report_factories
from tests.support.raw_statistics import count_a_week_later
from tests.support.resident_pages import words

LIST = "/co-quan/"
POLICE = f"{LIST}cong-an-tinh/"
BANKS = f"{LIST}ngan-hang/"
OF_AN_OFFICE = (
    "hay xưng là nơi này", "Nơi thật khác ở chỗ", "làm trái điều này", "Số đã công bố",
    "chưa đối chiếu số nào",
)  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows() -> None:
    reference_data.load_offices()


def test_all_institutions_stand_under_a_heading(client: Client) -> None:
    page = client.get(LIST)
    links = html.document_fromstring(page.content).xpath("//ul[@class='office-list']//a/@href")
    assert len(links) == len(set(links)) == Office.objects.count()
    assert "Nơi khác" not in words(page.content).split("Không thấy nơi")[0].split("Nơi khác, ")[0]


def test_one_that_an_officer_adds_stands_there_too(client: Client) -> None:
    Office.objects.create(codename="buu-cuc-moi", name="Bưu cục mới")
    assert "Nơi khác Bưu cục mới" in words(client.get(LIST).content)
    assert client.get(f"{LIST}buu-cuc-moi/").status_code == 200


def test_every_institution_has_a_page_in_both_languages(client: Client) -> None:
    for office in Office.objects.all():
        page = words(client.get(f"{LIST}{office.pk}/").content)
        english = words(client.get(f"/en{LIST}{office.pk}/").content)
        assert office.name in page
        assert office.never_by_phone in page
        assert all(line in page for line in office.claims.splitlines())
        assert office.name_en in english
        assert office.never_by_phone_en in english
        assert all(line in english for line in office.claims_en.splitlines())


def test_only_numbers_that_were_compared_are_shown_and_looked_up(client: Client) -> None:
    assert sorted(OfficeNumber.objects.values_list("number", flat=True)) == ["02373.725.725", "113"]
    for number in OfficeNumber.objects.all():
        assert lookup.lookup_key(phones.parse(number.number)) == number.key
    page = client.get(POLICE).content.decode()
    assert 'href="tel:02373725725"' in page
    assert "140/CAT-PV01" in page
    assert "chưa đối chiếu số nào" in words(client.get(f"{LIST}dien-luc/").content)


def test_how_many_say_so_is_a_figure_of_the_last_count(client: Client) -> None:
    for _ in range(5):
        report_factories.report(claimed_office="bank")
    assert "tin báo nói" not in words(client.get(BANKS).content)
    sunday = count_a_week_later().through
    report_factories.report(claimed_office="bank")
    day = f"{date.fromisoformat(sunday):%d/%m/%Y}"
    sentence = f"Trong 26 tuần tính đến hết ngày {day}, 5 tin báo nói họ xưng là: Ngân hàng."
    assert sentence in words(client.get(BANKS).content)
    assert "tin báo nói" not in words(client.get(f"{LIST}bao-chi/").content)


def test_a_count_that_covers_several_offices_stands_on_the_page_of_none(client: Client) -> None:
    for _ in range(5):
        report_factories.report(claimed_office="police")
    assert count_a_week_later().claims["police"] == 5
    for office in ("cong-an-tinh", "bo-cong-an", "cong-an-xa-phuong", "canh-sat-giao-thong"):
        assert "tin báo nói" not in words(client.get(f"{LIST}{office}/").content)


def test_what_the_figures_hide_or_did_not_count_no_office_tells(client: Client) -> None:
    PublicStatistics.objects.create(figures={"through": "2026-11-22", "total": 50})
    assert "tin báo nói" not in words(client.get(POLICE).content)
    for office in ("police",) * 4 + ("bank",) * 9:
        report_factories.report(claimed_office=office)
    count_a_week_later()
    assert "tin báo nói" not in words(client.get(POLICE).content)


@pytest.mark.parametrize("slug", ["khong-co", "x" * 64])
def test_an_unknown_institution_is_not_found(client: Client, slug: str) -> None:
    assert client.get(f"{LIST}{slug}/").status_code == 404


def test_what_officers_wrote_stays_when_rows_are_loaded_again() -> None:
    Office.objects.filter(pk="dien-luc").update(claims="Lời mới.", never_by_phone="Không gọi.")
    Office.objects.filter(pk="dien-luc").update(claims_en="", never_by_phone_en="")
    OfficeNumber.objects.filter(number="113").delete()
    reference_data.load_offices()
    row = Office.objects.get(pk="dien-luc")
    assert (row.claims, row.never_by_phone) == ("Lời mới.", "Không gọi.")
    assert (row.claims_en, row.never_by_phone_en) == ("", "")
    assert not OfficeNumber.objects.filter(number="113").exists()


def test_the_groups_of_the_data_file_leave_nobody_out() -> None:
    groups = office_texts.group_by_kind(Office.objects.all())
    assert all(group.name for group in groups)


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("nguoi-than-cap-tren", "Tự bấm số cũ bạn vẫn lưu của người đó"),
        ("khac", "Xem họ đòi gì, đừng xem họ là ai"),
        ("chung-khoan-dau-tu", "Đừng gọi số họ cho"),
        ("luat-su-lay-lai-tien", "Đừng gọi số họ cho"),
        ("tuyen-dung", "Đừng gọi số họ cho"),
    ],
)
def test_who_is_no_office_is_not_spoken_of_as_one(client: Client, slug: str, sentence: str) -> None:
    page = words(client.get(f"{LIST}{slug}/").content)
    assert [each for each in OF_AN_OFFICE if each in page] == []
    assert sentence in page


def test_who_looks_for_their_bank_is_sent_to_the_card_and_to_no_other_number(
    client: Client,
) -> None:
    page = client.get(BANKS).content
    section = html.document_fromstring(page).xpath("//section[@aria-labelledby='numbers']")[0]
    text = " ".join(section.text_content().split())
    assert "Số in ở mặt sau thẻ, trên sổ, hoặc ra quầy. Đừng tìm số trên mạng." in text
    assert "02373" not in text
    BankHotline.objects.create(
        name="Vietcombank", number="1900 000 111", source="mặt sau thẻ", verified_on="2026-11-05"
    )
    confirmed_statements.clear_cache()
    page = client.get(BANKS).content
    assert b'href="tel:1900000111"' in page
    assert "Ngân hàng khác: số in ở mặt sau thẻ" in words(page)


def warning(slug: str, **text: object) -> None:
    """A warning in force about nobody in particular unless *text* says so."""
    alert_factories.issued(slug, **{"offices": [], "scenario": "other_impersonation"} | text)


def warned_of(client: Client, office: str) -> list[str]:
    page = html.document_fromstring(client.get(f"{LIST}{office}/").content)
    return [str(each) for each in page.xpath("//h2[@id='current-warning']/a/@href")]


def test_an_office_shows_the_warnings_about_itself_alone(client: Client) -> None:
    warning("ve-cong-an", scenario="police_case")
    assert warned_of(client, "bo-cong-an") == ["/canh-bao/ve-cong-an/"]
    assert warned_of(client, "dien-luc") == []
    warning("ve-dien", offices=[Office.objects.get(pk="dien-luc")])
    assert warned_of(client, "dien-luc") == ["/canh-bao/ve-dien/"]
    assert warned_of(client, "bo-cong-an") == ["/canh-bao/ve-cong-an/"]


def test_a_warning_about_no_office_is_called_general(client: Client) -> None:
    warning("chung")
    assert warned_of(client, "dien-luc") == ["/canh-bao/chung/"]
    general = "Cảnh báo chung cả tỉnh, không riêng nơi này."
    assert general in words(client.get(f"{LIST}dien-luc/").content)
    warning("ve-dien", scenario="electricity_evn")
    assert warned_of(client, "dien-luc") == ["/canh-bao/ve-dien/"]
    assert general not in words(client.get(f"{LIST}dien-luc/").content)
    warning("mot-xa", communes=[alert_factories.commune()])
    assert warned_of(client, "toa-an") == ["/canh-bao/chung/"]
