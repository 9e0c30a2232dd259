"""Pages to read: light, closed, the same everywhere; on the call, the training, personal data."""

import base64
import hashlib
import re
from datetime import date
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client
from lxml import html
from pytest_django import Settings

from alerts.models import AlertRevision
from reports.models import BankHotline, PublicStatement
from reports.public import training_scenarios
from reports.public.training_scenarios import Answer
from tests.support.alert_factories import issued
from tests.support.language import vietnamese_words
from tests.support.public_urls import public_paths
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import RECEIPT, REPORT, words

NOW = "/dang-bi-goi/"
QUIZ, CALL = "/that-hay-gia/", "/that-hay-gia/mot-cuoc-goi/"
GENUINE, DATA = "/cong-that/", "/rieng-tu/"
PAGES = [
    "/", NOW, REPORT, RECEIPT, "/theo-doi/", "/khong-co-trang-nay/", "/thong-ke/", "/tim/",
    QUIZ, CALL, GENUINE, DATA, "/ai-cung-dung-duoc/",
]  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_bones_help_and_promise_calls_nothing_safe_and_no_link_leads_nowhere(
    client: Client, path: str
) -> None:
    page = client.get(path).content
    assert "an toàn" not in words(page).replace("“tài khoản an toàn”", "")
    tree = html.document_fromstring(page)
    assert tree.get("lang") == "vi"
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//a[@class='skip']/@href") == ["#main"]
    assert len(tree.xpath("//main[@id='main']")) == 1
    assert tree.xpath("//header//*[@class='help']/a/@href") == ["tel:113", "tel:02373725725"]
    names = "//link[@rel='canonical' or @rel='alternate']/@href"
    told = [at for at in tree.xpath("//@href | //@src | //@action") if "//" in at]
    assert told == tree.xpath(names)
    promise = "Không cán bộ nào của trang này gọi điện đòi tiền, hỏi mã OTP hay bảo cài ứng dụng."
    assert promise in tree.xpath("//footer")[0].text_content()
    links = {a.split("?")[0] for a in tree.xpath("//a/@href") if a.startswith("/")}
    assert [link for link in links if client.get(link).status_code != 200] == []


def test_home_opens_its_doors(client: Client) -> None:
    tree = html.document_fromstring(client.get("/").content)
    doors = ["/dang-bi-goi/", "/that-hay-gia/", "/bao-cao/"]
    assert tree.xpath("//a[contains(@class,'entry-card')]/@href") == doors


def test_home_without_a_database_still_opens_its_doors(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AlertRevision.objects, "in_force", Mock(side_effect=OperationalError))
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Họ đang gọi tôi" in words(answer.content)


@pytest.mark.parametrize("path", [NOW, f"/en{NOW}"])
def test_it_is_one_request_and_its_policy_lets_in_its_own_style_alone(
    client: Client, path: str
) -> None:
    answer = client.get(path)
    tree = html.document_fromstring(answer.content)
    assert not tree.xpath("//script | //img | //iframe | //object | //link[@rel='stylesheet']")
    assert tree.xpath("//link[@rel='icon']/@href") == ["data:,"]
    (style,) = tree.xpath("//style/text()")
    assert "url(" not in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    directives = answer.headers["Content-Security-Policy"].split("; ")
    policy = dict(directive.split(" ", 1) for directive in directives)
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert policy["form-action"] == "'self'"
    assert not {"script-src", "connect-src"} & policy.keys()


@pytest.fixture
def _without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = "django.db.backends.base.base.BaseDatabaseWrapper.cursor"
    monkeypatch.setattr(cursor, Mock(side_effect=OperationalError))


@pytest.mark.usefixtures("_without_a_database")
def test_it_stands_without_a_database(client: Client) -> None:
    answer = client.get(NOW)
    assert answer.status_code == 200
    assert "Cúp máy ngay. Bấm nút đỏ trên màn hình cuộc gọi." in words(answer.content)


FIGURES, OFFICES = "/thong-ke/", "/co-quan/"


@pytest.mark.usefixtures("_without_a_database")
@pytest.mark.parametrize(
    "path", [FIGURES, f"/en{FIGURES}", f"{FIGURES}so-lieu.csv", OFFICES, f"{OFFICES}cong-an-tinh/"]
)
def test_what_needs_the_database_is_a_clear_page_without_it(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 503
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.usefixtures("reference_rows")
@pytest.mark.parametrize("codename", ["no_fine", "never_by_phone", "summons", "not_blamed"])
def test_a_sentence_waits_until_it_is_confirmed(client: Client, codename: str) -> None:
    sentence = PublicStatement.objects.get(pk=codename).text
    assert sentence not in words(client.get(NOW).content)
    assert confirm_statement(codename).text in words(client.get(NOW).content)


@pytest.mark.usefixtures("reference_rows")
def test_a_confirmed_sentence_is_said_in_english_on_the_english_page(client: Client) -> None:
    confirm_statement("no_fine")
    assert "You will not be fined for hanging up." in words(client.get("/en/dang-bi-goi/").content)


def test_without_verified_numbers_the_back_of_the_card_has_the_banks(client: Client) -> None:
    tree = html.document_fromstring(client.get(NOW).content)
    assert not tree.xpath("//details")
    rung = set(tree.xpath("//main//a[starts-with(@href,'tel:')]/@href"))
    assert rung == {"tel:113", "tel:02373725725"}
    assert "Số ở mặt sau thẻ hoặc trên sổ." in tree.text_content()


def test_a_verified_number_of_a_bank_is_there_to_ring(client: Client) -> None:
    verified = {"source": "thẻ", "verified_on": date(2026, 11, 24)}
    BankHotline.objects.create(name="Mẫu", number="0550 000 199", **verified)
    tree = html.document_fromstring(client.get(NOW).content)
    assert tree.xpath("//details//a/@href") == ["tel:0550000199"]
    assert "đối chiếu 24/11/2026" in tree.text_content()


def test_the_five_questions_travel_to_the_report_by_get(client: Client) -> None:
    form = html.document_fromstring(client.get("/en/dang-bi-goi/").content).forms[0]
    assert (form.method, form.action) == ("GET", "/en/bao-cao/")
    ticks = {"threat", "isolation", "money", "secrets", "software", "happening_now"}
    assert set(form.inputs.keys()) == ticks


def test_each_answer_is_the_right_one_of_some_situation_and_doubt_is_never_wrong() -> None:
    assert {situation.answer for situation in training_scenarios.SITUATIONS} == set(Answer)
    for situation in training_scenarios.SITUATIONS:
        replies = {choice.value: choice.reply for choice in situation.choices()}
        assert replies.pop(situation.answer) == "correct"
        assert replies.pop("unsure", "unsure") == "unsure"
        assert set(replies.values()) == {"mistaken"}


def test_each_situation_stands_with_three_answers_and_its_sign(client: Client) -> None:
    tree = html.document_fromstring(client.get(QUIZ).content)
    fieldsets = tree.xpath("//*[@aria-labelledby='quiz']//fieldset")
    assert len(fieldsets) == len(training_scenarios.SITUATIONS)
    for fieldset, situation in zip(fieldsets, training_scenarios.SITUATIONS, strict=True):
        assert fieldset.xpath(".//input/@value") == ["fake", "genuine", "unsure"]
        assert str(situation.sign) in fieldset.text_content()


def test_the_quiz_sends_nothing_and_counts_no_points(client: Client) -> None:
    tree = html.document_fromstring(client.get(QUIZ).content)
    assert not tree.xpath("//*[@aria-labelledby='quiz']//*[self::form or self::button]")
    assert not tree.xpath("//main//form//input[starts-with(@name, 'case-')]")


STAGES = ["Bắt chuyện.", "Chuyền máy.", "Ra oai.", "Dọa.", "Tách bạn ra.", "Đòi tiền.", "Ép thêm."]


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (NOW, ["Cúp máy ngay. Bấm nút đỏ trên màn hình cuộc gọi.", "Họ có làm một trong năm việc"]),
        (CALL, ["Chuyện dựng lại", *STAGES, "Lối ra."]),
        (DATA, ["Ai giữ", "Để làm gì", "Giữ bao lâu", "Trang nhận những gì"]),
    ],
    ids=["on the call", "the call told", "personal data"],
)
def test_a_page_tells_in_the_right_order(client: Client, path: str, lines: list[str]) -> None:
    page = words(client.get(path).content)
    places = [page.index(line) for line in lines]
    assert places == sorted(places)


@pytest.mark.parametrize("path", [QUIZ, CALL])
def test_a_lesson_names_no_number_that_somebody_may_own(client: Client, path: str) -> None:
    main = html.document_fromstring(client.get(path).content).xpath("//main")[0]
    text = main.text_content().replace("02373.725.725", "").replace("127.0.0.1", "")
    assert set(re.findall(r"\d[\d .]{7,}\d", text)) <= {"0550 000 147"}


def test_the_portal_says_its_own_address(client: Client, settings: Settings) -> None:
    settings.PORTAL_URL = "https://baolua.example:8443"
    assert "baolua.example:8443" in words(client.get(GENUINE).content)


@pytest.mark.usefixtures("reference_rows")
def test_a_period_is_named_with_its_figure_once_it_is_confirmed(client: Client) -> None:
    page = words(client.get(DATA).content)
    assert "Công an tỉnh đang định thời hạn." in page
    assert not re.search(r"\d+ (ngày|tháng)", page)
    confirm_statement("keep_contact")
    page = words(client.get(DATA).content)
    assert "Số của bạn: 90 ngày sau khi xử lý xong." in page
    assert "đang định thời hạn" not in page


def test_the_page_on_personal_data_speaks_of_zalo_where_it_is_on_alone(
    client: Client, settings: Settings
) -> None:
    settings.ZALO_URL = "https://1:s@openapi.zalo.me/?webhook_secret=w&refresh_token=r"
    pages = {path: client.get(path).content for path in (DATA, f"/en{DATA}")}
    assert "Mã người dùng Zalo, chỉ để trả lời, được khóa; trả lời xong là xóa." in words(
        pages[DATA]
    )
    assert "không gửi cho dịch vụ nào bên ngoài" not in words(pages[DATA])
    assert "Zalo" in words(pages[f"/en{DATA}"])
    assert vietnamese_words(pages[f"/en{DATA}"]) == []
    settings.ZALO_URL = ""
    assert [path for path in pages if "Zalo" in words(client.get(path).content)] == []


ENGLISH = [path for path in public_paths() if path.startswith("/en/")]


def test_the_walk_finds_the_english_pages() -> None:
    assert {"/en/", "/en/dang-bi-goi/", "/en/rieng-tu/", "/en/bao-cao/"} <= set(ENGLISH)


def test_the_reader_of_this_test_knows_vietnamese() -> None:
    assert vietnamese_words("<p>Hang up</p><p>Cúp máy</p><p>Thanh Hóa</p>".encode()) == ["Cúp máy"]
    assert vietnamese_words('<p lang="vi">Cúp máy</p><i title="Ảnh">x</i>'.encode()) == ["Ảnh"]


@pytest.mark.usefixtures("reference_rows")
def test_an_english_page_speaks_no_vietnamese(client: Client) -> None:
    for path in (*ENGLISH, "/en/khong-co/"):
        answer = client.get(path)
        if answer.headers["Content-Type"].startswith("text/html") and answer.content:
            assert vietnamese_words(answer.content) == [], path


def test_an_english_home_says_that_its_warning_is_vietnamese(client: Client) -> None:
    issued(title="Giả điện lực, dọa cắt điện")
    page = client.get("/en/").content
    card = html.document_fromstring(page).xpath("//*[@aria-labelledby='current-warning']")[0]
    title = card.xpath(".//h2/a")[0]
    assert "This warning is only in Vietnamese so far." in card.text_content()
    assert (title.get("lang"), title.get("href")) == ("vi", "/en/canh-bao/gia-dien-luc/")
    assert vietnamese_words(page) == []


def test_the_page_for_who_is_on_the_call_links_no_picture_that_its_policy_refuses(
    client: Client,
) -> None:
    page = html.document_fromstring(client.get("/dang-bi-goi/").content)
    assert page.xpath("//head/link[contains(@rel, 'icon')]/@href") == ["data:,"]
